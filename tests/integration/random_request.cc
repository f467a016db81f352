#include "tests/integration/random_request.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/e2e/case_path.h"
#include "tests/integration/question.h"
#include "tests/integration/two_worlds.h"

namespace trusthub::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A code of each set.
const std::string& CodeOf(const std::string& set) {
  static const auto& codes = *new std::map<std::string, std::string>{
      {"abuse_category", "NEG"},     {"attendance_reason", "INJURY"}, {"care_setting", "ED"},
      {"disability", "NONE"},        {"ethnicity", "WBRI"},           {"primary_need", "N1"},
      {"reason_for_closure", "RC1"}, {"referral_source", "2A"}};
  const auto found = codes.find(set);
  if (found == codes.end()) std::abort();  // a new set: name a code of it above
  return found->second;
}

const std::string& SomeAgency(std::mt19937& random) {
  static const auto& agencies =
      *new std::vector<std::string>{"agencies/redbridge-council", "agencies/uphall-primary",
                                    "agencies/nhs-redbridge",     "agencies/bhrut",
                                    "agencies/redbridge-housing", "agencies/nelft"};
  return agencies[random() % agencies.size()];
}

class Filler {
 public:
  Filler(const Life& life, const std::string& request_id, std::mt19937& random)
      : life_(life), request_id_(request_id), random_(random) {}

  void Fill(Message* message) {
    if (FillValue(message)) return;
    const auto* type = message->GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& field = *type->field(i);
      const auto& rule = field.options().GetExtension(options::v1::field);
      const bool required = rule.behaviour() == options::v1::BEHAVIOUR_REQUIRED;
      if (!required && rule.behaviour() != options::v1::BEHAVIOUR_OPTIONAL) continue;
      if (!required && random_() % 4 != 0) continue;
      const unsigned items = field.is_repeated() ? 1 + random_() % 2 : 1;
      for (unsigned n = 0; n < items; ++n) FillOne(field, message);
    }
  }

 private:
  // Days and instants of the weeks in which the lives were lived.
  bool FillValue(Message* message) {
    const std::string& type = message->GetDescriptor()->full_name();
    const auto set = [&](const char* name, std::int64_t value) {
      const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(name);
      const Reflection& reflection = *message->GetReflection();
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
        reflection.SetInt64(message, field, value);
      } else {
        reflection.SetInt32(message, field, static_cast<std::int32_t>(value));
      }
    };
    if (type == "trusthub.types.v1.Date") {
      set("year", 2010);
      set("month", 1 + random_() % 2);
      set("day", 1 + random_() % 28);
      return true;
    }
    if (type == "google.protobuf.Timestamp") {
      set("seconds", absl::ToUnixSeconds(CaseStart()) + static_cast<int>(random_() % 7200));
      return true;
    }
    return false;
  }

  void FillOne(const FieldDescriptor& field, Message* message) {
    const Reflection& reflection = *message->GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        Fill(field.is_repeated() ? reflection.AddMessage(message, &field)
                                 : reflection.MutableMessage(message, &field));
        return;
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string text = Text(field);
        if (field.is_repeated()) {
          reflection.AddString(message, &field, std::move(text));
        } else {
          reflection.SetString(message, &field, std::move(text));
        }
        return;
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto& values = *field.enum_type();
        const int index = 1 + static_cast<int>(random_() % (values.value_count() - 1u));
        const auto* value = values.value(index);
        if (field.is_repeated()) {
          reflection.AddEnum(message, &field, value);
        } else {
          reflection.SetEnum(message, &field, value);
        }
        return;
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        if (!field.is_repeated()) reflection.SetBool(message, &field, random_() % 2 == 0);
        return;
      case FieldDescriptor::CPPTYPE_INT32:
        if (!field.is_repeated()) reflection.SetInt32(message, &field, Number(field));
        return;
      default:
        return;  // of no kind that requests are made of
    }
  }

  std::int32_t Number(const FieldDescriptor& field) {
    const auto& rule = field.options().GetExtension(options::v1::field);
    return static_cast<std::int32_t>(rule.minimum() + random_() % 3);
  }

  std::string Text(const FieldDescriptor& field) {
    const auto& rule = field.options().GetExtension(options::v1::field);
    switch (rule.format()) {
      case options::v1::FORMAT_NAME:
        return Name(rule.collection());
      case options::v1::FORMAT_UUID:
        return request_id_;
      case options::v1::FORMAT_NHS_NUMBER:
        return life_.nhs_number;
      case options::v1::FORMAT_UPN:
        return DetailsOf(1).upn();
      case options::v1::FORMAT_POSTCODE:
        return "IG1 1DD";
      case options::v1::FORMAT_CODE:
        return CodeOf(rule.code_set());
      case options::v1::FORMAT_ETAG:
        return absl::StrCat("\"", 1 + random_() % 2, "\"");
      case options::v1::FORMAT_LANGUAGE:
        return "bn";
      case options::v1::FORMAT_TELEPHONE:
        return "020 8554 5000";
      case options::v1::FORMAT_SLUG:
        return absl::StrCat("slug-", random_() % 4);
      default:
        return field.name() == "attendance_id" ? life_.attendance_id
                                               : "Seen twice this week with marks on both arms.";
    }
  }

  std::string Name(const std::string& collection) {
    const auto pick = static_cast<std::uint32_t>(random_());
    if (collection == "agencies") return SomeAgency(random_);
    if (collection == "workers") {
      return absl::StrCat("workers/", Workers()[random_() % Workers().size()]);
    }
    return NameFor(life_, collection.empty() ? "referrals" : collection, pick);
  }

  const Life& life_;
  const std::string& request_id_;
  std::mt19937& random_;
};

}  // namespace

std::unique_ptr<Message> RandomRequest(const rpc::Method& method, const Life& life,
                                       const std::string& request_id, std::mt19937& random) {
  std::unique_ptr<Message> request(method.route.request_prototype->New());
  Filler(life, request_id, random).Fill(request.get());
  return request;
}

}  // namespace trusthub::testing
