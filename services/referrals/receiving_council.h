// File: receiving_council.h
//
// Contacts and referrals go to councils: children's services alone have the duty to decide on them
// (Children Act 1989 s17, s47).
#ifndef TRUSTHUB_SERVICES_REFERRALS_RECEIVING_COUNCIL_H_
#define TRUSTHUB_SERVICES_REFERRALS_RECEIVING_COUNCIL_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/store/transaction.h"

namespace trusthub::referrals {

// BASIS_MISSING unless the directory knows `agency` as a council.
absl::Status CheckReceivingCouncil(store::Transaction& tx, absl::string_view agency);

}  // namespace trusthub::referrals

#endif  // TRUSTHUB_SERVICES_REFERRALS_RECEIVING_COUNCIL_H_
