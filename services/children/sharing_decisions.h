// File: sharing_decisions.h
//
// Decisions to share or not to share that people took outside the hub, with their reasons, and
// refusals between agencies. Recorded by who took them; never changed.
#ifndef TRUSTHUB_SERVICES_CHILDREN_SHARING_DECISIONS_H_
#define TRUSTHUB_SERVICES_CHILDREN_SHARING_DECISIONS_H_

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "trusthub/children/v1/sharing_decisions_service.pb.h"

namespace trusthub::children {

// Stateless; thread-safe.
class SharingDecisions {
 public:
  // The decision maker is the caller; the record is the caller's agency's. REQUEST_INVALID for
  // reasoning of less than 20 characters, a review date that is missing though not all was shared,
  // or one that does not lie within the next twelve months; BASIS_MISSING for an agency that the
  // directory does not have. Emits SHARING_DECIDED, which says that the agency took a decision, not
  // about whom.
  absl::StatusOr<v1::RecordSharingDecisionResponse> RecordSharingDecision(
      rpc::Call& call, const v1::RecordSharingDecisionRequest& request);
  absl::StatusOr<v1::GetSharingDecisionResponse> GetSharingDecision(
      rpc::Call& call, const v1::GetSharingDecisionRequest& request);
  // Of a child, oldest first.
  absl::StatusOr<v1::ListSharingDecisionsResponse> ListSharingDecisions(
      rpc::Call& call, const v1::ListSharingDecisionsRequest& request);
};

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_SHARING_DECISIONS_H_
