// File: allocations.h
//
// Which worker a child is allocated to: the relation `allocated`, on which a social worker's fuller
// access rests. The record is of the agency that employs the worker.
#ifndef TRUSTHUB_SERVICES_CHILDREN_ALLOCATIONS_H_
#define TRUSTHUB_SERVICES_CHILDREN_ALLOCATIONS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/rpc/call.h"
#include "trusthub/children/v1/allocations_service.pb.h"

namespace trusthub::children {

// Thread-safe: holds nothing.
class Allocations {
 public:
  // REQUEST_INVALID unless the worker is of the caller's agency, has not left and has no conflict
  // with the child; RECORD_EXISTS while the child is allocated to that worker already.
  absl::StatusOr<v1::AllocateWorkerResponse> AllocateWorker(
      rpc::Call& call, const v1::AllocateWorkerRequest& request);
  // RECORD_NOT_FOUND for every agency but the owner; STATE_FORBIDS when it ended; ETAG_STALE.
  absl::StatusOr<v1::EndAllocationResponse> EndAllocation(rpc::Call& call,
                                                          const v1::EndAllocationRequest& request);
  // Of one child, by every agency, oldest first.
  absl::StatusOr<v1::ListAllocationsResponse> ListAllocations(
      rpc::Call& call, const v1::ListAllocationsRequest& request);
};

// Ends the live allocation of `child` to `worker`, whichever agency's it is, if there is one.
absl::Status EndAllocationsOf(rpc::Call& call, absl::string_view child, absl::string_view worker,
                              absl::string_view reason);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_ALLOCATIONS_H_
