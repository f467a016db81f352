// File: large_log.h
//
// Audit logs as large as those of years, made fast: real entries through a real store and tree.
#ifndef TRUSTHUB_TESTS_FAULT_LARGE_LOG_H_
#define TRUSTHUB_TESTS_FAULT_LARGE_LOG_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/store/store.h"

namespace trusthub::testing {

// The entry of a read: some 350 bytes, about one of 65,000 children.
store::AppendLeaf EntryOfARead(std::int64_t number);

// Commits sets `make(0)` to before `make(count)` with a few under way; the first error ends it.
absl::Status CommitAll(store::Store& store, std::int64_t count,
                       const std::function<store::WriteSet(std::int64_t n)>& make);

// Adds `entries` entries to `store`, many in one set.
absl::Status GrowLog(store::Store& store, std::int64_t entries);

// The same for the store of a service that does not run: `data_folder` is its own, `audit_key` the
// file of its signing key.
absl::Status GrowLogOfService(const std::string& data_folder, const std::string& audit_key,
                              std::int64_t entries);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_FAULT_LARGE_LOG_H_
