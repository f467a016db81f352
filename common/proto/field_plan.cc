#include "common/proto/field_plan.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "google/protobuf/timestamp.pb.h"
#include "trusthub/types/v1/date.pb.h"

namespace trusthub::proto {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using options::v1::FieldRule;
using Kind = FieldPlan::Kind;

Kind KindOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? Kind::kBytes : Kind::kText;
    case FieldDescriptor::CPPTYPE_ENUM:
      return Kind::kEnum;
    case FieldDescriptor::CPPTYPE_BOOL:
      return Kind::kFlag;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (field.message_type() == types::v1::Date::descriptor()) return Kind::kDate;
      if (field.message_type() == google::protobuf::Timestamp::descriptor()) {
        return Kind::kTimestamp;
      }
      return Kind::kMessage;
    default:
      return Kind::kNumber;
  }
}

absl::Status Nonsense(const FieldDescriptor& field, absl::string_view what) {
  return absl::InternalError(absl::StrCat("field rule of ", field.full_name(), ": ", what));
}

absl::Status CheckFormat(const FieldDescriptor& field, const FieldRule& rule, Kind kind,
                         const CodeSets& code_sets) {
  const bool is_name = rule.format() == options::v1::FORMAT_NAME;
  const bool is_code = rule.format() == options::v1::FORMAT_CODE;
  if (rule.format() != options::v1::FORMAT_UNSPECIFIED && kind != Kind::kText) {
    return Nonsense(field, "only a string has a format");
  }
  if (is_name && rule.collection().empty()) return Nonsense(field, "FORMAT_NAME lacks collection");
  if (!is_name && !rule.collection().empty()) {
    return Nonsense(field, "collection without FORMAT_NAME");
  }
  if (is_code && rule.code_set().empty()) return Nonsense(field, "FORMAT_CODE lacks code_set");
  if (!is_code && !rule.code_set().empty()) return Nonsense(field, "code_set without FORMAT_CODE");
  if (is_code && !code_sets.HasSet(rule.code_set())) {
    return Nonsense(field, absl::StrCat("unknown code set ", rule.code_set()));
  }
  return absl::OkStatus();
}

absl::Status CheckLimits(const FieldDescriptor& field, const FieldRule& rule, Kind kind) {
  if (rule.max_length() != 0 && kind != Kind::kText && kind != Kind::kBytes) {
    return Nonsense(field, "only strings and bytes have max_length");
  }
  if (rule.max_items() != 0 && !field.is_repeated()) {
    return Nonsense(field, "only repeated fields have max_items");
  }
  if (rule.max_items() > static_cast<unsigned>(std::numeric_limits<int>::max())) {
    return Nonsense(field, "max_items is beyond all bounds");
  }
  if ((rule.minimum() != 0 || rule.maximum() != 0) && kind != Kind::kNumber) {
    return Nonsense(field, "only numbers have minimum and maximum");
  }
  if (rule.maximum() != 0 && rule.maximum() < rule.minimum()) {
    return Nonsense(field, "maximum is below minimum");
  }
  return absl::OkStatus();
}

absl::Status CheckRule(const FieldDescriptor& field, const FieldRule& rule, Kind kind,
                       const CodeSets& code_sets) {
  if (field.is_map()) return Nonsense(field, "maps have no rules; use a repeated message");
  const bool required = rule.behaviour() == options::v1::BEHAVIOUR_REQUIRED;
  if (required && kind == Kind::kFlag && !field.has_presence() && !field.is_repeated()) {
    return Nonsense(field, "a required bool must be declared optional, or false is absent");
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckFormat(field, rule, kind, code_sets));
  return CheckLimits(field, rule, kind);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PlanSet>> PlanSet::Compile(const Descriptor* root,
                                                          const CodeSets& code_sets) {
  auto set = std::make_unique<PlanSet>();
  TRUSTHUB_ASSIGN_OR_RETURN(set->root_, set->PlanOf(root, code_sets));
  return set;
}

absl::StatusOr<const MessagePlan*> PlanSet::PlanOf(const Descriptor* descriptor,
                                                   const CodeSets& code_sets) {
  std::unique_ptr<MessagePlan>& place = plans_[descriptor];
  if (place != nullptr) return place.get();
  place = std::make_unique<MessagePlan>();
  MessagePlan* plan = place.get();  // known before its fields are, for a type that holds itself
  for (int i = 0; i < descriptor->field_count(); ++i) {
    TRUSTHUB_ASSIGN_OR_RETURN(FieldPlan field, PlanOfField(descriptor->field(i), code_sets));
    plan->fields.push_back(std::move(field));
  }
  return plan;
}

absl::StatusOr<FieldPlan> PlanSet::PlanOfField(const FieldDescriptor* field,
                                               const CodeSets& code_sets) {
  const FieldRule& rule = field->options().GetExtension(options::v1::field);
  FieldPlan plan;
  plan.field = field;
  plan.kind = KindOf(*field);
  TRUSTHUB_RETURN_IF_ERROR(CheckRule(*field, rule, plan.kind, code_sets));
  plan.clear = rule.behaviour() == options::v1::BEHAVIOUR_OUTPUT_ONLY;
  plan.required = rule.behaviour() == options::v1::BEHAVIOUR_REQUIRED;
  plan.presence = field->has_presence();
  plan.format = rule.format();
  plan.detail = rule.format() == options::v1::FORMAT_CODE ? rule.code_set() : rule.collection();
  plan.bytes_max = rule.max_length() != 0 ? rule.max_length() : limits::kFieldBytesDefault;
  plan.items_max =
      rule.max_items() != 0 ? static_cast<int>(rule.max_items()) : limits::kFieldItemsDefault;
  plan.minimum = rule.minimum();
  plan.maximum = rule.maximum() != 0 ? rule.maximum() : std::numeric_limits<std::int64_t>::max();
  if (plan.kind == Kind::kMessage && !plan.clear) {
    TRUSTHUB_ASSIGN_OR_RETURN(plan.message, PlanOf(field->message_type(), code_sets));
  }
  return plan;
}

}  // namespace trusthub::proto
