#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/assessments/common_assessments.h"
#include "services/assessments/consent_basis.h"

namespace trusthub::assessments {
namespace {

// Kind of the caller's agency by the directory; "" when it has not been heard of.
absl::StatusOr<std::string> KindOfCaller(rpc::Call& call) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::AgencyFact> agency,
                            events::AgencyFactOf(call.tx, call.caller.agency));
  return agency.has_value() ? agency->kind() : std::string();
}

absl::Status CheckLeadProfessional(store::Transaction& tx, absl::string_view worker) {
  if (worker.empty()) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::WorkerFact> known,
                            events::WorkerFactOf(tx, worker));
  if (known.has_value()) return absl::OkStatus();
  return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                           "A lead professional is a worker of an agency of the directory.",
                           "Name a worker whom the directory knows, or leave it out.");
}

absl::Status CheckFeedbackDate(const types::v1::Date& date, const v1::CommonAssessment& assessment,
                               absl::CivilDay today) {
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay day, rpc::FullDay("feedback_date", date));
  if (day > today) {
    return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN,
                             "feedback_date may not lie in the future.",
                             "Tell the family, then record the day on which they were told.");
  }
  if (day < LondonDay(TimeFromProto(assessment.occurred_at()))) {
    return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN,
                             "feedback_date may not lie before the assessment.",
                             "Record the day on which the family was told of the decision.");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::OpenCommonAssessmentResponse> CommonAssessments::OpenCommonAssessment(
    rpc::Call& call, const v1::OpenCommonAssessmentRequest& request) {
  v1::OpenCommonAssessmentResponse response;
  v1::CommonAssessment* assessment = response.mutable_common_assessment();
  *assessment = request.common_assessment();
  TRUSTHUB_ASSIGN_OR_RETURN(const internal::v1::ChildFacts facts,
                            events::ChildFactsOf(call.tx, assessment->child()));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string kind, KindOfCaller(call));
  TRUSTHUB_RETURN_IF_ERROR(
      CheckConsentToOpen(assessment->consent(), facts, {call.caller.agency, kind}, call.now));
  TRUSTHUB_RETURN_IF_ERROR(CheckLeadProfessional(call.tx, assessment->lead_professional()));
  TRUSTHUB_RETURN_IF_ERROR(rpc::SettleOccurrence(call, assessment).status());
  assessment->set_state(v1::COMMON_ASSESSMENT_STATE_OPEN);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(assessment, call.caller.agency, call.caller.agency));
  return response;
}

absl::StatusOr<v1::GetCommonAssessmentResponse> CommonAssessments::GetCommonAssessment(
    rpc::Call& call, const v1::GetCommonAssessmentRequest& request) {
  v1::GetCommonAssessmentResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_common_assessment(),
                            call.tx.Get<v1::CommonAssessment>(request.name()));
  return response;
}

absl::StatusOr<v1::ListCommonAssessmentsResponse> CommonAssessments::ListCommonAssessments(
    rpc::Call& call, const v1::ListCommonAssessmentsRequest& request) {
  v1::ListCommonAssessmentsResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::CommonAssessment>(
      call, request,
      [&](std::int64_t after, int size) {
        return call.tx.ListByChild<v1::CommonAssessment>(request.child(), after, size);
      },
      response.mutable_common_assessments(), response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<v1::RecordPanelDecisionResponse> CommonAssessments::RecordPanelDecision(
    rpc::Call& call, const v1::RecordPanelDecisionRequest& request) {
  v1::RecordPanelDecisionResponse response;
  v1::CommonAssessment* assessment = response.mutable_common_assessment();
  TRUSTHUB_ASSIGN_OR_RETURN(*assessment, call.tx.Get<v1::CommonAssessment>(request.name()));
  if (assessment->state() != v1::COMMON_ASSESSMENT_STATE_OPEN) {
    return error::StateForbids(
        "common assessment",
        absl::StripPrefix(v1::CommonAssessmentState_Name(assessment->state()),
                          "COMMON_ASSESSMENT_STATE_"),
        "decided by a panel");
  }
  // A consent that was renewed since is as good as the first.
  TRUSTHUB_ASSIGN_OR_RETURN(const internal::v1::ChildFacts facts,
                            events::ChildFactsOf(call.tx, assessment->child()));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string kind, KindOfCaller(call));
  TRUSTHUB_RETURN_IF_ERROR(CheckConsentToDecide(facts, {call.caller.agency, kind}, call.now));
  TRUSTHUB_RETURN_IF_ERROR(
      CheckFeedbackDate(request.feedback_date(), *assessment, LondonDay(call.now)));
  assessment->set_state(v1::COMMON_ASSESSMENT_STATE_PANEL_DECIDED);
  assessment->set_panel_decision(request.panel_decision());
  *assessment->mutable_feedback_date() = request.feedback_date();
  assessment->set_family_feedback(request.family_feedback());
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(assessment, request.etag()));
  return response;
}

}  // namespace trusthub::assessments
