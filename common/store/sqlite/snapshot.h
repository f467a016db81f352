// File: snapshot.h
//
// Snapshots and the connections they read by.
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_SNAPSHOT_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_SNAPSHOT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/store/sqlite/connection.h"
#include "common/store/store.h"
#include "common/time/clock.h"

namespace trusthub::store::sqlite {

// Connections for reading, opened when first needed, at most `max`. Thread-safe.
class ReaderPool {
 public:
  ReaderPool(std::string path, const Clock* clock, int max);
  // Waits for a connection until `deadline`.
  absl::StatusOr<std::unique_ptr<Connection>> Take(absl::Time deadline);
  void GiveBack(std::unique_ptr<Connection> connection);
  const Clock& clock() const { return clock_; }

 private:
  const std::string path_;
  const Clock& clock_;
  Mutex mutex_;
  CondVar returned_;
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
  int free_ ABSL_GUARDED_BY(mutex_);  // connections that may still be taken
};

// The view begins at the first read.
absl::StatusOr<std::unique_ptr<Snapshot>> OpenSnapshot(std::shared_ptr<ReaderPool> pool,
                                                       absl::Time deadline);

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_SNAPSHOT_H_
