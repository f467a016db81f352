// File: reindexing.h
//
// Children are found by keys that the matching rules make of them. When a borough changes its rules
// or a release the keys, what is stored is indexed again before the first call, or a child would be
// registered a second time beside the one that nobody finds any more.
#ifndef TRUSTHUB_SERVICES_CHILDREN_REINDEXING_H_
#define TRUSTHUB_SERVICES_CHILDREN_REINDEXING_H_

#include "absl/status/status.h"
#include "common/store/store.h"
#include "common/store/transaction.h"
#include "common/time/clock.h"
#include "services/children/matching_rules.h"

namespace trusthub::children {

// Indexes every child again when `store` was last indexed by other rules; otherwise reads one row.
// Each child gets a version that differs in its etag and update time alone. Begun again when it was
// cut short. May run in several processes at once; none of them may serve by the earlier rules.
absl::Status ReindexIfNeeded(store::Store& store, const store::IndexHash& hash, const Clock& clock,
                             const MatchingRules& rules);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_REINDEXING_H_
