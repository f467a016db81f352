// File: lint.h
//
// What is wrong, or looks wrong, with a set of agreements beyond what stops its load.
#ifndef TRUSTHUB_COMMON_POLICY_TOOLS_LINT_H_
#define TRUSTHUB_COMMON_POLICY_TOOLS_LINT_H_

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/policy/access_lattice.h"
#include "common/policy/policy.h"
#include "common/policy/tools/schema.h"

namespace trusthub::policy {

enum class Severity {
  kWarning,  // may be meant; look at it
  kError,    // does not do what it says, or should not be signed
};

struct Finding {
  Severity severity = Severity::kError;
  std::string file;
  int line = 1;        // from 1
  std::string rule;    // short name of the check, e.g. "never-matches"
  std::string what;    // what is wrong
  std::string action;  // what to do

  friend bool operator==(const Finding&, const Finding&) = default;
};

struct LintOptions {
  absl::CivilDay today;
  Schema schema;  // of the protos that the set is for
  // Agencies of the directory; where empty, names of agencies are not looked up.
  KindsOfAgencies agencies;
  // Roles that workers of the directory have, by kind of agency; beside those that are usual.
  std::set<std::pair<directory::v1::AgencyKind, options::v1::Role>> staff;
};

// Days before its review date on which an agreement is due for review.
constexpr int kReviewNoticeDays = 60;

// Findings in the order of files and lines. A file that does not load is one finding, and the
// others are checked without it.
std::vector<Finding> Lint(const std::vector<AgreementText>& texts, const LintOptions& options);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TOOLS_LINT_H_
