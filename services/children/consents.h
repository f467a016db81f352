// File: consents.h
//
// What children and those who decide for them said about sharing (domain.md 6.3). A consent is
// recorded by whoever asked, taken back by whoever hears it, and overridden only with a reason that
// is told to who recorded it. Every change crosses to the other services as an event of the same
// commit; what counts is decided there by common/events (consents.h).
#ifndef TRUSTHUB_SERVICES_CHILDREN_CONSENTS_H_
#define TRUSTHUB_SERVICES_CHILDREN_CONSENTS_H_

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "trusthub/children/v1/consents_service.pb.h"

namespace trusthub::children {

// Thread-safe: holds nothing.
class Consents {
 public:
  // REQUEST_INVALID by the rules of consent_rules.h; DATE_FORBIDDEN for an occurrence too far
  // ahead.
  absl::StatusOr<v1::RecordConsentResponse> RecordConsent(rpc::Call& call,
                                                          const v1::RecordConsentRequest& request);
  absl::StatusOr<v1::GetConsentResponse> GetConsent(rpc::Call& call,
                                                    const v1::GetConsentRequest& request);
  // Of one child, oldest first.
  absl::StatusOr<v1::ListConsentsResponse> ListConsents(rpc::Call& call,
                                                        const v1::ListConsentsRequest& request);
  // By any agency involved with the child: a family tells whom it meets. STATE_FORBIDS unless the
  // consent is given and something of it is left to take back; ETAG_STALE; REQUEST_INVALID for
  // agencies that the directory does not hold.
  absl::StatusOr<v1::WithdrawConsentResponse> WithdrawConsent(
      rpc::Call& call, const v1::WithdrawConsentRequest& request);

  // BASIS_MISSING for SECTION_47 without a live enquiry about this child; REQUEST_INVALID by the
  // rules of override_rules.h. Takes effect at once.
  absl::StatusOr<v1::OverrideConsentResponse> OverrideConsent(
      rpc::Call& call, const v1::OverrideConsentRequest& request);
  // Establishes policy::kReleased for the agencies that were told.
  absl::StatusOr<v1::GetConsentOverrideResponse> GetConsentOverride(
      rpc::Call& call, const v1::GetConsentOverrideRequest& request);
};

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_CONSENTS_H_
