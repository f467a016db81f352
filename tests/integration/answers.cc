#include "tests/integration/answers.h"

#include <cctype>
#include <cstdlib>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/error/error.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"
#include "tests/e2e/eventually.h"
#include "trusthub/errors/v1/details.pb.h"
#include "trusthub/options/v1/options.pb.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::testing {
namespace {

constexpr absl::Duration kStallMax = absl::Seconds(60);

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Characters of the random part of a name.
constexpr std::size_t kRandomCharacters = 26;

// The answer type of the method that takes `request`.
const Descriptor* AnswerTypeOf(const Descriptor* request) {
  const google::protobuf::FileDescriptor* file = request->file();
  for (int s = 0; s < file->service_count(); ++s) {
    for (int m = 0; m < file->service(s)->method_count(); ++m) {
      const google::protobuf::MethodDescriptor* method = file->service(s)->method(m);
      if (method->input_type() == request) return method->output_type();
    }
  }
  std::abort();  // no method takes it: a mistake of the test
}

bool IsDisclosure(const FieldDescriptor& field) {
  return field.message_type() == types::v1::Disclosure::descriptor();
}

// Visits each message that `field` of `message` holds.
template <class Visit>
void ForEachHeld(const Message& message, const FieldDescriptor& field, Visit visit) {
  const Reflection& reflection = *message.GetReflection();
  if (!field.is_repeated()) return visit(reflection.GetMessage(message, &field));
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    visit(reflection.GetRepeatedMessage(message, &field, i));
  }
}

void CollectKinds(const Message& message, std::set<std::string>* kinds) {
  std::vector<const FieldDescriptor*> populated;
  message.GetReflection()->ListFields(message, &populated);
  for (const FieldDescriptor* field : populated) {
    if (IsDisclosure(*field)) continue;
    const options::v1::Category category =
        field->options().GetExtension(options::v1::field).category();
    if (category != options::v1::CATEGORY_OPERATIONAL &&
        category != options::v1::CATEGORY_UNSPECIFIED) {
      kinds->insert(absl::AsciiStrToLower(
          absl::StripPrefix(options::v1::Category_Name(category), "CATEGORY_")));
    }
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      ForEachHeld(message, *field, [&](const Message& held) { CollectKinds(held, kinds); });
    }
  }
}

// What the hub makes at random or by the real clock: receipts and decisions, tokens, cursors.
void CutRandom(Message* message) {
  std::vector<const FieldDescriptor*> populated;
  const Reflection& reflection = *message->GetReflection();
  reflection.ListFields(*message, &populated);
  for (const FieldDescriptor* field : populated) {
    if (IsDisclosure(*field)) {
      auto* disclosure =
          static_cast<types::v1::Disclosure*>(reflection.MutableMessage(message, field));
      disclosure->clear_receipt();
      disclosure->clear_decision();
    } else if (field->name() == "next_page_token" || field->name() == "cursor") {
      const std::string text = reflection.GetString(*message, field);
      reflection.SetString(message, field, absl::StrCat("of length ", text.size()));
    } else if (field->name() == "as_of") {
      reflection.ClearField(message, field);  // the real clock's
    }
  }
}

errors::v1::Status WireOf(const absl::Status& status) {
  errors::v1::Status wire;
  wire.ParseFromString(error::WireDetails(status));
  return wire;
}

std::vector<errors::v1::ErrorInfo> InfosOf(const absl::Status& status) {
  std::vector<errors::v1::ErrorInfo> infos;
  const auto wire = WireOf(status);
  for (const auto& detail : wire.details()) {
    errors::v1::ErrorInfo info;
    if (absl::EndsWith(detail.type_url(), "ErrorInfo") && info.ParseFromString(detail.value())) {
      infos.push_back(std::move(info));
    }
  }
  return infos;
}

bool WasStalled(const absl::Status& status) {
  const error::Reason reason = error::ReasonOf(status);
  return reason == errors::v1::ERROR_REASON_STORE_UNAVAILABLE ||
         reason == errors::v1::ERROR_REASON_AUDIT_UNAVAILABLE;
}

