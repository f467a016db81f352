#include "tests/fuzz/script.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/crypto/crypto.h"
#include "google/protobuf/util/json_util.h"

namespace trusthub::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::int64_t kClockMax = 20LL * 365 * 24 * 3600;
constexpr char kClock[] = "clock ";
constexpr char kHex[] = "=";
constexpr char kPage[] = "@page";
constexpr char kEtag[] = "@etag";

// Every text of `message` and of the messages inside, changed to what `change` gives for it.
void ChangeTexts(
    Message* message,
    const std::function<std::string(const FieldDescriptor&, const std::string&)>& change) {
  const auto* reflection = message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int size = field->is_repeated() ? reflection->FieldSize(*message, field) : 0;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) ChangeTexts(reflection->MutableMessage(message, field), change);
      for (int i = 0; i < size; ++i) {
        ChangeTexts(reflection->MutableRepeatedMessage(message, field, i), change);
      }
    } else if (field->type() == FieldDescriptor::TYPE_STRING) {
      if (!field->is_repeated()) {
        reflection->SetString(message, field,
                              change(*field, reflection->GetString(*message, field)));
      }
      for (int i = 0; i < size; ++i) {
        reflection->SetRepeatedString(
            message, field, i, change(*field, reflection->GetRepeatedString(*message, field, i)));
      }
    }
  }
}

}  // namespace

std::optional<Line> ParseLine(absl::string_view text) {
  Line line;
  if (absl::ConsumePrefix(&text, kClock)) {
    if (!absl::SimpleAtoi(text, &line.clock) || line.clock < 1 || line.clock > kClockMax) {
      return std::nullopt;
    }
    return line;
  }
  const std::vector<std::string> words = absl::StrSplit(text, absl::MaxSplits(' ', 3));
  if (words.size() != 4) return std::nullopt;
  line.method = words[0];
  line.worker = words[1];
  line.purpose = words[2];
  line.request = words[3];
  return line;
}

std::string PrintLine(const Line& line) {
  if (line.clock != 0) return absl::StrCat(kClock, line.clock);
  return absl::StrCat(line.method, " ", line.worker, " ", line.purpose, " ", line.request);
}

std::unique_ptr<Message> ParseRequest(const rpc::Method& method, absl::string_view request) {
  std::unique_ptr<Message> message(method.route.request_prototype->New());
  if (absl::ConsumePrefix(&request, kHex)) {
    const auto bytes = crypto::HexDecode(request);
    return bytes.ok() && message->ParseFromString(*bytes) ? std::move(message) : nullptr;
  }
  // protobuf's reader calls itself for each level of JSON that it skips.
  if (std::count(request.begin(), request.end(), '{') > 200 ||
      std::count(request.begin(), request.end(), '[') > 200) {
    return nullptr;
  }
  const bool read =
      google::protobuf::util::JsonStringToMessage(std::string(request), message.get()).ok();
  return read ? std::move(message) : nullptr;
}

std::string PrintRequest(const Message& request) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const bool printed = google::protobuf::util::MessageToJsonString(request, &json, options).ok();
  std::unique_ptr<Message> back(request.New());
  // Not everything survives JSON: texts that are not UTF-8, times out of range.
  if (printed && google::protobuf::util::JsonStringToMessage(json, back.get()).ok() &&
      back->SerializeAsString() == request.SerializeAsString()) {
    return json;
  }
  return absl::StrCat(kHex, crypto::HexEncode(request.SerializeAsString()));
}

std::string Names::Resolved(const std::string& text) const {
  if (text == kPage) return page_token_;
  if (text == kEtag) return etag_;
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits("/@", 1));
  std::size_t number = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &number)) return text;
  const auto names = by_collection_.find(parts[0]);
  if (names == by_collection_.end() || names->second.empty()) return text;
  return names->second[number % names->second.size()];
}

void Names::Resolve(Message* request) const {
  ChangeTexts(request,
              [this](const FieldDescriptor&, const std::string& text) { return Resolved(text); });
}

void Names::Learn(const Message& response) {
  std::unique_ptr<Message> copy(response.New());
  copy->CopyFrom(response);
  ChangeTexts(copy.get(), [this](const FieldDescriptor& field, const std::string& text) {
    if (field.name() == "etag" && !text.empty()) etag_ = text;
    const std::string collection(CollectionOf(text));
    // Agencies and workers have names that everybody knows.
    if (collection.empty() || collection == "agencies" || collection == "workers") return text;
    auto& names = by_collection_[collection];
    if (std::find(names.begin(), names.end(), text) == names.end()) names.push_back(text);
    return text;
  });
  const auto* token = response.GetDescriptor()->FindFieldByName("next_page_token");
  if (token != nullptr) page_token_ = response.GetReflection()->GetString(response, token);
}

}  // namespace trusthub::fuzz
