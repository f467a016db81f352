// File: legal_holds.h
//
// Legal holds: while one is in force nothing of the child is destroyed, whatever schedules say.
// They end when somebody of the agency that placed them lifts them, never by themselves.
#ifndef TRUSTHUB_SERVICES_CHILDREN_RETENTION_LEGAL_HOLDS_H_
#define TRUSTHUB_SERVICES_CHILDREN_RETENTION_LEGAL_HOLDS_H_

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "trusthub/retention/v1/retention_service.pb.h"

namespace trusthub::children {

// Thread-safe: holds no state beside the store.
class LegalHolds {
 public:
  // REQUEST_INVALID unless the review date lies ahead, by two years at most. STATE_FORBIDS once the
  // destruction was ordered.
  absl::StatusOr<retention::v1::PlaceLegalHoldResponse> PlaceLegalHold(
      rpc::Call& call, const retention::v1::PlaceLegalHoldRequest& request);
  // RECORD_NOT_FOUND for another agency's. STATE_FORBIDS when it was lifted before.
  absl::StatusOr<retention::v1::ReleaseLegalHoldResponse> ReleaseLegalHold(
      rpc::Call& call, const retention::v1::ReleaseLegalHoldRequest& request);
  absl::StatusOr<retention::v1::ListLegalHoldsResponse> ListLegalHolds(
      rpc::Call& call, const retention::v1::ListLegalHoldsRequest& request);
};

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_RETENTION_LEGAL_HOLDS_H_
