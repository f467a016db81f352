// File: consent_basis.h
//
// What a common assessment rests on: the family's consent to early help (domain.md 4.2 and 6.3). It
// is voluntary; nothing overrides consent here, only section 47 does, elsewhere.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_CONSENT_BASIS_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_CONSENT_BASIS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "common/events/facts.h"
#include "trusthub/internal/v1/projection.pb.h"

namespace trusthub::assessments {

// CONSENT_MISSING unless the child's newest consent to early help is given, in date on `today` and
// does not exclude the agency (`agency_kind` as in AgencyFact, e.g. "SCHOOL"). Always in the same
// words, so that the refusal does not tell what the family decided, and about whom.
absl::Status CheckConsentToEarlyHelp(const internal::v1::ChildFacts& facts,
                                     absl::string_view agency, absl::string_view agency_kind,
                                     absl::CivilDay today);

// As above, and CONSENT_MISSING unless that consent is `named`.
absl::Status CheckConsentNamed(absl::string_view named, const internal::v1::ChildFacts& facts,
                               absl::string_view agency, absl::string_view agency_kind,
                               absl::CivilDay today);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_CONSENT_BASIS_H_
