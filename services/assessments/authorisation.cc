#include "services/assessments/authorisation.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/time/civil_date.h"
#include "services/assessments/child_seen.h"

namespace trusthub::assessments {
namespace {

absl::Status CheckState(v1::AssessmentState state) {
  if (state == v1::ASSESSMENT_STATE_IN_PROGRESS) return absl::OkStatus();
  return error::StateForbids(
      "assessment", absl::StripPrefix(v1::AssessmentState_Name(state), "ASSESSMENT_STATE_"),
      "authorise");
}

absl::Status CheckSecondPerson(absl::string_view worker, const v1::Assessment& assessment) {
  if (worker != assessment.lead_worker()) return absl::OkStatus();
  return error::RuleBroken(errors::v1::ERROR_REASON_WORKER_NOT_QUALIFIED,
                           "An assessment is authorised by someone other than its lead worker.",
                           "Ask another manager of the council to authorise it.");
}

absl::Status CheckLateReason(const v1::Assessment& assessment, absl::CivilDay today,
                             absl::string_view late_reason) {
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay due, DateFromProto(assessment.due_date()));
  if (today <= due || !absl::StripAsciiWhitespace(late_reason).empty()) return absl::OkStatus();
  return error::RuleBroken(
      errors::v1::ERROR_REASON_LATE_REASON_MISSING,
      absl::StrCat("The assessment is past its due date (", assessment.rule(), ")."),
      "Say in late_reason why it is authorised late.");
}

}  // namespace

absl::Status Authorise(const v1::AuthoriseAssessmentRequest& request, absl::string_view worker,
                       absl::Time now, absl::CivilDay earliest, v1::Assessment* assessment) {
  const absl::CivilDay today = LondonDay(now);
  TRUSTHUB_RETURN_IF_ERROR(CheckState(assessment->state()));
  TRUSTHUB_RETURN_IF_ERROR(CheckSecondPerson(worker, *assessment));
  TRUSTHUB_RETURN_IF_ERROR(
      CheckChildViews(request.child_views(), request.child_views_missing_reason()));
  TRUSTHUB_RETURN_IF_ERROR(CheckChildSeen(request.child_seen_date(), earliest, today));
  TRUSTHUB_RETURN_IF_ERROR(CheckLateReason(*assessment, today, request.late_reason()));

  assessment->set_state(v1::ASSESSMENT_STATE_AUTHORISED);
  *assessment->mutable_child_seen_date() = request.child_seen_date();
  assessment->set_child_seen_alone(request.child_seen_alone());
  assessment->set_child_views(request.child_views());
  assessment->set_child_views_missing_reason(request.child_views_missing_reason());
  assessment->set_analysis(request.analysis());
  assessment->set_authorised_by(std::string(worker));
  *assessment->mutable_authorise_time() = TimeToProto(now);
  assessment->set_late_reason(request.late_reason());
  return absl::OkStatus();
}

}  // namespace trusthub::assessments
