#include "services/plans/placements.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/relations.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/plans/placement_rules.h"

namespace trusthub::plans {
namespace {

// Index that holds the one placement that lasts; every version of such a placement carries the key.
constexpr char kOpenPlacementIndex[] = "placements/open";

absl::Status CheckResponsible(const rpc::Call& call, absl::string_view child) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto facts, events::ChildFactsOf(call.tx, child));
  const std::uint32_t relations = events::RelationsOf(facts, call.caller.agency, call.now);
  if ((relations & policy::kResponsible) != 0) return absl::OkStatus();
  return error::MethodNotPermitted("placements.record");
}

absl::Status CheckPlacement(const rpc::Call& call, const v1::Placement& placement) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto council, events::AgencyFactOf(call.tx, call.caller.agency));
  Placing placing;
  placing.council = call.caller.agency;
  if (council.has_value()) placing.own_area = council->local_authority_code();
  placing.today = LondonDay(call.now);
  if (!placement.approved_by().empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(placing.approver,
                              events::WorkerFactOf(call.tx, placement.approved_by()));
  }
  const std::vector<error::Violation> violations = ViolationsOf(placement, placing);
  return violations.empty() ? absl::OkStatus() : error::RequestInvalid(violations);
}

absl::Status EndOpenPlacement(rpc::Call& call, const v1::Placement& next) {
  TRUSTHUB_ASSIGN_OR_RETURN(
      store::Page<v1::Placement> open,
      call.tx.ListByIndex<v1::Placement>(kOpenPlacementIndex, next.child(), 0, 1));
  if (open.records.empty()) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay start, DateFromProto(next.start_date()));
  v1::Placement& last = open.records.front();
  TRUSTHUB_RETURN_IF_ERROR(EndForNext(start, &last));
  // Without its key the child is free for the next.
  return call.tx.UpdateNewest(&last);
}

// Says that the child is looked after, since when in this placement; neither where nor of which
// kind it is.
absl::Status TellPlacement(rpc::Call& call, const v1::Placement& placement) {
  events::v1::Event event;
  event.set_kind(events::v1::EVENT_KIND_PLACEMENT_RECORDED);
  event.set_child(placement.child());
  event.set_record(placement.name());
  event.set_owner_agency(placement.owner_agency());
  event.set_author_agency(call.caller.agency);
  *event.mutable_occurred_at() = placement.occurred_at();
  event.mutable_plan()->set_kind("LOOKED_AFTER");
  *event.mutable_plan()->mutable_start_date() = placement.start_date();
  return events::EmitAndApply(call.tx, event);
}

}  // namespace

absl::StatusOr<v1::RecordPlacementResponse> Placements::RecordPlacement(
    rpc::Call& call, const v1::RecordPlacementRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(CheckResponsible(call, request.placement().child()));
  TRUSTHUB_RETURN_IF_ERROR(CheckPlacement(call, request.placement()));
  v1::RecordPlacementResponse response;
  v1::Placement& placement = *response.mutable_placement();
  placement = request.placement();
  TRUSTHUB_RETURN_IF_ERROR(rpc::SettleOccurrence(call, &placement).status());
  KeepAdoptionApart(&placement);
  TRUSTHUB_RETURN_IF_ERROR(EndOpenPlacement(call, placement));
  TRUSTHUB_RETURN_IF_ERROR(
      call.tx.Create(&placement, call.caller.agency, call.caller.agency,
                     {{kOpenPlacementIndex, placement.child(), /*unique=*/true}}));
  TRUSTHUB_RETURN_IF_ERROR(TellPlacement(call, placement));
  return response;
}

absl::StatusOr<v1::GetPlacementResponse> Placements::GetPlacement(
    rpc::Call& call, const v1::GetPlacementRequest& request) {
  v1::GetPlacementResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_placement(),
                            call.tx.Get<v1::Placement>(request.name()));
  return response;
}

absl::StatusOr<v1::ListPlacementsResponse> Placements::ListPlacements(
    rpc::Call& call, const v1::ListPlacementsRequest& request) {
  v1::ListPlacementsResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::Placement>(
      call, request,
      [&](std::int64_t after, int size) {
        return call.tx.ListByChild<v1::Placement>(request.child(), after, size);
      },
      response.mutable_placements(), response.mutable_next_page_token()));
  return response;
}

}  // namespace trusthub::plans
