// File: spool.h
//
// Where refusals wait that could not be recorded: a local append-only file of length-prefixed entries.
// A refusal that cannot be written to the log is spooled; when the store works again the spool is
// committed and emptied. Nothing that disclosed anything ever goes this way.
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
  // Adds an entry and syncs it. Fails when even this cannot be written.
  virtual absl::Status Add(absl::string_view leaf) = 0;
  // Commits everything spooled to `store` and empties the file; keeps it all on failure.
  virtual absl::Status Drain(store::Store& store) = 0;
  virtual bool empty() const = 0;
};

absl::StatusOr<std::unique_ptr<Spool>> OpenSpool(absl::string_view path);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_SPOOL_H_
