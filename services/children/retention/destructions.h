// File: destructions.h
//
// The destruction of a child's records: due by every schedule and held back by nothing, approved by
// two people, ordered, carried out by each service on its own, certified, and told to everyone who
// had received something. What is left of the child is a name that leads to nobody.
//
//   PROPOSED --two approvals--> APPROVED --order--> ORDERED --every service--> DESTROYED
//
// From ORDERED on it needs nobody: services take the order up from the stream of events, after a
// crash where they were. The children service, which knows the way to all records, goes last.
#ifndef TRUSTHUB_SERVICES_CHILDREN_RETENTION_DESTRUCTIONS_H_
#define TRUSTHUB_SERVICES_CHILDREN_RETENTION_DESTRUCTIONS_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/rpc/call.h"
#include "common/rpc/erasure.h"
#include "services/children/retention/examination.h"
#include "trusthub/events/v1/event.pb.h"
#include "trusthub/retention/v1/retention_service.pb.h"

namespace trusthub::children {

// Thread-safe: holds no state beside the store.
class Destructions {
 public:
  Destructions(std::shared_ptr<const Examiner> examiner,
               std::shared_ptr<const rpc::Erasure> erasure)
      : examiner_(std::move(examiner)), erasure_(std::move(erasure)) {}

  absl::StatusOr<retention::v1::ExamineRetentionResponse> ExamineRetention(
      rpc::Call& call, const retention::v1::ExamineRetentionRequest& request);
  // Children for whom the caller's agency answers and of whom the index is over, in the order of
  // their registration.
  absl::StatusOr<retention::v1::ListDueChildrenResponse> ListDueChildren(
      rpc::Call& call, const retention::v1::ListDueChildrenRequest& request);
  // RECORD_NOT_FOUND unless the caller's agency answers for the child; RETENTION_NOT_OVER and
  // LEGAL_HOLD while something holds it back; RECORD_EXISTS when it is under way.
  absl::StatusOr<retention::v1::ProposeDestructionResponse> ProposeDestruction(
      rpc::Call& call, const retention::v1::ProposeDestructionRequest& request);
  // STATE_FORBIDS unless proposed; SECOND_PERSON_MISSING for a worker who approved before.
  absl::StatusOr<retention::v1::ApproveDestructionResponse> ApproveDestruction(
      rpc::Call& call, const retention::v1::ApproveDestructionRequest& request);
  // STATE_FORBIDS unless two approved. Examines everything again.
  absl::StatusOr<retention::v1::OrderDestructionResponse> OrderDestruction(
      rpc::Call& call, const retention::v1::OrderDestructionRequest& request);
  absl::StatusOr<retention::v1::GetDestructionResponse> GetDestruction(
      rpc::Call& call, const retention::v1::GetDestructionRequest& request);
  absl::StatusOr<retention::v1::ListDestructionsResponse> ListDestructions(
      rpc::Call& call, const retention::v1::ListDestructionsRequest& request);

  // Takes up RECORDS_DESTROYED of another service; the last one destroys what is kept here, closes
  // the record and tells receivers, in one transaction. Every other event does nothing.
  absl::Status ApplyEvent(store::Transaction& tx, const events::v1::Event& event) const;

 private:
  absl::Status Complete(store::Transaction& tx, retention::v1::Destruction* destruction) const;

  const std::shared_ptr<const Examiner> examiner_;
  const std::shared_ptr<const rpc::Erasure> erasure_;
};

// The destruction of `child` that is under way or was carried out.
absl::StatusOr<std::optional<retention::v1::Destruction>> DestructionOf(store::Transaction& tx,
                                                                        absl::string_view child);
// Whether it was ordered, and so cannot be held back.
absl::StatusOr<bool> IsOrdered(store::Transaction& tx, absl::string_view child);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_RETENTION_DESTRUCTIONS_H_
