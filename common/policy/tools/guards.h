// File: guards.h
//
// What is denied under one set of agreements and not under another, given or not. A deny that
// denies nothing today guards against what may be given one day; taking it away changes no access,
// and should not be done unseen.
#ifndef TRUSTHUB_COMMON_POLICY_TOOLS_GUARDS_H_
#define TRUSTHUB_COMMON_POLICY_TOOLS_GUARDS_H_

#include "common/policy/access_diff.h"
#include "common/policy/policy.h"

namespace trusthub::policy {

// Rows that are "gained" are denied anew, rows that are "lost" no longer; `rules` are those that
// deny. Secrets are left out.
AccessDiff CompareDenies(const Agreements& before, const Agreements& after,
                         const CompareOptions& options);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TOOLS_GUARDS_H_
