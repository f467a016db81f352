// File: field_rules.h
//
// Checks of a request from the options of its fields: required, formats, lengths, code sets,
// numbers, enums, UTF-8, control characters. Compiled once per message type at start-up.
#ifndef TRUSTHUB_COMMON_PROTO_FIELD_RULES_H_
#define TRUSTHUB_COMMON_PROTO_FIELD_RULES_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "common/error/error.h"
#include "google/protobuf/message.h"

namespace trusthub::proto {

// Published code sets (deploy/config/code_sets/*.yaml): effective-dated codes with their labels.
class CodeSets {
 public:
  virtual ~CodeSets() = default;
  virtual bool HasSet(absl::string_view set) const = 0;
  virtual bool HasCode(absl::string_view set, absl::string_view code) const = 0;
  // Whether the code may be used for what happened on `day`. FieldRules asks HasCode only: records
  // are back-dated, and the day that counts is the handler's to know.
  virtual bool InForceOn(absl::string_view set, absl::string_view code,
                         absl::CivilDay day) const = 0;
  // "" when the code is unknown.
  virtual absl::string_view LabelOf(absl::string_view set, absl::string_view code) const = 0;
};
// Reads every *.yaml of `folder`. An error names the file, the line and what is wrong.
absl::StatusOr<std::shared_ptr<const CodeSets>> LoadCodeSets(absl::string_view folder);

class FieldRules {
 public:
  virtual ~FieldRules() = default;
  // Clears what only the hub may set and drops unknown fields, then returns every violation, in
  // field order; empty, and nothing allocated, when good. A Date must be a real, possibly partial,
  // day; a Timestamp must lie in 1900 to 2200. Thread-safe.
  virtual std::vector<error::Violation> CheckAndClear(google::protobuf::Message* request) const = 0;
};

// Fails with Internal, naming the field, when an option makes no sense: unknown code set, name
// without collection, a limit on a field that cannot have it, a map.
absl::StatusOr<std::unique_ptr<FieldRules>> CompileFieldRules(
    const google::protobuf::Descriptor* descriptor, std::shared_ptr<const CodeSets> code_sets);

}  // namespace trusthub::proto

#endif  // TRUSTHUB_COMMON_PROTO_FIELD_RULES_H_
