#include "services/children/sharing_decisions.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/children/substance.h"

namespace trusthub::children {
namespace {

// Least length of a reasoning, as of a reason for emergency access (domain.md 6.6).
constexpr int kReasoningCharactersMin = 20;

std::optional<error::Violation> FaultOfReviewDate(const v1::SharingDecision& decision,
                                                  absl::CivilDay today) {
  constexpr char kField[] = "sharing_decision.review_date";
  if (!decision.has_review_date()) {
    if (decision.outcome() == v1::SHARING_OUTCOME_SHARED) return std::nullopt;
    return error::Violation{kField, "is required unless all was shared"};
  }
  return rpc::FaultOfReviewDate(kField, decision.review_date(), today);
}

std::vector<error::Violation> FaultsOf(const v1::SharingDecision& decision,
                                       absl::string_view own_agency, absl::CivilDay today) {
  std::vector<error::Violation> faults;
  if (CharactersIn(decision.reasoning()) < kReasoningCharactersMin ||
      IsFiller(decision.reasoning())) {
    faults.push_back(
        {"sharing_decision.reasoning",
         absl::StrCat("must say why in at least ", kReasoningCharactersMin, " characters")});
  }
  if (decision.to_agency() == own_agency) {
    faults.push_back({"sharing_decision.to_agency", "must be another agency"});
  }
  if (!decision.request_record().empty() && CollectionOf(decision.request_record()).empty()) {
    faults.push_back({"sharing_decision.request_record", "must be the name of a record"});
  }
  if (auto fault = FaultOfReviewDate(decision, today); fault.has_value()) {
    faults.push_back(*std::move(fault));
  }
  return faults;
}

absl::Status CheckRecipient(store::Transaction& tx, absl::string_view agency) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::AgencyFact> known,
                            events::AgencyFactOf(tx, agency));
  if (known.has_value()) return absl::OkStatus();
  return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                           "A decision about sharing names an agency of the directory.",
                           "List the agencies of the directory and name one of them.");
}

// Without the child, so that the event is the agency's own and the hub's: to others it would tell
// that there is something which is not shared.
void Tell(rpc::Call& call, const v1::SharingDecision& decision) {
  events::v1::Event event;
  event.set_kind(events::v1::EVENT_KIND_SHARING_DECIDED);
  event.set_record(decision.name());
  event.set_owner_agency(decision.owner_agency());
  event.set_author_agency(decision.author_agency());
  *event.mutable_occurred_at() = decision.occurred_at();
  call.tx.Emit(event);
}

}  // namespace

absl::StatusOr<v1::RecordSharingDecisionResponse> SharingDecisions::RecordSharingDecision(
    rpc::Call& call, const v1::RecordSharingDecisionRequest& request) {
  v1::RecordSharingDecisionResponse response;
  v1::SharingDecision& decision = *response.mutable_sharing_decision();
  decision = request.sharing_decision();
  const auto faults = FaultsOf(decision, call.caller.agency, LondonDay(call.now));
  if (!faults.empty()) return error::RequestInvalid(faults);
  TRUSTHUB_RETURN_IF_ERROR(CheckRecipient(call.tx, decision.to_agency()));
  TRUSTHUB_RETURN_IF_ERROR(rpc::SettleOccurrence(call, &decision).status());
  decision.set_decision_maker(call.caller.worker);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(&decision, call.caller.agency, call.caller.agency));
  Tell(call, decision);
  return response;
}

absl::StatusOr<v1::GetSharingDecisionResponse> SharingDecisions::GetSharingDecision(
    rpc::Call& call, const v1::GetSharingDecisionRequest& request) {
  v1::GetSharingDecisionResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_sharing_decision(),
                            call.tx.Get<v1::SharingDecision>(request.name()));
  return response;
}

absl::StatusOr<v1::ListSharingDecisionsResponse> SharingDecisions::ListSharingDecisions(
    rpc::Call& call, const v1::ListSharingDecisionsRequest& request) {
  v1::ListSharingDecisionsResponse response;
  const auto list = [&](std::int64_t after, int size) {
    return call.tx.ListByChild<v1::SharingDecision>(request.child(), after, size);
  };
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::SharingDecision>(call, request, list,
                                                              response.mutable_sharing_decisions(),
                                                              response.mutable_next_page_token()));
  return response;
}

}  // namespace trusthub::children
