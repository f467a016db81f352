// File: referral_basis.h
//
// The referral that an assessment answers, as the events of the referrals service told of it.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_REFERRAL_BASIS_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_REFERRAL_BASIS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/transaction.h"
#include "trusthub/events/v1/event.pb.h"

namespace trusthub::assessments {

// The facts of `referral`. BASIS_MISSING unless `council` received it about `child` and decided to
// assess or to hold a strategy discussion.
absl::StatusOr<events::v1::ReferralFact> ReferralToAssess(store::Transaction& tx,
                                                          absl::string_view referral,
                                                          absl::string_view council,
                                                          absl::string_view child);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_REFERRAL_BASIS_H_
