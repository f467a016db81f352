// File: accesses.h
//
// Who asked for a child's status from unscheduled care, newest first (domain.md 5.1). Kept beside
// the child's record, one small entry an access, so that two hospitals that ask at once do not wait
// for each other.
#ifndef TRUSTHUB_SERVICES_CHILDREN_ACCESSES_H_
#define TRUSTHUB_SERVICES_CHILDREN_ACCESSES_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/transaction.h"
#include "trusthub/children/v1/child.pb.h"

namespace trusthub::children {

// Accesses that are told and kept for each child; the audit log keeps them all.
inline constexpr int kAccessesMax = 25;

// The latest accesses before this transaction, newest first, at most kAccessesMax.
absl::StatusOr<std::vector<v1::PreviousAccess>> LatestAccesses(store::Transaction& tx,
                                                               absl::string_view child);

// Adds an access and drops those past kAccessesMax.
absl::Status AddAccess(store::Transaction& tx, absl::string_view child,
                       const v1::PreviousAccess& access);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_ACCESSES_H_
