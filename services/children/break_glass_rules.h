// File: break_glass_rules.h
//
// The rules of emergency access that are data (deploy/config/redbridge/break_glass.yaml) and what
// makes a reason one of substance. Pure functions.
#ifndef TRUSTHUB_SERVICES_CHILDREN_BREAK_GLASS_RULES_H_
#define TRUSTHUB_SERVICES_CHILDREN_BREAK_GLASS_RULES_H_

#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/policy/policy.h"
#include "google/protobuf/repeated_field.h"
#include "trusthub/directory/v1/directory.pb.h"

namespace trusthub::children {

// Agencies of these kinds own the records that tell these kinds of information.
struct RecordKeepers {
  policy::CategorySet categories;
  std::set<directory::v1::AgencyKind> kinds;
};

struct BreakGlassRules {
  absl::Duration lasts;
  int review_working_days = 0;
  int reason_characters = 0;
  int reason_words = 0;
  policy::CategorySet never;  // kinds that nobody may open
  std::vector<RecordKeepers> keepers;
  // Whether an agency of this kind keeps some of what is opened.
  bool Keeps(directory::v1::AgencyKind kind, policy::CategorySet opened) const;
};

// Fails, naming file and line, on an unknown key or category, or a number outside its bounds.
absl::StatusOr<BreakGlassRules> LoadBreakGlassRules(absl::string_view path);

// Whether `reason` has enough characters, enough different words, and is no pattern typed to fill
// the field ("aaaa aaab", "asdasdasd"). REQUEST_INVALID says what is missing, never the reason.
absl::Status CheckReason(const BreakGlassRules& rules, absl::string_view reason);

// The categories that a request names, each once, and the envelope of records. REQUEST_INVALID when
// it names none, one that nobody may open, or one that does not exist.
absl::StatusOr<policy::CategorySet> CheckCategories(
    const BreakGlassRules& rules, const google::protobuf::RepeatedField<int>& categories);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_BREAK_GLASS_RULES_H_
