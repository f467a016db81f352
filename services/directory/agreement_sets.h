// File: agreement_sets.h
//
// Sets of sharing agreements: proposed, signed by a second person of a second agency, put in force
// in every service at once, and brought back. Until a first set is activated the one of the
// configured folder is in force; it has no record until another takes its place.
#ifndef TRUSTHUB_SERVICES_DIRECTORY_AGREEMENT_SETS_H_
#define TRUSTHUB_SERVICES_DIRECTORY_AGREEMENT_SETS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "common/policy/policy.h"
#include "common/rpc/call.h"
#include "trusthub/policy/v1/agreement_sets_service.pb.h"

namespace trusthub::directory {

// Thread-safe: holds no state beside the store.
class AgreementSets {
 public:
  // `folder`: the files that are in force while no set was ever activated.
  explicit AgreementSets(std::vector<policy::AgreementText> folder);

  // Compiles the files and signs for the proposer. REQUEST_INVALID with `file:line` for what does
  // not compile; RECORD_EXISTS for a version that is proposed, signed or in force. Says how many
  // cells of access are gained and lost against the set now in force.
  absl::StatusOr<policy::v1::ProposeAgreementSetResponse> ProposeAgreementSet(
      rpc::Call& call, const policy::v1::ProposeAgreementSetRequest& request);
  // STATE_FORBIDS unless proposed; SECOND_PERSON_MISSING for a worker or an agency that signed.
  absl::StatusOr<policy::v1::SignAgreementSetResponse> SignAgreementSet(
      rpc::Call& call, const policy::v1::SignAgreementSetRequest& request);
  // Puts a signed set in force, or one that was before. STATE_FORBIDS for any other and for files
  // that are in force already; BASIS_MISSING when the files no longer compile, or would leave the
  // caller without the right to bring the former set back. Emits AGREEMENTS_ACTIVATED.
  absl::StatusOr<policy::v1::ActivateAgreementSetResponse> ActivateAgreementSet(
      rpc::Call& call, const policy::v1::ActivateAgreementSetRequest& request);
  absl::StatusOr<policy::v1::GetAgreementSetResponse> GetAgreementSet(
      rpc::Call& call, const policy::v1::GetAgreementSetRequest& request);
  // In order of creation, without their files.
  absl::StatusOr<policy::v1::ListAgreementSetsResponse> ListAgreementSets(
      rpc::Call& call, const policy::v1::ListAgreementSetsRequest& request);

 private:
  // The set in force: its record, or the folder's with no name.
  absl::StatusOr<policy::v1::AgreementSet> InForce(store::Transaction& tx) const;
  // Keeps what was in force so that it can be brought back.
  absl::Status Supersede(rpc::Call& call, policy::v1::AgreementSet set) const;

  const std::vector<policy::AgreementText> folder_;
};

}  // namespace trusthub::directory

#endif  // TRUSTHUB_SERVICES_DIRECTORY_AGREEMENT_SETS_H_
