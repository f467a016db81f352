// File: conflicts.h
//
// Which worker must not see which child: own family, a declared interest, a bar. It outweighs every
// agreement from the moment it is recorded, for every purpose; to the worker the child is then one
// that does not exist. The record is of the agency that declared it, for its governance alone.
#ifndef TRUSTHUB_SERVICES_CHILDREN_CONFLICTS_H_
#define TRUSTHUB_SERVICES_CHILDREN_CONFLICTS_H_

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "trusthub/children/v1/allocations_service.pb.h"

namespace trusthub::children {

// Thread-safe: holds nothing.
class Conflicts {
 public:
  // Ends a live allocation of the worker in the same commit. REQUEST_INVALID unless the worker is
  // of the caller's agency; who has left may come back, so leavers count. RECORD_EXISTS while the
  // agency has declared the same already.
  //
  // The caller's agency needs no relationship with the child: a worker's own family lives anywhere.
  // So whether the hub has the child is not looked at, and the answer is the same in either case;
  // to refuse a name that is no child's would be to tell which are. A conflict with nobody binds
  // nobody.
  absl::StatusOr<v1::DeclareConflictResponse> DeclareConflict(
      rpc::Call& call, const v1::DeclareConflictRequest& request);
  // RECORD_NOT_FOUND for every agency but the one that declared it; STATE_FORBIDS when it ended;
  // SECOND_PERSON_MISSING for the worker whom it binds; ETAG_STALE.
  absl::StatusOr<v1::EndConflictResponse> EndConflict(rpc::Call& call,
                                                      const v1::EndConflictRequest& request);
  // Those that the caller's agency declared, oldest first.
  absl::StatusOr<v1::ListConflictsResponse> ListConflicts(rpc::Call& call,
                                                          const v1::ListConflictsRequest& request);
};

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_CONFLICTS_H_
