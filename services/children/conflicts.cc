#include "services/children/conflicts.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/children/allocations.h"
#include "services/children/record_event.h"

namespace trusthub::children {
namespace {

// Index of every conflict by the agency that declared it.
constexpr char kAgencyIndex[] = "conflicts/agency";
// Index of those that last; its key names agency, child and worker. The agency too: what another
// one declared of a worker who moved must not show.
constexpr char kLiveIndex[] = "conflicts/live";

std::string LiveKey(absl::string_view agency, const v1::Conflict& conflict) {
  return absl::StrCat(agency, " ", conflict.child(), " ", conflict.worker());
}

absl::Status Tell(rpc::Call& call, const v1::Conflict& conflict, absl::Time occurred) {
  events::v1::Event event =
      ChangeOf(call, conflict, events::v1::EVENT_KIND_CONFLICT_CHANGED, occurred);
  events::v1::ConflictFact* fact = event.mutable_conflict();
  fact->set_conflict(conflict.name());
  fact->set_worker(conflict.worker());
  fact->set_kind(
      std::string(absl::StripPrefix(v1::ConflictKind_Name(conflict.kind()), "CONFLICT_KIND_")));
  if (conflict.has_end_time()) *fact->mutable_end_time() = conflict.end_time();
  return events::EmitAndApply(call.tx, event);
}

}  // namespace

absl::StatusOr<v1::DeclareConflictResponse> Conflicts::DeclareConflict(
    rpc::Call& call, const v1::DeclareConflictRequest& request) {
  v1::DeclareConflictResponse response;
  v1::Conflict* conflict = response.mutable_conflict();
  *conflict = request.conflict();
  const std::string& agency = call.caller.agency;
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Time occurred, rpc::SettleOccurrence(call, conflict));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::WorkerFact> worker,
                            events::WorkerFactOf(call.tx, conflict->worker()));
  if (!worker.has_value() || worker->agency() != agency) {
    return error::RequestInvalid(
        {{"conflict.worker", "must be a worker of your agency whom the directory holds"}});
  }
  const std::string live = LiveKey(agency, *conflict);
  TRUSTHUB_ASSIGN_OR_RETURN(const store::Page<v1::Conflict> declared,
                            call.tx.ListByIndex<v1::Conflict>(kLiveIndex, live, 0, 1));
  if (!declared.records.empty()) {
    return error::RecordExists("conflict", "your agency has declared it, and it lasts.");
  }
  TRUSTHUB_RETURN_IF_ERROR(
      call.tx.Create(conflict, agency, agency, {{kAgencyIndex, agency}, {kLiveIndex, live, true}}));
  TRUSTHUB_RETURN_IF_ERROR(Tell(call, *conflict, occurred));
  TRUSTHUB_RETURN_IF_ERROR(
      EndAllocationsOf(call, conflict->child(), conflict->worker(), "A conflict was declared."));
  return response;
}

absl::StatusOr<v1::EndConflictResponse> Conflicts::EndConflict(
    rpc::Call& call, const v1::EndConflictRequest& request) {
  v1::EndConflictResponse response;
  v1::Conflict* conflict = response.mutable_conflict();
  TRUSTHUB_ASSIGN_OR_RETURN(*conflict, call.tx.Get<v1::Conflict>(request.name()));
  if (conflict->owner_agency() != call.caller.agency) return error::RecordNotFound();
  if (conflict->worker() == call.caller.worker) {
    return error::RuleBroken(errors::v1::ERROR_REASON_SECOND_PERSON_MISSING,
                             "A conflict is ended by another worker than the one whom it binds.",
                             "Ask another guardian or governance lead of your agency.");
  }
  if (conflict->has_end_time()) return error::StateForbids("conflict", "ENDED", "ended again");
  *conflict->mutable_end_time() = TimeToProto(call.now);
  TRUSTHUB_RETURN_IF_ERROR(
      call.tx.Update(conflict, request.etag(), {{kAgencyIndex, conflict->owner_agency()}}));
  TRUSTHUB_RETURN_IF_ERROR(Tell(call, *conflict, call.now));
  return response;
}

absl::StatusOr<v1::ListConflictsResponse> Conflicts::ListConflicts(
    rpc::Call& call, const v1::ListConflictsRequest& request) {
  v1::ListConflictsResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::Conflict>(
      call, request,
      [&](std::int64_t after, int size) {
        return call.tx.ListByIndex<v1::Conflict>(kAgencyIndex, call.caller.agency, after, size);
      },
      response.mutable_conflicts(), response.mutable_next_page_token()));
  return response;
}

}  // namespace trusthub::children
