#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/contract/contract.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::contract {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using options::v1::FieldRule;

bool IsText(const FieldDescriptor* field) { return field->type() == FieldDescriptor::TYPE_STRING; }

bool IsNumber(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return true;
    default:
      return false;
  }
}

class FieldCheck {
 public:
  FieldCheck(const FieldDescriptor* field, Complaints* complaints)
      : field_(field),
        rule_(field->options().GetExtension(options::v1::field)),
        complaints_(complaints) {}

  void CheckCategory() {
    if (rule_.category() == options::v1::CATEGORY_UNSPECIFIED) Complain("has no category");
    if (rule_.identifier() && rule_.category() == options::v1::CATEGORY_OPERATIONAL) {
      Complain("identifies a person but is OPERATIONAL, which may be logged");
    }
  }

  void CheckBehaviour() {
    if (rule_.behaviour() == options::v1::BEHAVIOUR_UNSPECIFIED) Complain("has no behaviour");
    // proto3 cannot tell a 0 or false that was sent from none at all.
    const bool zero_allowed =
        field_->type() == FieldDescriptor::TYPE_BOOL || (IsNumber(field_) && rule_.minimum() <= 0);
    if (zero_allowed && !field_->has_presence() && !field_->is_repeated() &&
        rule_.behaviour() == options::v1::BEHAVIOUR_REQUIRED) {
      Complain("is required and may be 0: declare it optional, or 0 passes for absent");
    }
  }

  void CheckFormat(const std::set<std::string>& collections,
                   const std::function<bool(absl::string_view)>& has_code_set) {
    const bool is_name = rule_.format() == options::v1::FORMAT_NAME;
    const bool is_code = rule_.format() == options::v1::FORMAT_CODE;
    if (rule_.format() != options::v1::FORMAT_UNSPECIFIED && !IsText(field_)) {
      Complain("has a format but is no string");
    }
    if (is_name && collections.count(rule_.collection()) == 0) {
      Complain(absl::StrCat("names collection '", rule_.collection(), "', which no record has"));
    }
    if (!is_name && !rule_.collection().empty()) Complain("has a collection but is no name");
    if (is_code && (rule_.code_set().empty() || !has_code_set(rule_.code_set()))) {
      Complain(absl::StrCat("names code set '", rule_.code_set(), "', which is not published"));
    }
    if (!is_code && !rule_.code_set().empty()) Complain("has a code set but is no code");
    if (rule_.identifier() && !IsText(field_)) Complain("identifies a person but is no string");
    if (rule_.max_items() > 0 && !field_->is_repeated()) Complain("has max_items but is single");
    if (rule_.maximum() != 0 && rule_.maximum() < rule_.minimum()) {
      Complain("has a maximum below its minimum");
    }
  }

  // What generic code cannot grant field by field.
  void CheckType() {
    if (field_->is_map()) Complain("is a map: options cannot reach what is inside");
    if (field_->message_type() != nullptr &&
        field_->message_type()->full_name() == "google.protobuf.Any") {
      Complain("is an Any: nothing says what is inside");
    }
  }

 private:
  void Complain(absl::string_view what) {
    complaints_->push_back(absl::StrCat(field_->full_name(), ": ", what));
  }

  const FieldDescriptor* field_;
  const FieldRule& rule_;
  Complaints* complaints_;
};

// A state is changed by verbs, never written.
void CheckStates(const Descriptor* record, Complaints* complaints) {
  const FieldDescriptor* state = record->FindFieldByName("state");
  if (state == nullptr || state->options().GetExtension(options::v1::field).behaviour() ==
                              options::v1::BEHAVIOUR_OUTPUT_ONLY) {
    return;
  }
  complaints->push_back(absl::StrCat(state->full_name(), ": a state is never written by clients"));
}

}  // namespace

Complaints CheckFields(const Files& files,
                       const std::function<bool(absl::string_view)>& has_code_set) {
  Complaints complaints;
  std::set<std::string> collections;
  for (const Descriptor* record : Records(files)) {
    collections.insert(record->options().GetExtension(options::v1::record).collection());
    CheckStates(record, &complaints);
  }
  Descriptors written = Requests(files);
  written.merge(Records(files));
  written = Closure(written);
  Descriptors all = Closure(Responses(files));
  all.insert(written.begin(), written.end());
  for (const Descriptor* message : all) {
    for (int i = 0; i < message->field_count(); ++i) {
      FieldCheck check(message->field(i), &complaints);
      check.CheckCategory();
      if (written.count(message) > 0) check.CheckBehaviour();
      check.CheckFormat(collections, has_code_set);
      check.CheckType();
    }
  }
  return complaints;
}

}  // namespace trusthub::contract
