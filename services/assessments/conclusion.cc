#include "services/assessments/conclusion.h"

#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/time/civil_date.h"
#include "services/assessments/child_seen.h"

namespace trusthub::assessments {

absl::Status Conclude(const v1::ConcludeEnquiryRequest& request, absl::Time now,
                      absl::CivilDay earliest, v1::Enquiry* enquiry) {
  if (enquiry->state() != v1::ENQUIRY_STATE_IN_PROGRESS) {
    return error::StateForbids(
        "enquiry", absl::StripPrefix(v1::EnquiryState_Name(enquiry->state()), "ENQUIRY_STATE_"),
        "conclude");
  }
  TRUSTHUB_RETURN_IF_ERROR(
      CheckChildViews(request.child_views(), request.child_views_missing_reason()));
  TRUSTHUB_RETURN_IF_ERROR(CheckChildSeen(request.child_seen_date(), earliest, LondonDay(now)));

  enquiry->set_state(v1::ENQUIRY_STATE_CONCLUDED);
  enquiry->set_outcome(request.outcome());
  enquiry->set_findings(request.findings());
  *enquiry->mutable_child_seen_date() = request.child_seen_date();
  enquiry->set_child_seen_alone(request.child_seen_alone());
  enquiry->set_child_views(request.child_views());
  enquiry->set_child_views_missing_reason(request.child_views_missing_reason());
  *enquiry->mutable_conclude_time() = TimeToProto(now);
  return absl::OkStatus();
}

std::string OutcomeName(v1::EnquiryOutcome outcome) {
  if (outcome == v1::ENQUIRY_OUTCOME_UNSPECIFIED) return "";
  return std::string(absl::StripPrefix(v1::EnquiryOutcome_Name(outcome), "ENQUIRY_OUTCOME_"));
}

}  // namespace trusthub::assessments
