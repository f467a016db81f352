// File: check_rules.h
//
// Whom a council may ask under which duty (domain.md 6.1), and what an answer may hold. Pure.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_CHECK_RULES_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_CHECK_RULES_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/error/error.h"
#include "trusthub/assessments/v1/checks_service.pb.h"

namespace trusthub::assessments {

// Whether a check of this kind rests on a section 47 enquiry.
bool RestsOnEnquiry(v1::CheckKind kind);

// What is wrong with `enquiry` of the check: missing where its kind rests on one, there where not.
std::vector<error::Violation> EnquiryViolations(const v1::Check& check);

// BASIS_MISSING unless an agency of `agency_kind` (as in AgencyFact) owes what `kind` asks. s47(11)
// and s27(3) of the Children Act 1989 name councils, housing authorities and NHS bodies; the
// police, schools, Connexions and voluntary organisations co-operate under s10 and s11 of the
// Children Act 2004. Nobody else is asked about a child without the family.
absl::Status CheckMayBeAsked(v1::CheckKind kind, absl::string_view agency_kind);

// What is wrong with the police information of an answer by an agency of `agency_kind`: none but
// the police give it, and always graded.
std::vector<error::Violation> IntelligenceViolations(const v1::AnswerCheckRequest& request,
                                                     absl::string_view agency_kind);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_CHECK_RULES_H_
