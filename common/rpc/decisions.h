// File: decisions.h
//
// DecisionsService, the same in every service: explains this service's own decisions later, as they
// were taken, and says who can see what of a child by this service's facts.
#ifndef TRUSTHUB_COMMON_RPC_DECISIONS_H_
#define TRUSTHUB_COMMON_RPC_DECISIONS_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/events/facts.h"
#include "common/rpc/agreement_sets.h"
#include "common/rpc/call.h"
#include "common/rpc/routes.h"
#include "trusthub/audit/v1/entry.pb.h"
#include "trusthub/policy/v1/decisions_service.pb.h"

namespace trusthub::rpc {

class Decisions {
 public:
  // `tree` is this process's own audit tree. `agreements` outlives this.
  Decisions(std::string tree, AgreementSets* agreements, events::StandingRules rules)
      : tree_(std::move(tree)), agreements_(*agreements), rules_(rules) {}

  // RECORD_NOT_FOUND for an entry that does not exist, is of another service, or is not the
  // caller's to ask about. A refusal with RECORD_NOT_FOUND is explained to its practitioner in the
  // same words and fields whether there was a record or not.
  absl::StatusOr<policy::v1::ExplainDecisionResponse> ExplainDecision(
      Call& call, const policy::v1::ExplainDecisionRequest& request);
  // Rows for every agency that the directory has told of. What an agency sees of the records that
  // it made or owns is its own and not listed: a row must not tell that there is such a record.
  absl::StatusOr<policy::v1::ListAccessResponse> ListAccess(
      Call& call, const policy::v1::ListAccessRequest& request);

 private:
  absl::StatusOr<audit::v1::AuditEntry> EntryOf(Call& call, const std::string& decision) const;

  const std::string tree_;
  AgreementSets& agreements_;
  const events::StandingRules rules_;
};

Routes DecisionsRoutes(Decisions* decisions);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_DECISIONS_H_
