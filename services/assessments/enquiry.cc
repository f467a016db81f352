#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/time/civil_date.h"
#include "services/assessments/assessments.h"
#include "services/assessments/conclusion.h"
#include "services/assessments/discussion_event.h"
#include "services/assessments/worker.h"

namespace trusthub::assessments {
namespace {

// Index of the enquiries in progress; its key names the discussion.
constexpr char kOpenIndex[] = "enquiries/open";

// The discussion that decided on enquiries about the child. BASIS_MISSING, in the same words, when
// it does not exist, is another council's or is about another child.
absl::StatusOr<v1::StrategyDiscussion> DiscussionToEnquire(store::Transaction& tx,
                                                           absl::string_view name,
                                                           absl::string_view council,
                                                           absl::string_view child) {
  absl::StatusOr<v1::StrategyDiscussion> discussion = tx.Get<v1::StrategyDiscussion>(name);
  if (!discussion.ok() && !absl::IsNotFound(discussion.status())) return discussion;
  if (!discussion.ok() || discussion->owner_agency() != council || discussion->child() != child) {
    return error::RuleBroken(
        errors::v1::ERROR_REASON_BASIS_MISSING,
        "An enquiry rests on a strategy discussion of your council about this child.",
        "Record the discussion first, or name the right one.");
  }
  if (!discussion->start_enquiry()) {
    return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                             "An enquiry starts when its strategy discussion decided so.",
                             "Hold another discussion when there is new cause for concern.");
  }
  return discussion;
}

absl::Status CheckNoneOpen(store::Transaction& tx, absl::string_view discussion) {
  TRUSTHUB_ASSIGN_OR_RETURN(const store::Page<v1::Enquiry> open,
                            tx.ListByIndex<v1::Enquiry>(kOpenIndex, discussion, 0, 1));
  if (open.records.empty()) return absl::OkStatus();
  return error::RecordExists("enquiry",
                             "A strategy discussion has one open enquiry; conclude it first.");
}

}  // namespace

absl::StatusOr<v1::StartEnquiryResponse> Assessments::StartEnquiry(
    rpc::Call& call, const v1::StartEnquiryRequest& request) {
  v1::StartEnquiryResponse response;
  v1::Enquiry* enquiry = response.mutable_enquiry();
  *enquiry = request.enquiry();
  TRUSTHUB_ASSIGN_OR_RETURN(const v1::StrategyDiscussion discussion,
                            DiscussionToEnquire(call.tx, enquiry->strategy_discussion(),
                                                call.caller.agency, enquiry->child()));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::WorkerFact> worker,
                            events::WorkerFactOf(call.tx, enquiry->lead_worker()));
  TRUSTHUB_RETURN_IF_ERROR(CheckMayLeadEnquiry(worker, call.caller.agency, LondonDay(call.now)));
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Time started, rpc::SettleOccurrence(call, enquiry));
  if (LondonDay(started) < LondonDay(TimeFromProto(discussion.occurred_at()))) {
    return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN,
                             "An enquiry may not start before the discussion that decided on it.",
                             "Correct occurred_at, or leave it out for now.");
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckNoneOpen(call.tx, discussion.name()));
  enquiry->set_state(v1::ENQUIRY_STATE_IN_PROGRESS);
  *enquiry->mutable_conference_due_date() = discussion.conference_due_date();
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(enquiry, call.caller.agency, call.caller.agency,
                                          {{kOpenIndex, discussion.name(), true}}));
  TRUSTHUB_RETURN_IF_ERROR(
      EmitEnquiry(call, events::v1::EVENT_KIND_ENQUIRY_STARTED, *enquiry, discussion));
  return response;
}

absl::StatusOr<v1::GetEnquiryResponse> Assessments::GetEnquiry(
    rpc::Call& call, const v1::GetEnquiryRequest& request) {
  v1::GetEnquiryResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_enquiry(), call.tx.Get<v1::Enquiry>(request.name()));
  return response;
}

absl::StatusOr<v1::ConcludeEnquiryResponse> Assessments::ConcludeEnquiry(
    rpc::Call& call, const v1::ConcludeEnquiryRequest& request) {
  v1::ConcludeEnquiryResponse response;
  v1::Enquiry* enquiry = response.mutable_enquiry();
  TRUSTHUB_ASSIGN_OR_RETURN(*enquiry, call.tx.Get<v1::Enquiry>(request.name()));
  if (enquiry->owner_agency() != call.caller.agency) return error::RecordNotFound();
  TRUSTHUB_ASSIGN_OR_RETURN(const v1::StrategyDiscussion discussion,
                            call.tx.Get<v1::StrategyDiscussion>(enquiry->strategy_discussion()));
  TRUSTHUB_RETURN_IF_ERROR(
      Conclude(request, call.now, LondonDay(TimeFromProto(discussion.occurred_at())), enquiry));
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(enquiry, request.etag()));
  TRUSTHUB_RETURN_IF_ERROR(
      EmitEnquiry(call, events::v1::EVENT_KIND_ENQUIRY_CONCLUDED, *enquiry, discussion));
  return response;
}

}  // namespace trusthub::assessments
