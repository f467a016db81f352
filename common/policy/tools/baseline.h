// File: baseline.h
//
// What is shared, kept as text beside the agreements, so that a change of an agreement or of the
// protos which widens sharing shows, and is not made without a new version of the agreement.
#ifndef TRUSTHUB_COMMON_POLICY_TOOLS_BASELINE_H_
#define TRUSTHUB_COMMON_POLICY_TOOLS_BASELINE_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/policy/policy.h"
#include "common/policy/tools/schema.h"

namespace trusthub::policy {

struct Baseline {
  // In the order of ids, cut down to what decides: version, dates, secrets, and of items who gets
  // what of which records when.
  std::vector<v1::Agreement> agreements;
  // Schema::fields.
  std::map<RecordKind, std::map<std::string, CategorySet>> fields;
  // Schema::askable: a method that lets more people ask shares more of what agreements give them.
  std::set<AccessCell> askable;
};

Baseline BaselineOf(const Agreements& agreements, const Schema& schema);

// The same baseline always gives the same text, in which a change is a changed line.
std::string BaselineText(const Baseline& baseline);
// InvalidArgument naming the line of what is not a baseline.
absl::StatusOr<Baseline> ParseBaseline(absl::string_view text);

// What an agreement gives more than its version was signed for.
struct Widening {
  std::string agreement;
  std::string version;
  std::vector<std::string> rows;  // lines of access, fields of records, who may ask for records
};

// Agreements whose version is that of `before` and which give more now. An agreement that is gone
// counts with its last version: its denies are gone too. One that is new has nothing to be compared
// with.
std::vector<Widening> WidenedUnsigned(const Baseline& before, const Baseline& now);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TOOLS_BASELINE_H_