bool IsNameCharacter(char c) {
  return absl::ascii_islower(static_cast<unsigned char>(c)) ||
         absl::ascii_isdigit(static_cast<unsigned char>(c));
}

}  // namespace

Answer Ask(hubctl::Desk& desk, const Message& request, absl::string_view purpose,
           absl::string_view case_reference, absl::string_view service) {
  Answer answer;
  answer.response.reset(google::protobuf::MessageFactory::generated_factory()
                            ->GetPrototype(AnswerTypeOf(request.GetDescriptor()))
                            ->New());
  // A disk of a busy machine may stall for longer than a store is waited for: an honest client
  // sends the same again.
  Within(kStallMax, [&] {
    answer.status = desk.Call(request, purpose, case_reference, service, answer.response.get());
    return !WasStalled(answer.status);
  });
  if (!answer.status.ok()) answer.response.reset();
  return answer;
}

std::string DecisionOf(const Answer& answer) {
  if (answer.status.ok()) {
    const FieldDescriptor* field = answer.response->GetDescriptor()->FindFieldByName("disclosure");
    if (field == nullptr) return "";
    return static_cast<const types::v1::Disclosure&>(
               answer.response->GetReflection()->GetMessage(*answer.response, field))
        .decision();
  }
  for (const errors::v1::ErrorInfo& info : InfosOf(answer.status)) {
    const auto found = info.metadata().find("decision");
    if (found != info.metadata().end()) return found->second;
  }
  return "";
}

std::string KindsIn(const Answer& answer) {
  if (!answer.status.ok()) return error::ReasonName(error::ReasonOf(answer.status));
  std::set<std::string> kinds;
  CollectKinds(*answer.response, &kinds);
  return kinds.empty() ? "nothing" : absl::StrJoin(kinds, " ");
}

std::string Canonical::TextOf(const Answer& answer) {
  return answer.status.ok() ? TextOf(*answer.response) : TextOf(answer.status);
}

std::string Canonical::TextOf(const Message& message) {
  const std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  CutRandom(copy.get());
  std::string text;
  google::protobuf::TextFormat::PrintToString(*copy, &text);
  return WithoutNames(text);
}

std::string Canonical::TextOf(const absl::Status& status) {
  std::string text =
      absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message(), "\n");
  const errors::v1::Status wire = WireOf(status);
  for (const auto& detail : wire.details()) {
    errors::v1::ErrorInfo info;
    if (absl::EndsWith(detail.type_url(), "ErrorInfo") && info.ParseFromString(detail.value())) {
      info.mutable_metadata()->erase("decision");
      absl::StrAppend(&text, info.reason(), " ", info.metadata_size(), "\n");
    } else {
      absl::StrAppend(&text, detail.type_url(), " of length ", detail.value().size(), "\n");
    }
  }
  return WithoutNames(text);
}

// A name is a word, a slash and 26 small letters and digits.
std::string Canonical::WithoutNames(absl::string_view text) {
  std::string result;
  std::size_t copied = 0;
  for (std::size_t slash = text.find('/'); slash != absl::string_view::npos;
       slash = text.find('/', slash + 1)) {
    std::size_t end = slash + 1;
    while (end < text.size() && IsNameCharacter(text[end])) ++end;
    std::size_t begin = slash;
    while (begin > copied && std::isalpha(static_cast<unsigned char>(text[begin - 1])) != 0) {
      --begin;
    }
    if (end - slash - 1 != kRandomCharacters || begin == slash) continue;
    const std::string name(text.substr(begin, end - begin));
    auto known = names_.find(name);
    if (known == names_.end()) {
      const std::string collection(text.substr(begin, slash - begin));
      known = names_.emplace(name, absl::StrCat(collection, "/#", ++counts_[collection])).first;
    }
    absl::StrAppend(&result, text.substr(copied, begin - copied), known->second);
    copied = end;
  }
  return absl::StrCat(result, text.substr(copied));
}

}  // namespace trusthub::testing
