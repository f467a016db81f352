// File: disclosures.h
//
// AuditService.ListDisclosures, the same in every service: who was told what about a child by this
// service, for the officers of the agencies that answer for it, and as the child or a parent may be
// told.
#ifndef TRUSTHUB_COMMON_RPC_DISCLOSURES_H_
#define TRUSTHUB_COMMON_RPC_DISCLOSURES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/audit/pseudonyms.h"
#include "common/rpc/agreement_sets.h"
#include "common/rpc/call.h"
#include "common/rpc/subject_access.h"
#include "trusthub/audit/v1/audit_service.pb.h"

namespace trusthub::rpc {

class Disclosures {
 public:
  struct Options {
    std::string tree;        // this process's own audit tree, "auditTrees/{id}"
    std::string public_key;  // of the key that signs its heads, 32 bytes
    AgreementSets* agreements;
    audit::Pseudonyms* pseudonyms;
    SubjectAccess subject_access;
  };
  // What `options` points to outlives this.
  explicit Disclosures(Options options) : options_(std::move(options)) {}

  // Every line of the logs of all replicas that names the child and that the caller's agency
  // answers for (disclosure_rows.h), each with a proof against the head of the answer: one log
  // after the other, no page with lines of two. For the rights of subjects it leaves out what the
  // rules keep back that day, without a trace, and rests on fresh facts alone: PROJECTION_STALE.
  absl::StatusOr<audit::v1::ListDisclosuresResponse> ListDisclosures(
      Call& call, const audit::v1::ListDisclosuresRequest& request);

 private:
  const Options options_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_DISCLOSURES_H_
