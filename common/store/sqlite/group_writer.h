// File: group_writer.h
//
// The one thread that writes. It takes every set that waits, applies them in one transaction, syncs
// once and answers all of them: while the disk syncs, the next group gathers.
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_GROUP_WRITER_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_GROUP_WRITER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "common/store/sqlite/connection.h"
#include "common/store/sqlite/files.h"
#include "common/store/sqlite/set_writer.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/store/store.h"

namespace trusthub::store::sqlite {

class GroupWriter {
 public:
  GroupWriter(const SqliteOptions& options, std::unique_ptr<Connection> connection);
  ~GroupWriter();
  GroupWriter(const GroupWriter&) = delete;
  GroupWriter& operator=(const GroupWriter&) = delete;

  // Hands the log its last state, over what `log` gives, and begins to write.
  absl::Status Start(Snapshot& log);
  void Commit(WriteSet set, CommitCallback done);
  void SetEventListener(std::function<void(std::int64_t)> listener);
  // Applies what waits, refuses all else, ends the thread.
  void Stop();

 private:
  struct Pending {
    WriteSet set;
    CommitCallback done;
    absl::Status status;  // of applying it
    Committed result;
  };
  using Group = std::vector<Pending>;

  void Run();
  // False when stopped and nothing waits.
  bool TakeGroup(Group* group);
  // Applies and commits; afterwards every member has its status and result.
  void Write(Group& group);
  absl::Status Begin();
  absl::Status ApplySets(Group& group);
  absl::Status AppendLeaves(Group& group);
  absl::Status Finish();
  void Undo();
  void Deliver(Group& group);
  // Moves committed pages from the log into the database before the log grows too long.
  void Checkpoint();
  static int OnCommit(void* self, sqlite3* db, const char* name, int pages);

  const SqliteOptions options_;
  const std::unique_ptr<Connection> connection_;
  SetWriter sets_;
  FileWatch database_;
  FileWatch log_;
  std::function<void(std::int64_t)> listener_;
  bool extended_ = false;        // the sequencer waits for Accept or Reject
  bool counters_known_ = false;  // false after a rollback
  std::int64_t told_event_ = 0;  // last sequence that the listener knows
  int log_pages_ = 0;
  int next_checkpoint_;

  Mutex mutex_;
  CondVar arrived_;
  std::deque<Pending> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Mutex stop_mutex_;  // held by the one that joins
  std::thread thread_;
};

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_GROUP_WRITER_H_
