#include "services/referrals/decision.h"

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/time/civil_date.h"

namespace trusthub::referrals {
namespace {

std::string StateName(v1::ReferralState state) {
  return std::string(absl::StripPrefix(v1::ReferralState_Name(state), "REFERRAL_STATE_"));
}

}  // namespace

absl::Status Decide(const Decision& decision, v1::Referral* referral) {
  if (referral->state() != v1::REFERRAL_STATE_RECEIVED) {
    return error::StateForbids("referral", StateName(referral->state()), "decide");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay due, DateFromProto(referral->decision_due_date()));
  const bool late = LondonDay(decision.time) > due;
  if (late && absl::StripAsciiWhitespace(decision.late_reason).empty()) {
    return error::RuleBroken(
        errors::v1::ERROR_REASON_LATE_REASON_MISSING,
        "A referral is decided within one working day of its receipt (REF.DECIDE).",
        "Say in late_reason why the decision comes after its due date.");
  }
  referral->set_state(v1::REFERRAL_STATE_DECIDED);
  referral->set_decision(decision.decision);
  *referral->mutable_decision_time() = TimeToProto(decision.time);
  referral->set_decided_by(std::string(decision.decided_by));
  referral->set_decision_rationale(std::string(decision.rationale));
  referral->set_decided_late(late);
  referral->set_late_reason(std::string(decision.late_reason));
  return absl::OkStatus();
}

std::string DecisionName(v1::ReferralDecision decision) {
  if (decision == v1::REFERRAL_DECISION_UNSPECIFIED) return "";
  return std::string(absl::StripPrefix(v1::ReferralDecision_Name(decision), "REFERRAL_DECISION_"));
}

}  // namespace trusthub::referrals
