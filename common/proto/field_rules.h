// File: field_rules.h
//
// Checks of a request from the options of its fields: required, formats, lengths, code sets, numbers,
// enums, UTF-8, control characters. Compiled once per message type at start-up.
#ifndef TRUSTHUB_COMMON_PROTO_FIELD_RULES_H_
#define TRUSTHUB_COMMON_PROTO_FIELD_RULES_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/error/error.h"
#include "google/protobuf/message.h"

namespace trusthub::proto {

// Published code sets (deploy/config/code_sets/*.yaml): effective-dated codes with their labels.
class CodeSets {
 public:
  virtual ~CodeSets() = default;
  virtual bool HasSet(absl::string_view set) const = 0;
  virtual bool HasCode(absl::string_view set, absl::string_view code) const = 0;
  // "" when the code is unknown.
  virtual absl::string_view LabelOf(absl::string_view set, absl::string_view code) const = 0;
};
absl::StatusOr<std::shared_ptr<const CodeSets>> LoadCodeSets(absl::string_view folder);

class FieldRules {
 public:
  virtual ~FieldRules() = default;
  // Clears what only the hub may set, then returns every violation, in field order; empty when good.
  // A nested message type `Date` must be a real, possibly partial, day.
  virtual std::vector<error::Violation> CheckAndClear(google::protobuf::Message* request) const = 0;
};

// Fails, naming the field, when an option makes no sense: unknown code set, name without collection.
absl::StatusOr<std::unique_ptr<FieldRules>> CompileFieldRules(
    const google::protobuf::Descriptor* descriptor, std::shared_ptr<const CodeSets> code_sets);

}  // namespace trusthub::proto

#endif  // TRUSTHUB_COMMON_PROTO_FIELD_RULES_H_
