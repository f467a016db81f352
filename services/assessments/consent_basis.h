// File: consent_basis.h
//
// What a common assessment rests on: the family's consent to early help (domain.md 4.2 and 6.3). It
// is voluntary; nothing overrides consent here, only section 47 does, elsewhere.
//
// Every refusal is CONSENT_MISSING in the same words, so that it does not tell what the family
// decided, and about whom.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_CONSENT_BASIS_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_CONSENT_BASIS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "trusthub/internal/v1/projection.pb.h"

namespace trusthub::assessments {

// Whose step it is; `kind` as in AgencyFact, e.g. "SCHOOL".
struct ActingAgency {
  absl::string_view name;
  absl::string_view kind;
};

// To open one: the child's newest consent to early help is `named`, given, in date, and nothing
// that the family said or took back excludes the agency. The agency need not be among those with
// which it is shared: it is the one that asked the family.
absl::Status CheckConsentToOpen(absl::string_view named, const internal::v1::ChildFacts& facts,
                                const ActingAgency& agency, absl::Time now);

// To decide on one: the newest consent, whichever it is by now, is given and in date for the agency
// of the panel.
absl::Status CheckConsentToDecide(const internal::v1::ChildFacts& facts, const ActingAgency& agency,
                                  absl::Time now);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_CONSENT_BASIS_H_
