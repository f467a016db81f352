#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/time/civil_date.h"
#include "services/assessments/assessments.h"
#include "services/assessments/discussion_event.h"
#include "services/assessments/quorum.h"
#include "services/assessments/worker.h"

namespace trusthub::assessments {
namespace {

// Kind of the participant's agency. BASIS_MISSING when the directory does not know the agency, or
// its worker as one of its own.
absl::StatusOr<std::string> KindOf(store::Transaction& tx, const v1::Participant& participant) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::AgencyFact> agency,
                            events::AgencyFactOf(tx, participant.agency()));
  if (!agency.has_value()) {
    return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                             "Every participant is of an agency of the directory.",
                             "Correct the participants' agencies.");
  }
  if (participant.worker().empty()) return agency->kind();
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::WorkerFact> worker,
                            events::WorkerFactOf(tx, participant.worker()));
  if (IsWorkerOf(worker, participant.agency())) return agency->kind();
  return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                           "A participant's worker is one of the participant's agency.",
                           "Correct the participants' workers, or leave them out.");
}

// The council that records a discussion is its children's services: it takes part itself.
absl::Status CheckParticipants(rpc::Call& call, const v1::StrategyDiscussion& discussion) {
  std::set<std::string> kinds;
  for (const v1::Participant& participant : discussion.participants()) {
    TRUSTHUB_ASSIGN_OR_RETURN(std::string kind, KindOf(call.tx, participant));
    // Another council beside it does not stand in for it.
    if (kind == "COUNCIL" && participant.agency() != call.caller.agency) continue;
    kinds.insert(std::move(kind));
  }
  return CheckQuorum(kinds);
}

}  // namespace

absl::StatusOr<v1::RecordStrategyDiscussionResponse> Assessments::RecordStrategyDiscussion(
    rpc::Call& call, const v1::RecordStrategyDiscussionRequest& request) {
  v1::RecordStrategyDiscussionResponse response;
  v1::StrategyDiscussion* discussion = response.mutable_strategy_discussion();
  *discussion = request.strategy_discussion();
  TRUSTHUB_RETURN_IF_ERROR(CheckParticipants(call, *discussion));
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Time held, rpc::SettleOccurrence(call, discussion));
  if (discussion->start_enquiry()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const timescales::Deadline deadline,
                              rpc::DeadlineFor(*rules_, "CP.ICPC", LondonDay(held)));
    *discussion->mutable_conference_due_date() = DateToProto(deadline.due);
  }
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(discussion, call.caller.agency, call.caller.agency));
  TRUSTHUB_RETURN_IF_ERROR(EmitDiscussion(call, *discussion));
  return response;
}

absl::StatusOr<v1::GetStrategyDiscussionResponse> Assessments::GetStrategyDiscussion(
    rpc::Call& call, const v1::GetStrategyDiscussionRequest& request) {
  v1::GetStrategyDiscussionResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_strategy_discussion(),
                            call.tx.Get<v1::StrategyDiscussion>(request.name()));
  return response;
}

}  // namespace trusthub::assessments
