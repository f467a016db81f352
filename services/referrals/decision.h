// File: decision.h
//
// The states of a referral and the rule of its one change: RECEIVED -> DECIDED, by the due date or
// with a reason (Working Together: one working day; domain.md 1.4 REF.DECIDE).
#ifndef TRUSTHUB_SERVICES_REFERRALS_DECISION_H_
#define TRUSTHUB_SERVICES_REFERRALS_DECISION_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "trusthub/referrals/v1/referral.pb.h"

namespace trusthub::referrals {

// What was decided, by whom, when and why.
struct Decision {
  v1::ReferralDecision decision = v1::REFERRAL_DECISION_UNSPECIFIED;
  absl::string_view decided_by;
  absl::string_view rationale;
  absl::string_view late_reason;
  absl::Time time;
};

// Makes `referral` decided. STATE_FORBIDS when it is already; LATE_REASON_MISSING when the due date
// has passed in London and no reason is given. Leaves `referral` alone on error.
absl::Status Decide(const Decision& decision, v1::Referral* referral);

// "ASSESS" of REFERRAL_DECISION_ASSESS; empty for UNSPECIFIED. What facts carry.
std::string DecisionName(v1::ReferralDecision decision);

}  // namespace trusthub::referrals

#endif  // TRUSTHUB_SERVICES_REFERRALS_DECISION_H_
