// File: spool.h
//
// Where refusals wait that could not be recorded: a local append-only file of length-prefixed
// entries. A refusal that cannot be written to the log is spooled; when the store works again the
// spool is committed and emptied. Nothing that disclosed anything ever goes this way.
//
// A crash at any moment loses no entry whose Add returned OK, and commits none twice: how far a
// spool was drained is kept in the store (space "audit/spool"), in the same transaction as the
// entries. A failed fsync ends the process: what it left on disk is unknown.
#ifndef TRUSTHUB_COMMON_AUDIT_SPOOL_H_
#define TRUSTHUB_COMMON_AUDIT_SPOOL_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/store.h"

namespace trusthub::audit {

// Thread-safe.
class Spool {
 public:
  virtual ~Spool() = default;
  // Adds an entry and syncs it. Fails when even this cannot be written: RESOURCE_EXHAUSTED when the
  // spool holds 16 MiB, UNAVAILABLE when the disk refuses.
  virtual absl::Status Add(absl::string_view leaf) = 0;
  // Commits everything spooled to `store` and empties the file; keeps it all on failure.
  virtual absl::Status Drain(store::Store& store) = 0;
  virtual bool empty() const = 0;
};

// Takes up the file at `path` or makes it, for its owner only. The torn last entry of a crash is
// cut off; any other damage is DATA_LOSS, for somebody to look at. One process a file: a second
// gets UNAVAILABLE.
absl::StatusOr<std::unique_ptr<Spool>> OpenSpool(absl::string_view path);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_SPOOL_H_
