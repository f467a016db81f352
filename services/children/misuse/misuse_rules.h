// File: misuse_rules.h
//
// From when on the use of the hub is looked at by another person: thresholds, windows, and the
// actions and roles they are about. Data (deploy/config/redbridge/misuse.yaml says what each
// means).
#ifndef TRUSTHUB_SERVICES_CHILDREN_MISUSE_MISUSE_RULES_H_
#define TRUSTHUB_SERVICES_CHILDREN_MISUSE_MISUSE_RULES_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "trusthub/children/v1/access_review.pb.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::children {

// So many within so long: two that lie `window` apart do not belong together.
struct MisuseThreshold {
  int count = 0;
  absl::Duration window;
};

struct RefusalRules {
  MisuseThreshold threshold;      // refusals
  std::set<std::string> reasons;  // ErrorReason without its prefix
};

struct NoAllocationRules {
  MisuseThreshold threshold;  // different children
  std::set<options::v1::Role> roles;
  std::set<options::v1::Purpose> purposes;
};

struct SearchRules {
  MisuseThreshold threshold;  // different children
  int wait_days = 0;          // within which something is done about a child that was looked up
  std::set<options::v1::Role> roles;
  std::set<std::string> searches;  // actions that look a child up
  std::set<std::string> no_work;   // other actions that do nothing for the child
};

struct BreadthRules {
  int children = 0;      // different ones on one day, at least
  int times_median = 0;  // of what others of the role read that day
};

struct MisuseRules {
  absl::Duration read_every;
  int review_working_days = 0;
  MisuseThreshold conflict;
  MisuseThreshold same_address;
  MisuseThreshold leaver;
  MisuseThreshold break_glass_habit;
  RefusalRules refusals;
  NoAllocationRules no_allocation;
  SearchRules searches;
  BreadthRules breadth;

  // Of every pattern but BREADTH, which is looked at day by day: {1, one day}.
  MisuseThreshold ThresholdOf(v1::MisusePattern pattern) const;
};

// Fails, naming file and line, on an unknown key, role, purpose or reason, a doubled or missing
// one, or a number outside its bounds.
absl::StatusOr<MisuseRules> LoadMisuseRules(absl::string_view path);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_MISUSE_MISUSE_RULES_H_
