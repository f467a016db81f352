// File: plans.h
//
// Conferences and the plans they make. A plan begins, is reviewed and ends by a conference, never
// by itself; a child has at most one plan in force.
#ifndef TRUSTHUB_SERVICES_PLANS_PLANS_H_
#define TRUSTHUB_SERVICES_PLANS_PLANS_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "common/timescales/rules.h"
#include "services/plans/conference_rules.h"
#include "trusthub/plans/v1/plans_service.pb.h"

namespace trusthub::plans {

// The child's child protection plan in force.
absl::StatusOr<std::optional<v1::Plan>> OpenPlanOf(store::Transaction& tx, absl::string_view child);

// Thread-safe: holds nothing that changes. The council of a conference is the caller's agency; only
// the council that owns a plan changes it (METHOD_NOT_PERMITTED otherwise).
class Plans {
 public:
  explicit Plans(std::shared_ptr<const timescales::Rules> rules) : rules_(std::move(rules)) {}

  // INITIAL: REQUEST_INVALID, DATE_FORBIDDEN, BASIS_MISSING, QUORUM_MISSING, RECORD_EXISTS when a
  // plan is needed and the child has one in force. REVIEW: BASIS_MISSING when the child has none.
  absl::StatusOr<v1::RecordConferenceResponse> RecordConference(
      rpc::Call& call, const v1::RecordConferenceRequest& request);
  absl::StatusOr<v1::GetConferenceResponse> GetConference(rpc::Call& call,
                                                          const v1::GetConferenceRequest& request);
  absl::StatusOr<v1::GetPlanResponse> GetPlan(rpc::Call& call, const v1::GetPlanRequest& request);
  absl::StatusOr<v1::ListPlansResponse> ListPlans(rpc::Call& call,
                                                  const v1::ListPlansRequest& request);
  // STATE_FORBIDS, DATE_FORBIDDEN, RECORD_EXISTS, ETAG_STALE.
  absl::StatusOr<v1::RecordCoreGroupResponse> RecordCoreGroup(
      rpc::Call& call, const v1::RecordCoreGroupRequest& request);
  // The actions of the plan in force, each a record of the agency that does it.
  absl::StatusOr<v1::ListOwnActionsResponse> ListOwnActions(
      rpc::Call& call, const v1::ListOwnActionsRequest& request);
  // STATE_FORBIDS, BASIS_MISSING, DATE_FORBIDDEN, ETAG_STALE.
  absl::StatusOr<v1::EndPlanResponse> EndPlan(rpc::Call& call, const v1::EndPlanRequest& request);

 private:
  // Both write the conference, and the plan when there is one to write.
  absl::Status RecordInitial(rpc::Call& call, const v1::RecordConferenceRequest& request,
                             absl::CivilDay held, v1::RecordConferenceResponse* response);
  absl::Status RecordReview(rpc::Call& call, const v1::RecordConferenceRequest& request,
                            absl::CivilDay held, v1::RecordConferenceResponse* response);

  std::shared_ptr<const timescales::Rules> rules_;
};

}  // namespace trusthub::plans

#endif  // TRUSTHUB_SERVICES_PLANS_PLANS_H_
