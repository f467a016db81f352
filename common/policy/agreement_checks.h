// File: agreement_checks.h
//
// What an agreement must say to be enforceable, beyond being well written.
#ifndef TRUSTHUB_COMMON_POLICY_AGREEMENT_CHECKS_H_
#define TRUSTHUB_COMMON_POLICY_AGREEMENT_CHECKS_H_

#include <vector>

#include "absl/status/status.h"
#include "common/policy/agreement_reader.h"

namespace trusthub::policy {

// Checks one file: nothing missing, dates in order, a lawful basis for its whole time, items within
// its parties and purposes. InvalidArgument "path:line: what is wrong; what to do".
absl::Status CheckAgreement(const AgreementFile& file);

// Checks that no two files hold the same agreement.
absl::Status CheckTogether(const std::vector<AgreementFile>& files);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_AGREEMENT_CHECKS_H_
