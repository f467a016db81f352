// File: evidence.h
//
// AuditService, the same in every service: the logs of all its replicas, for auditors and
// witnesses. All are signed by one key.
#ifndef TRUSTHUB_COMMON_RPC_EVIDENCE_H_
#define TRUSTHUB_COMMON_RPC_EVIDENCE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "common/rpc/disclosures.h"
#include "common/rpc/routes.h"
#include "common/rpc/witness_rules.h"
#include "common/time/clock.h"
#include "trusthub/audit/v1/audit_service.pb.h"

namespace trusthub::rpc {

class Evidence {
 public:
  // `public_key` is that of the key which signs the logs' heads, 32 bytes; `real` says whether a
  // cosignature is new, and outlives this.
  explicit Evidence(std::string public_key, WitnessRules witnesses = {},
                    const Clock* real = &RealClock())
      : public_key_(std::move(public_key)), witnesses_(std::move(witnesses)), real_(*real) {}

  absl::StatusOr<audit::v1::ListTreesResponse> ListTrees(
      Call& call, const audit::v1::ListTreesRequest& request);
  absl::StatusOr<audit::v1::GetTreeHeadResponse> GetTreeHead(
      Call& call, const audit::v1::GetTreeHeadRequest& request);
  absl::StatusOr<audit::v1::ListEntriesResponse> ListEntries(
      Call& call, const audit::v1::ListEntriesRequest& request);
  absl::StatusOr<audit::v1::GetInclusionProofResponse> GetInclusionProof(
      Call& call, const audit::v1::GetInclusionProofRequest& request);
  absl::StatusOr<audit::v1::GetConsistencyProofResponse> GetConsistencyProof(
      Call& call, const audit::v1::GetConsistencyProofRequest& request);
  absl::StatusOr<audit::v1::AddCosignatureResponse> AddCosignature(
      Call& call, const audit::v1::AddCosignatureRequest& request);

 private:
  absl::Status CheckWitness(const Call& call,
                            const audit::v1::AddCosignatureRequest& request) const;
  // That the head is of one of the logs: signed by its key, with the root that the log has at that
  // size.
  absl::Status CheckHead(Call& call, const audit::v1::TreeHead& head) const;

  const std::string public_key_;
  const WitnessRules witnesses_;
  const Clock& real_;
};

Routes EvidenceRoutes(Evidence* evidence, Disclosures* disclosures);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_EVIDENCE_H_
