// File: override_rules.h
//
// When information may be shared against or without consent (domain.md 6.2, 6.3), and whom that
// must be told, as pure functions.
#ifndef TRUSTHUB_SERVICES_CHILDREN_OVERRIDE_RULES_H_
#define TRUSTHUB_SERVICES_CHILDREN_OVERRIDE_RULES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/error/error.h"
#include "services/children/named_agencies.h"
#include "trusthub/children/v1/consent.pb.h"
#include "trusthub/internal/v1/projection.pb.h"

namespace trusthub::children {

// Every violation, in field order. The reason has at least 20 characters and four words; the
// override ends after `now` and within 42 days of it; a court's order is named.
std::vector<error::Violation> ViolationsOf(const v1::ConsentOverride& consent_override,
                                           const AgencyKinds& known, absl::Time now);

// BASIS_MISSING unless a SECTION_47 override names an enquiry about the child that is live. That
// there is none, that it is another child's and that it was concluded are not told apart.
absl::Status CheckBasis(const v1::ConsentOverride& consent_override,
                        const internal::v1::ChildFacts& facts);

// The agencies that recorded the consents which it overrides: those in force for one of its
// purposes that do not let one of its agencies see. Sorted, each once.
std::vector<std::string> RecordersOverridden(const v1::ConsentOverride& consent_override,
                                             const AgencyKinds& kinds,
                                             const internal::v1::ChildFacts& facts, absl::Time now);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_OVERRIDE_RULES_H_
