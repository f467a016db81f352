// File: walk.h
//
// Walks over everything that a store holds of one child.
#ifndef TRUSTHUB_COMMON_STORE_WALK_H_
#define TRUSTHUB_COMMON_STORE_WALK_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/store/store.h"

namespace trusthub::store {

// Calls `visit` with each record about `child`, kind by kind, oldest first; ends with the first
// error.
absl::Status ForEachRecordOf(Snapshot& view, absl::string_view child,
                             absl::FunctionRef<absl::Status(const StoredRecord&)> visit);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_WALK_H_
