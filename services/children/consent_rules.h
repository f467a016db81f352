// File: consent_rules.h
//
// What makes a consent one that sharing can rest on (domain.md 6.3) as pure functions: what they
// rest on comes in as arguments, nothing is read or written.
#ifndef TRUSTHUB_SERVICES_CHILDREN_CONSENT_RULES_H_
#define TRUSTHUB_SERVICES_CHILDREN_CONSENT_RULES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "common/error/error.h"
#include "services/children/named_agencies.h"
#include "trusthub/children/v1/consent.pb.h"
#include "trusthub/children/v1/consents_service.pb.h"
#include "trusthub/types/v1/date.pb.h"

namespace trusthub::children {

// Every agency that the consent names, each once.
std::vector<std::string> AgenciesNamedBy(const v1::Consent& consent);

// Every violation, in field order. `birth_date` is the child's, parts of which may be unknown: a
// rule about age holds only where it is known in full. `known` are the agencies named that the
// directory holds.
//   WITHDRAWN is not recorded but withdrawn. GIVEN and REFUSED say who decided on what footing, and
//   the footing fits who decided: Gillick under 16, presumed capacity from 16, parental
//   responsibility until 18. Nobody decided what was not sought or not required. Whatever is not
//   GIVEN has a reason. REFUSED names no agencies: it refuses all; what is given to some is GIVEN.
std::vector<error::Violation> ViolationsOf(const v1::Consent& consent,
                                           const types::v1::Date& birth_date,
                                           const AgencyKinds& known, absl::CivilDay today);

// Takes the consent back as the request says: wholly, or by adding to what is excluded. What was
// included stays as it was recorded, for an emptied list would mean everyone. STATE_FORBIDS unless
// it is given, and when it was taken back for all of them already.
absl::Status Withdraw(const v1::WithdrawConsentRequest& request, v1::Consent* consent);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_CONSENT_RULES_H_
