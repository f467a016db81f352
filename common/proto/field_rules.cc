#include "common/proto/field_rules.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/proto/field_plan.h"
#include "common/proto/format.h"
#include "common/proto/text_check.h"
#include "common/time/civil_date.h"
#include "google/protobuf/unknown_field_set.h"

namespace trusthub::proto {
namespace {

using error::Violation;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Kind = FieldPlan::Kind;

// Seconds of 1900-01-01 and of the end of 2200, the years that dates may have.
constexpr std::int64_t kFirstSecond = -2'208'988'800;
constexpr std::int64_t kLastSecond = 7'289'654'399;

// A field on the way from the request to what is checked; lives on the stack, so that a path costs
// nothing until it is told.
struct Step {
  const Step* up;
  const FieldDescriptor* field;
  int item;  // of a repeated field, else -1
};

std::string PathOf(const Step& step) {
  std::string path = step.up == nullptr ? "" : absl::StrCat(PathOf(*step.up), ".");
  absl::StrAppend(&path, step.field->name());
  if (step.item >= 0) absl::StrAppend(&path, "[", step.item, "]");
  return path;
}

bool IsBlank(absl::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isspace(c)) return false;
  }
  return true;
}

std::string TextFaultRule(TextFault fault, bool lines) {
  switch (fault) {
    case TextFault::kNotUtf8:
      return "must be UTF-8; convert the text before sending it";
    case TextFault::kDirection:
      return "must not hold characters that override the direction of writing; remove them";
    default:
      return lines ? "must not hold control characters but line feeds and tabs; replace carriage "
                     "returns by line feeds and remove the others"
                   : "must not hold control characters or line breaks; remove them";
  }
}

void DropUnknown(Message& message) {
  const Reflection* reflection = message.GetReflection();
  if (!reflection->GetUnknownFields(message).empty()) {
    reflection->MutableUnknownFields(&message)->Clear();
  }
}

// One run over one request.
class Run {
 public:
  Run(const CodeSets& code_sets, std::vector<Violation>& violations)
      : code_sets_(code_sets), violations_(violations) {}

  void CheckMessage(const MessagePlan& plan, Message& message, const Step* up) {
    DropUnknown(message);
    const Reflection& reflection = *message.GetReflection();
    for (const FieldPlan& field : plan.fields) {
      if (field.clear) {
        Clear(field, reflection, message);
      } else if (field.field->is_repeated()) {
        CheckRepeated(field, reflection, message, up);
      } else {
        CheckSingular(field, reflection, message, Step{up, field.field, -1});
      }
    }
  }

 private:
  // Looks first: most clients leave these fields alone, and looking is cheaper.
  static void Clear(const FieldPlan& plan, const Reflection& reflection, Message& message) {
    const bool set = plan.field->is_repeated() ? reflection.FieldSize(message, plan.field) != 0
                                               : reflection.HasField(message, plan.field);
    if (set) reflection.ClearField(&message, plan.field);
  }
  void Tell(const Step& step, std::string rule) {
    violations_.push_back(Violation{PathOf(step), std::move(rule)});
  }
  void TellMissing(const Step& step) { Tell(step, "is required; send it"); }

  void CheckSingular(const FieldPlan& plan, const Reflection& reflection, Message& message,
                     const Step& step) {
    if (plan.presence && !reflection.HasField(message, plan.field)) {
      if (plan.required) TellMissing(step);
      return;
    }
    switch (plan.kind) {
      case Kind::kText:
        return CheckString(plan, reflection.GetStringReference(message, plan.field, &scratch_),
                           step);
      case Kind::kBytes:
        return CheckBytes(plan, reflection.GetStringReference(message, plan.field, &scratch_),
                          step);
      case Kind::kEnum:
        return CheckEnum(plan, reflection.GetEnumValue(message, plan.field), step);
      case Kind::kNumber:
        // Without presence 0 is absence, unless the number must be there.
        if (!plan.required && !reflection.HasField(message, plan.field)) return;
        return CheckNumber(plan, reflection, message, step);
      case Kind::kFlag:
        return;
      case Kind::kMessage:
      case Kind::kDate:
      case Kind::kTimestamp:
        return CheckHeld(plan, *reflection.MutableMessage(&message, plan.field), step);
    }
  }

