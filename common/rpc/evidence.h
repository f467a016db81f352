// File: evidence.h
//
// AuditService, the same in every service: the log of this replica, for auditors.
#ifndef TRUSTHUB_COMMON_RPC_EVIDENCE_H_
#define TRUSTHUB_COMMON_RPC_EVIDENCE_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "common/rpc/disclosures.h"
#include "common/rpc/routes.h"
#include "trusthub/audit/v1/audit_service.pb.h"

namespace trusthub::rpc {

class Evidence {
 public:
  // `public_key` is that of the key which signs this log's heads, 32 bytes.
  explicit Evidence(std::string public_key) : public_key_(std::move(public_key)) {}

  absl::StatusOr<audit::v1::GetTreeHeadResponse> GetTreeHead(
      Call& call, const audit::v1::GetTreeHeadRequest& request);
  absl::StatusOr<audit::v1::ListEntriesResponse> ListEntries(
      Call& call, const audit::v1::ListEntriesRequest& request);
  absl::StatusOr<audit::v1::GetInclusionProofResponse> GetInclusionProof(
      Call& call, const audit::v1::GetInclusionProofRequest& request);
  absl::StatusOr<audit::v1::GetConsistencyProofResponse> GetConsistencyProof(
      Call& call, const audit::v1::GetConsistencyProofRequest& request);

 private:
  const std::string public_key_;
};

Routes EvidenceRoutes(Evidence* evidence, Disclosures* disclosures);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_EVIDENCE_H_
