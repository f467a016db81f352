#include "services/children/allocations.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/children/record_event.h"

namespace trusthub::children {
namespace {

// Index of the allocations that last; its key names child and worker.
constexpr char kLiveIndex[] = "allocations/live";

std::string LiveKey(absl::string_view child, absl::string_view worker) {
  return absl::StrCat(child, " ", worker);
}

absl::StatusOr<std::optional<v1::Allocation>> LiveAllocation(store::Transaction& tx,
                                                             absl::string_view child,
                                                             absl::string_view worker) {
  TRUSTHUB_ASSIGN_OR_RETURN(
      store::Page<v1::Allocation> page,
      tx.ListByIndex<v1::Allocation>(kLiveIndex, LiveKey(child, worker), 0, 1));
  if (page.records.empty()) return std::optional<v1::Allocation>();
  return std::optional<v1::Allocation>(std::move(page.records.front()));
}

// The last day in service is worked; one that is not wholly known has come.
bool HasLeft(const events::v1::WorkerFact& worker, absl::CivilDay today) {
  if (!worker.has_leave_date()) return false;
  const absl::StatusOr<absl::CivilDay> last = DateFromProto(worker.leave_date());
  return !last.ok() || *last < today;
}

absl::StatusOr<bool> MayBeAllocated(rpc::Call& call, const v1::Allocation& allocation) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::WorkerFact> worker,
                            events::WorkerFactOf(call.tx, allocation.worker()));
  TRUSTHUB_ASSIGN_OR_RETURN(const internal::v1::ChildFacts facts,
                            events::ChildFactsOf(call.tx, allocation.child()));
  if (!worker.has_value() || worker->agency() != call.caller.agency) return false;
  const events::Seeker seeker{.agency = call.caller.agency,
                              .agency_kind = "",
                              .worker = allocation.worker(),
                              .purpose = call.purpose};
  return !HasLeft(*worker, LondonDay(call.now)) &&
         !events::StandingOf(facts, seeker, call.now, {}).conflicted;
}

absl::Status Tell(rpc::Call& call, const v1::Allocation& allocation, absl::Time occurred) {
  events::v1::Event event =
      ChangeOf(call, allocation, events::v1::EVENT_KIND_ALLOCATION_CHANGED, occurred);
  events::v1::AllocationFact* fact = event.mutable_allocation();
  fact->set_allocation(allocation.name());
  fact->set_worker(allocation.worker());
  fact->set_agency(allocation.owner_agency());
  *fact->mutable_start_time() = allocation.start_time();
  if (allocation.has_end_time()) *fact->mutable_end_time() = allocation.end_time();
  return events::EmitAndApply(call.tx, event);
}

void End(absl::string_view reason, absl::Time now, v1::Allocation* allocation) {
  *allocation->mutable_end_time() = TimeToProto(now);
  allocation->set_end_reason(std::string(reason));
}

}  // namespace

absl::StatusOr<v1::AllocateWorkerResponse> Allocations::AllocateWorker(
    rpc::Call& call, const v1::AllocateWorkerRequest& request) {
  v1::AllocateWorkerResponse response;
  v1::Allocation* allocation = response.mutable_allocation();
  *allocation = request.allocation();
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Time started, rpc::SettleOccurrence(call, allocation));
  TRUSTHUB_ASSIGN_OR_RETURN(const bool may, MayBeAllocated(call, *allocation));
  if (!may) {
    // One rule for all reasons: who allocates need not learn of a colleague's conflict.
    return error::RequestInvalid(
        {{"allocation.worker",
          "must be a worker of your agency whom the directory holds, who has not left and who may "
          "work with this child"}});
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<v1::Allocation> live,
                            LiveAllocation(call.tx, allocation->child(), allocation->worker()));
  if (live.has_value()) {
    return error::RecordExists("allocation", "a child is allocated to a worker once at a time.");
  }
  *allocation->mutable_start_time() = TimeToProto(started);
  TRUSTHUB_RETURN_IF_ERROR(
      call.tx.Create(allocation, call.caller.agency, call.caller.agency,
                     {{kLiveIndex, LiveKey(allocation->child(), allocation->worker()), true}}));
  TRUSTHUB_RETURN_IF_ERROR(Tell(call, *allocation, started));
  return response;
}

absl::StatusOr<v1::EndAllocationResponse> Allocations::EndAllocation(
    rpc::Call& call, const v1::EndAllocationRequest& request) {
  v1::EndAllocationResponse response;
  v1::Allocation* allocation = response.mutable_allocation();
  TRUSTHUB_ASSIGN_OR_RETURN(*allocation, call.tx.Get<v1::Allocation>(request.name()));
  // Others may see who works with the child, and end nothing of it.
  if (allocation->owner_agency() != call.caller.agency) return error::RecordNotFound();
  if (allocation->has_end_time()) {
    return error::StateForbids("allocation", "ENDED", "ended again");
  }
  End(request.end_reason(), call.now, allocation);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(allocation, request.etag()));
  TRUSTHUB_RETURN_IF_ERROR(Tell(call, *allocation, call.now));
  return response;
}

absl::StatusOr<v1::ListAllocationsResponse> Allocations::ListAllocations(
    rpc::Call& call, const v1::ListAllocationsRequest& request) {
  v1::ListAllocationsResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::Allocation>(
      call, request,
      [&](std::int64_t after, int size) {
        return call.tx.ListByChild<v1::Allocation>(request.child(), after, size);
      },
      response.mutable_allocations(), response.mutable_next_page_token()));
  return response;
}

absl::Status EndAllocationsOf(rpc::Call& call, absl::string_view child, absl::string_view worker,
                              absl::string_view reason) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::optional<v1::Allocation> live,
                            LiveAllocation(call.tx, child, worker));
  if (!live.has_value()) return absl::OkStatus();
  End(reason, call.now, &*live);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.UpdateNewest(&*live));
  return Tell(call, *live, call.now);
}

}  // namespace trusthub::children
