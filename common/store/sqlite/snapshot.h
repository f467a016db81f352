// File: snapshot.h
//
// Snapshots and the connections they read by.
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_SNAPSHOT_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_SNAPSHOT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/store/sqlite/connection.h"
#include "common/store/sqlite/files.h"
#include "common/store/sqlite/row_cache.h"
#include "common/store/store.h"
#include "common/time/clock.h"

namespace trusthub::store::sqlite {

// A connection for reading, and the floor of its view while it has one (row_cache.h).
struct Reading {
  std::unique_ptr<Connection> connection;
  std::int64_t floor = 0;
};

// Connections for reading, opened when first needed, at most `max`. A view that nothing was
// committed since is kept for whoever reads next: most calls come between the same two commits.
// Thread-safe.
class ReaderPool {
 public:
  // `rows`: what its views share with whatever writes the file. Without it nothing is kept between
  // views: others may write the file.
  ReaderPool(std::string path, const Clock* clock, int max,
             const std::shared_ptr<RowCache>& rows = nullptr);
  // Waits for a connection until `deadline`.
  absl::StatusOr<Reading> Take(absl::Time deadline);
  void GiveBack(Reading reading);
  // While views are open the log cannot begin anew: false ends those that nobody uses, and keeps no
  // more of them.
  void KeepViews(bool keep);
  const Clock& clock() const { return clock_; }
  RowCache& rows() { return *rows_; }
  // A view has begun that may contain that commit: from now on no view is newest without it.
  void Saw(std::int64_t commit);
  // Whether a view with that floor can be had for a new one: nothing that was committed since has
  // been acknowledged, or seen in another view.
  bool IsNewest(std::int64_t floor) const {
    return keeps_views_ && floor == rows_->Floor() && seen_ <= floor;
  }

 private:
  const std::string path_;
  const FileWatch file_;
  const Clock& clock_;
  const std::shared_ptr<RowCache> rows_;
  std::atomic<bool> keeps_views_;
  std::atomic<std::int64_t> seen_ = 0;
  Mutex mutex_;
  CondVar returned_;
  std::vector<Reading> idle_ ABSL_GUARDED_BY(mutex_);
  int free_ ABSL_GUARDED_BY(mutex_);  // connections that may still be taken
};

// The view begins at the first read.
absl::StatusOr<std::unique_ptr<Snapshot>> OpenSnapshot(std::shared_ptr<ReaderPool> pool,
                                                       absl::Time deadline);

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_SNAPSHOT_H_
