// File: agreement_texts.h
//
// Small sets of agreements for the tests of sets.
#ifndef TRUSTHUB_SERVICES_DIRECTORY_AGREEMENT_TEXTS_H_
#define TRUSTHUB_SERVICES_DIRECTORY_AGREEMENT_TEXTS_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/policy/policy.h"

namespace trusthub::directory {

// An agreement on `records` between councils and health, for one role and purpose; 17 lines.
inline policy::AgreementText AgreementOn(absl::string_view id, absl::string_view role,
                                         absl::string_view purpose, absl::string_view records) {
  return {absl::StrCat(id, ".yaml"),
          absl::StrCat("id: ", id,
                       "\n"
                       "title: An agreement of the tests\n"
                       "version: \"1.0\"\n"
                       "status: signed\n"
                       "effective_from: 2006-04-01\n"
                       "effective_to: open\n"
                       "review_date: 2027-03-31\n"
                       "parties:\n"
                       "  - {agency_kind: council, capacity: controller, contact: Guardian}\n"
                       "  - {agency_kind: acute_trust, capacity: controller, contact: Guardian}\n"
                       "  - {agency: agencies/redbridge-council, capacity: controller, contact: "
                       "Guardian}\n"
                       "purposes: [",
                       purpose,
                       "]\n"
                       "gateways: [not_needed]\n"
                       "conditions: [dpa_1998_sch2_5b, uk_gdpr_6_1_e]\n"
                       "signatories:\n"
                       "  - {office: Director, agency: agencies/redbridge-council, sign_date: "
                       "2006-03-20}\n"
                       "  - {office: Guardian, agency: agencies/bhrut, sign_date: 2006-03-21}\n"
                       "items:\n"
                       "  - id: item\n"
                       "    to: {agency_kinds: [council, acute_trust], roles: [",
                       role,
                       "]}\n"
                       "    purposes: [",
                       purpose,
                       "]\n"
                       "    relations: [public]\n"
                       "    records: [",
                       records,
                       "]\n"
                       "    categories: [operational]\n"
                       "    released_by: agencies/redbridge-council\n"
                       "    explanation: For the tests.\n")};
}

// Lets the guardians of councils and acute trusts read sets of agreements.
inline policy::AgreementText Governance() {
  return AgreementOn("governance", "caldicott_guardian", "governance", "agreement_set");
}
// Lets social workers and their like read the directory: one cell for each kind of agency.
inline policy::AgreementText Phonebook(absl::string_view records = "agency") {
  return AgreementOn("phonebook", "social_worker", "assessment", records);
}

}  // namespace trusthub::directory

#endif  // TRUSTHUB_SERVICES_DIRECTORY_AGREEMENT_TEXTS_H_
