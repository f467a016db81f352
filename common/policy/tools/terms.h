// File: terms.h
//
// What two versions of agreements say differently, access aside: dates, parties, legal grounds,
// signatures, handling. Comparing access is access_diff.h.
#ifndef TRUSTHUB_COMMON_POLICY_TOOLS_TERMS_H_
#define TRUSTHUB_COMMON_POLICY_TOOLS_TERMS_H_

#include <string>
#include <vector>

#include "common/policy/policy.h"

namespace trusthub::policy {

struct TermChange {
  std::string where;   // "referrals" or "referrals/submit"
  std::string term;    // the key of the file: "review_date"; "" for a whole agreement or item
  std::string before;  // as a file would say it; empty when it was not said
  std::string after;
};

// In the order of agreements, terms of the head before items.
std::vector<TermChange> CompareTerms(const Agreements& before, const Agreements& after);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TOOLS_TERMS_H_
