#include "common/store/record_plan.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "google/protobuf/timestamp.pb.h"

namespace trusthub::store {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// "strategy discussion" of "StrategyDiscussion".
std::string NounOf(absl::string_view type) {
  std::string noun;
  for (const char c : type) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !noun.empty()) noun.push_back(' ');
    noun.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  return noun;
}

const FieldDescriptor* StringField(const Descriptor* descriptor, const char* name) {
  const FieldDescriptor* field = descriptor->FindFieldByName(name);
  const bool fits = field != nullptr && !field->is_repeated() &&
                    field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  return fits ? field : nullptr;
}

const FieldDescriptor* TimeField(const Descriptor* descriptor, const char* name) {
  const FieldDescriptor* field = descriptor->FindFieldByName(name);
  const bool fits = field != nullptr && !field->is_repeated() &&
                    field->message_type() == google::protobuf::Timestamp::descriptor();
  return fits ? field : nullptr;
}

bool CanIndex(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return false;
    default:
      return !field->is_map();
  }
}

absl::StatusOr<std::unique_ptr<RecordPlan>> Compile(const Descriptor* descriptor) {
  if (!descriptor->options().HasExtension(options::v1::record)) {
    return error::Internal(absl::StrCat(descriptor->full_name(), " is not a record"));
  }
  const auto& rule = descriptor->options().GetExtension(options::v1::record);
  auto plan = std::make_unique<RecordPlan>();
  plan->kind = rule.kind();
  plan->collection = rule.collection();
  plan->noun = NounOf(descriptor->name());
  plan->name = StringField(descriptor, "name");
  plan->child = StringField(descriptor, "child");
  plan->etag = StringField(descriptor, "etag");
  plan->create_time = TimeField(descriptor, "create_time");
  plan->update_time = TimeField(descriptor, "update_time");
  plan->owner_agency = StringField(descriptor, "owner_agency");
  plan->author_agency = StringField(descriptor, "author_agency");
  if (plan->name == nullptr || plan->collection.empty()) {
    return error::Internal(absl::StrCat(descriptor->full_name(), " has no name or collection"));
  }
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    const auto& field_rule = field->options().GetExtension(options::v1::field);
    if (!field_rule.indexed()) continue;
    if (!CanIndex(field)) {
      return error::Internal(absl::StrCat(field->full_name(), " cannot be indexed"));
    }
    plan->indexed.push_back({field, field_rule.identifier()});
  }
  return plan;
}

// Text of value `i` of a repeated field, or of the single value when `i` is negative.
std::string TextAt(const Message& message, const FieldDescriptor* field, int i) {
  const Reflection& of = *message.GetReflection();
  const bool one = i < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return one ? of.GetString(message, field) : of.GetRepeatedString(message, field, i);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number =
          one ? of.GetEnumValue(message, field) : of.GetRepeatedEnumValue(message, field, i);
      return number == 0 ? "" : absl::StrCat(number);
    }
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(one ? of.GetInt32(message, field)
                              : of.GetRepeatedInt32(message, field, i));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(one ? of.GetInt64(message, field)
                              : of.GetRepeatedInt64(message, field, i));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(one ? of.GetUInt32(message, field)
                              : of.GetRepeatedUInt32(message, field, i));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(one ? of.GetUInt64(message, field)
                              : of.GetRepeatedUInt64(message, field, i));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (one ? of.GetBool(message, field) : of.GetRepeatedBool(message, field, i)) ? "true"
                                                                                        : "false";
    default:
      return "";
  }
}

}  // namespace

absl::StatusOr<const RecordPlan*> PlanOf(const Descriptor* descriptor) {
  static Mutex& mutex = *new Mutex;
  static auto& plans = *new std::map<const Descriptor*, std::unique_ptr<const RecordPlan>>;
  MutexLock lock(mutex);
  const auto found = plans.find(descriptor);
  if (found != plans.end()) return found->second.get();
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<RecordPlan> plan, Compile(descriptor));
  return plans.emplace(descriptor, std::move(plan)).first->second.get();
}

std::string StringOf(const Message& message, const FieldDescriptor* field) {
  if (field == nullptr) return "";
  return message.GetReflection()->GetString(message, field);
}

void SetString(Message* message, const FieldDescriptor* field, absl::string_view value) {
  if (field == nullptr) return;
  message->GetReflection()->SetString(message, field, std::string(value));
}

void SetTime(Message* message, const FieldDescriptor* field, absl::Time time) {
  if (field == nullptr) return;
  Message* part = message->GetReflection()->MutableMessage(message, field);
  auto* stamp = static_cast<google::protobuf::Timestamp*>(part);  // TimeField checked the type
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  stamp->set_seconds(seconds);
  const absl::Duration rest = time - absl::FromUnixSeconds(seconds);
  stamp->set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(rest)));
}

std::vector<std::string> IndexTexts(const Message& message, const FieldDescriptor* field) {
  std::vector<std::string> texts;
  const Reflection& of = *message.GetReflection();
  if (!field->is_repeated()) {
    if (field->has_presence() && !of.HasField(message, field)) return texts;
    texts.push_back(TextAt(message, field, -1));
  } else {
    const int size = of.FieldSize(message, field);
    for (int i = 0; i < size; ++i) texts.push_back(TextAt(message, field, i));
  }
  texts.erase(std::remove(texts.begin(), texts.end(), std::string()), texts.end());
  return texts;
}

std::string IndexTextOf(const FieldDescriptor* field, absl::string_view value) {
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    const auto* named = field->enum_type()->FindValueByName(std::string(value));
    if (named != nullptr) return absl::StrCat(named->number());
  }
  return std::string(value);
}

}  // namespace trusthub::store