  void CheckRepeated(const FieldPlan& plan, const Reflection& reflection, Message& message,
                     const Step* up) {
    const int size = reflection.FieldSize(message, plan.field);
    if (size == 0) {
      if (plan.required) Tell(Step{up, plan.field, -1}, "is required; send at least one");
      return;
    }
    if (size > plan.items_max) {
      return Tell(Step{up, plan.field, -1},
                  absl::StrCat("must have at most ", plan.items_max,
                               plan.items_max == 1 ? " item" : " items", "; send fewer"));
    }
    for (int i = 0; i < size; ++i) CheckItem(plan, reflection, message, Step{up, plan.field, i});
  }

  void CheckItem(const FieldPlan& plan, const Reflection& reflection, Message& message,
                 const Step& step) {
    const int i = step.item;
    switch (plan.kind) {
      case Kind::kText: {
        const std::string& text =
            reflection.GetRepeatedStringReference(message, plan.field, i, &scratch_);
        if (text.empty()) return Tell(step, "must not be empty; leave the item out");
        return CheckString(plan, text, step);
      }
      case Kind::kBytes:
        return CheckBytes(
            plan, reflection.GetRepeatedStringReference(message, plan.field, i, &scratch_), step);
      case Kind::kEnum: {
        const int value = reflection.GetRepeatedEnumValue(message, plan.field, i);
        if (value == 0) return Tell(step, "must say a value; leave the item out");
        return CheckEnum(plan, value, step);
      }
      case Kind::kNumber:
        return CheckRepeatedNumber(plan, reflection, message, step);
      case Kind::kFlag:
        return;
      case Kind::kMessage:
      case Kind::kDate:
      case Kind::kTimestamp:
        return CheckHeld(plan, *reflection.MutableRepeatedMessage(&message, plan.field, i), step);
    }
  }

  void CheckHeld(const FieldPlan& plan, Message& held, const Step& step) {
    if (plan.kind == Kind::kMessage) return CheckMessage(*plan.message, held, &step);
    DropUnknown(held);
    if (plan.kind == Kind::kDate) return CheckDate(held, step);
    CheckTimestamp(held, step);
  }

  void CheckString(const FieldPlan& plan, const std::string& text, const Step& step) {
    if (text.empty() || (plan.required && IsBlank(text))) {
      if (plan.required) TellMissing(step);
      return;
    }
    if (text.size() > plan.bytes_max) {
      return Tell(step, absl::StrCat("must be at most ", plan.bytes_max, " bytes; shorten it"));
    }
    const bool lines = plan.format == options::v1::FORMAT_NARRATIVE;
    const TextFault fault = CheckText(text, lines);
    if (fault != TextFault::kNone) return Tell(step, TextFaultRule(fault, lines));
    const bool good = plan.format == options::v1::FORMAT_CODE
                          ? code_sets_.HasCode(plan.detail, text)
                          : HasFormat(text, plan.format, plan.detail);
    if (!good) Tell(step, FormatRule(plan.format, plan.detail));
  }

  void CheckBytes(const FieldPlan& plan, const std::string& bytes, const Step& step) {
    if (bytes.empty() && plan.required) return TellMissing(step);
    if (bytes.size() > plan.bytes_max) {
      Tell(step, absl::StrCat("must be at most ", plan.bytes_max, " bytes; shorten it"));
    }
  }

  void CheckEnum(const FieldPlan& plan, int value, const Step& step) {
    if (value == 0) {
      if (plan.required) TellMissing(step);
      return;
    }
    if (plan.field->enum_type()->FindValueByNumber(value) == nullptr) {
      Tell(step, absl::StrCat("must be a value of ", plan.field->enum_type()->full_name(),
                              "; send one that this version of the contract knows"));
    }
  }

