// File: referrals.h
//
// Referrals and contacts: what agencies tell the council about a child, and what the council
// decides. Every handler runs after the pipeline checked the caller, the request's fields and the
// caller's relation to the subject; only domain rules are left.
#ifndef TRUSTHUB_SERVICES_REFERRALS_REFERRALS_H_
#define TRUSTHUB_SERVICES_REFERRALS_REFERRALS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "common/timescales/rules.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::referrals {

// Stateless beside its rules; thread-safe.
class Referrals {
 public:
  explicit Referrals(std::shared_ptr<const timescales::Rules> rules);

  // BASIS_MISSING unless `to_agency` is a council; DATE_FORBIDDEN for a receipt too far ahead.
  absl::StatusOr<v1::SubmitReferralResponse> SubmitReferral(
      rpc::Call& call, const v1::SubmitReferralRequest& request);
  absl::StatusOr<v1::GetReferralResponse> GetReferral(rpc::Call& call,
                                                      const v1::GetReferralRequest& request);
  // Oldest first.
  absl::StatusOr<v1::ListReferralsResponse> ListReferrals(rpc::Call& call,
                                                          const v1::ListReferralsRequest& request);
  // RECORD_NOT_FOUND for every agency but the council that received it; STATE_FORBIDS when decided;
  // LATE_REASON_MISSING after the due date without a reason.
  absl::StatusOr<v1::DecideReferralResponse> DecideReferral(
      rpc::Call& call, const v1::DecideReferralRequest& request);
  // BASIS_MISSING unless `to_agency` is a council; REQUEST_INVALID for a police incident without a
  // valid grading.
  absl::StatusOr<v1::SubmitContactResponse> SubmitContact(rpc::Call& call,
                                                          const v1::SubmitContactRequest& request);
  absl::StatusOr<v1::GetContactResponse> GetContact(rpc::Call& call,
                                                    const v1::GetContactRequest& request);

 private:
  std::shared_ptr<const timescales::Rules> rules_;
};

}  // namespace trusthub::referrals

#endif  // TRUSTHUB_SERVICES_REFERRALS_REFERRALS_H_
