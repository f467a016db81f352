// File: tally.h
//
// When signs become a finding: enough of them, close enough together. Pure functions. What they
// give does not depend on the order in which the signs came, so that logs of several services may
// be read at different speeds.
#ifndef TRUSTHUB_SERVICES_CHILDREN_MISUSE_TALLY_H_
#define TRUSTHUB_SERVICES_CHILDREN_MISUSE_TALLY_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/children/misuse/misuse_rules.h"

namespace trusthub::children {

// A sign of one worker and pattern, with when it was and the audit entry that shows it.
struct Moment {
  absl::Time time;
  std::string entry;
  std::string key;
  std::string subject;
  bool counted = false;  // in a review

  friend bool operator==(const Moment&, const Moment&) = default;
};

// Signs that wait are dropped, the oldest first, beyond so many: more than any threshold.
inline constexpr int kMomentsMax = 2000;

// Keeps `moment`. Of two that share a key the earlier is kept, unless the later was counted
// already.
void Keep(const Moment& moment, std::vector<Moment>* moments);

// Whether those not yet counted have enough different subjects in any window.
bool HasBurst(const MisuseThreshold& threshold, const std::vector<Moment>& moments);

// All that are not yet counted, by time; marks them as counted. For a review that opens or grows:
// it takes what waits, however it came.
std::vector<Moment> TakeAll(std::vector<Moment>* moments);

// Drops what lies before `horizon` and what is too much.
void Forget(absl::Time horizon, std::vector<Moment>* moments);

// How many different children a worker was given on one day.
struct WorkerBreadth {
  std::string worker;
  options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
  int children = 0;
};

// Workers of `day` who stand out: at least rules.children, and rules.times_median times the median
// of the others of their role. Where there are no others, the first alone decides.
std::vector<std::string> StandingOut(const BreadthRules& rules,
                                     const std::vector<WorkerBreadth>& day);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_MISUSE_TALLY_H_