  void CheckBounds(const FieldPlan& plan, bool within, const Step& step) {
    if (within) return;
    if (plan.maximum == std::numeric_limits<std::int64_t>::max()) {
      return Tell(step, absl::StrCat("must be at least ", plan.minimum, "; correct it"));
    }
    Tell(step, absl::StrCat("must be ", plan.minimum, " to ", plan.maximum, "; correct it"));
  }
  static bool Within(const FieldPlan& plan, std::int64_t value) {
    return value >= plan.minimum && value <= plan.maximum;
  }
  static bool WithinUnsigned(const FieldPlan& plan, std::uint64_t value) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
    if (value > kMost) return plan.maximum == std::numeric_limits<std::int64_t>::max();
    return Within(plan, static_cast<std::int64_t>(value));
  }
  static bool WithinReal(const FieldPlan& plan, double value) {
    return std::isfinite(value) && value >= static_cast<double>(plan.minimum) &&
           value <= static_cast<double>(plan.maximum);
  }

  void CheckNumber(const FieldPlan& plan, const Reflection& reflection, const Message& message,
                   const Step& step) {
    const FieldDescriptor* field = plan.field;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return CheckBounds(plan, Within(plan, reflection.GetInt32(message, field)), step);
      case FieldDescriptor::CPPTYPE_INT64:
        return CheckBounds(plan, Within(plan, reflection.GetInt64(message, field)), step);
      case FieldDescriptor::CPPTYPE_UINT32:
        return CheckBounds(plan, Within(plan, reflection.GetUInt32(message, field)), step);
      case FieldDescriptor::CPPTYPE_UINT64:
        return CheckBounds(plan, WithinUnsigned(plan, reflection.GetUInt64(message, field)), step);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return CheckBounds(plan, WithinReal(plan, reflection.GetFloat(message, field)), step);
      default:
        return CheckBounds(plan, WithinReal(plan, reflection.GetDouble(message, field)), step);
    }
  }

  void CheckRepeatedNumber(const FieldPlan& plan, const Reflection& reflection,
                           const Message& message, const Step& step) {
    const FieldDescriptor* field = plan.field;
    const int i = step.item;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return CheckBounds(plan, Within(plan, reflection.GetRepeatedInt32(message, field, i)),
                           step);
      case FieldDescriptor::CPPTYPE_INT64:
        return CheckBounds(plan, Within(plan, reflection.GetRepeatedInt64(message, field, i)),
                           step);
      case FieldDescriptor::CPPTYPE_UINT32:
        return CheckBounds(plan, Within(plan, reflection.GetRepeatedUInt32(message, field, i)),
                           step);
      case FieldDescriptor::CPPTYPE_UINT64:
        return CheckBounds(
            plan, WithinUnsigned(plan, reflection.GetRepeatedUInt64(message, field, i)), step);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return CheckBounds(plan, WithinReal(plan, reflection.GetRepeatedFloat(message, field, i)),
                           step);
      default:
        return CheckBounds(plan, WithinReal(plan, reflection.GetRepeatedDouble(message, field, i)),
                           step);
    }
  }

  void CheckDate(const Message& held, const Step& step) {
    const auto& date = static_cast<const types::v1::Date&>(held);
    if (!IsValidPartialDate(date)) {
      Tell(step,
           "must be a day of the calendar from 1900 to 2200, with day or day and month 0 when "
           "they are not known; correct it");
    }
  }

  void CheckTimestamp(const Message& held, const Step& step) {
    const auto& time = static_cast<const google::protobuf::Timestamp&>(held);
    const bool good = time.seconds() >= kFirstSecond && time.seconds() <= kLastSecond &&
                      time.nanos() >= 0 && time.nanos() <= 999'999'999;
    if (!good) Tell(step, "must be an instant of the years 1900 to 2200; correct it");
  }

  const CodeSets& code_sets_;
  std::vector<Violation>& violations_;
  std::string scratch_;
};

class CompiledRules final : public FieldRules {
 public:
  CompiledRules(std::unique_ptr<PlanSet> plans, std::shared_ptr<const CodeSets> code_sets)
      : plans_(std::move(plans)), code_sets_(std::move(code_sets)) {}

  std::vector<Violation> CheckAndClear(Message* request) const override {
    std::vector<Violation> violations;
    Run(*code_sets_, violations).CheckMessage(plans_->root(), *request, nullptr);
    return violations;
  }

 private:
  const std::unique_ptr<PlanSet> plans_;
  const std::shared_ptr<const CodeSets> code_sets_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FieldRules>> CompileFieldRules(
    const google::protobuf::Descriptor* descriptor, std::shared_ptr<const CodeSets> code_sets) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<PlanSet> plans,
                            PlanSet::Compile(descriptor, *code_sets));
  return std::make_unique<CompiledRules>(std::move(plans), std::move(code_sets));
}

}  // namespace trusthub::proto
