// File: group_writer.h
//
// Applies groups of sets in one transaction each and syncs once, on the thread of a write queue.
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_GROUP_WRITER_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_GROUP_WRITER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "common/store/set_group.h"
#include "common/store/sqlite/connection.h"
#include "common/store/sqlite/files.h"
#include "common/store/sqlite/set_writer.h"
#include "common/store/sqlite/snapshot.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/store/store.h"
#include "common/store/write_queue.h"

namespace trusthub::store::sqlite {

class GroupWriter {
 public:
  // `readers`: the views of what it writes.
  GroupWriter(const SqliteOptions& options, std::unique_ptr<Connection> connection,
              std::shared_ptr<ReaderPool> readers);
  ~GroupWriter() { Stop(); }
  GroupWriter(const GroupWriter&) = delete;
  GroupWriter& operator=(const GroupWriter&) = delete;

  // Hands the log its last state, over what `log` gives, and begins to write.
  absl::Status Start(Snapshot& log);
  void Commit(WriteSet set, CommitCallback done) { queue_.Commit(std::move(set), std::move(done)); }
  void SetEventListener(std::function<void(std::int64_t)> listener);
  // Applies what waits, refuses all else, ends the thread.
  void Stop() { queue_.Stop(); }

 private:
  // Applies and commits; afterwards every member has its status and result.
  void Write(SetGroup& group);
  absl::Status Begin();
  absl::Status ApplySets(SetGroup& group);
  absl::Status AppendLeaves(const LogTurn& turn);
  // Commits what the sets of `group` that are OK have written.
  absl::Status CommitSets(const SetGroup& group);
  void Undo();
  // Tells the listener, and sees to the log's length.
  void AfterGroup();
  // Moves committed pages from the log into the database before the log grows too long.
  void Checkpoint();
  static int OnCommit(void* self, sqlite3* db, const char* name, int pages);

  const SqliteOptions options_;
  const std::unique_ptr<Connection> connection_;
  const std::shared_ptr<ReaderPool> readers_;
  SetWriter sets_;
  FileWatch database_;
  FileWatch log_;
  std::function<void(std::int64_t)> listener_;
  bool counters_known_ = false;  // false after a rollback
  std::int64_t told_event_ = 0;  // last sequence that the listener knows
  int log_pages_ = 0;
  int next_checkpoint_;
  WriteQueue queue_;
};

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_GROUP_WRITER_H_
