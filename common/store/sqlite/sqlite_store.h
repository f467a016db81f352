// File: sqlite_store.h
//
// The store in one SQLite file: for a borough on one machine, no server to run. WAL,
// synchronous=FULL. One thread writes; it takes every set that waits, applies them one after the
// other in one transaction, and answers them after one fsync. Readers have connections of their own
// and never wait for the writer; rows and views that no commit has touched since are kept for them
// (row_cache.h, snapshot.h).
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_SQLITE_STORE_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_SQLITE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/store/store.h"
#include "common/time/clock.h"

namespace trusthub::store {

struct SqliteOptions {
  // The database file. `{path}-wal`, `{path}-shm` and `{path}.lock` stand beside it.
  std::string path;
  // Makes audit leaves part of commits. Not owned. Null: sets with leaves are refused.
  LeafSequencer* sequencer = nullptr;
  // The real clock, for deadlines and the expiry of answers. Not owned.
  const Clock* clock = &RealClock();
  // Whether a missing file is created; else it is an error.
  bool create = true;
  // Whether the whole file is checked before it is used (`PRAGMA quick_check`).
  bool check = true;
  // Sets that may wait for the writer; the next one is refused.
  int queued_sets_max = 4096;
  // Sets applied under one fsync.
  int group_sets_max = 256;
  // Snapshots that may be open at a time; Open of one more waits until its deadline.
  int readers_max = 32;
  // Bytes of rows that are kept in memory between views. 0: none.
  std::size_t kept_rows_bytes_max = 8UL * 1024 * 1024;
  // Leaves whose keys are sorted into their place together: a list by key looks at so many leaves
  // one by one, and each may be a page to write then, 4 MiB in one commit, which takes some tens of
  // milliseconds on a slow disk.
  std::int64_t recent_leaves_max = 1'024;
  // Pages of 4 KiB in the log after which they are moved into the database.
  int checkpoint_pages = 4'000;
  // Pages after which readers are waited for, so that the log can begin anew: 128 MiB.
  int restart_pages = 32'000;
};

// Opens or creates the store. Fails with one line that says what is wrong with which file: not a
// store of the hub, damaged, made by a newer version, in use by another process, not writable.
absl::StatusOr<std::unique_ptr<Store>> OpenSqlite(const SqliteOptions& options);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_SQLITE_STORE_H_
