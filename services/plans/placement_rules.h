// File: placement_rules.h
//
// The rules of placements (domain.md 6.3, 9 scenario 9; SSDA903 for the code CON) as pure
// functions: what they rest on comes in as arguments, nothing is read or written.
#ifndef TRUSTHUB_SERVICES_PLANS_PLACEMENT_RULES_H_
#define TRUSTHUB_SERVICES_PLANS_PLACEMENT_RULES_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "common/error/error.h"
#include "trusthub/events/v1/event.pb.h"
#include "trusthub/plans/v1/placement.pb.h"

namespace trusthub::plans {

// What is known of the council that places the child, and of the officer who approved it.
struct Placing {
  absl::string_view council;                       // "agencies/x"
  absl::string_view own_area;                      // its code; empty when it is not known
  std::optional<events::v1::WorkerFact> approver;  // when the directory holds approved_by
  absl::CivilDay today;
};

// Every violation of the placement, in field order:
//   - kind ADOPTION exactly when `adoption` is there;
//   - area CON exactly when the address is confidential, else the code of a local authority;
//   - one address, open or confidential, never both; no provider beside a confidential one;
//   - a first day that has come;
//   - outside the council's own area, hidden ones included, a nominated officer who approved it: a
//     worker in the council's service.
std::vector<error::Violation> ViolationsOf(const v1::Placement& placement, const Placing& placing);

// `placement` without what nobody but those who may know of an adoption must learn: the fact stands
// in `adoption` alone.
void KeepAdoptionApart(v1::Placement* placement);

// Ends `open` on the day the next one starts. DATE_FORBIDDEN when that lies before its own start.
absl::Status EndForNext(absl::CivilDay next_start, v1::Placement* open);

}  // namespace trusthub::plans

#endif  // TRUSTHUB_SERVICES_PLANS_PLACEMENT_RULES_H_
