// File: placements.h
//
// Where looked after children live. A child lives in one place at a time: a new placement ends the
// one before it.
#ifndef TRUSTHUB_SERVICES_PLANS_PLACEMENTS_H_
#define TRUSTHUB_SERVICES_PLANS_PLACEMENTS_H_

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "trusthub/plans/v1/placements_service.pb.h"

namespace trusthub::plans {

// Thread-safe: holds nothing.
class Placements {
 public:
  // METHOD_NOT_PERMITTED unless the caller's agency is responsible for the child; REQUEST_INVALID
  // (see placement_rules.h); DATE_FORBIDDEN when it starts before the open one.
  absl::StatusOr<v1::RecordPlacementResponse> RecordPlacement(
      rpc::Call& call, const v1::RecordPlacementRequest& request);
  absl::StatusOr<v1::GetPlacementResponse> GetPlacement(rpc::Call& call,
                                                        const v1::GetPlacementRequest& request);
  // Oldest first.
  absl::StatusOr<v1::ListPlacementsResponse> ListPlacements(
      rpc::Call& call, const v1::ListPlacementsRequest& request);
};

}  // namespace trusthub::plans

#endif  // TRUSTHUB_SERVICES_PLANS_PLACEMENTS_H_
