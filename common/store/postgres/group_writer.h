// File: group_writer.h
//
// Applies groups of sets, each group in one serialisable transaction of two round trips: one reads
// and locks, one writes and commits. Sets are decided in memory between them (group_view.h).
//
// Turns. A transaction locks its own tree's row and, unless all its sets are only leaves, the one
// row of `counter`, before it reads anything else. So processes that write to one database follow
// each other, numbers become visible in their order, and a process that was overtaken finds out
// at its first statement. Reads of one service's disclosures wait for no other process.
//
// What became of a commit. Each transaction counts up `tree.commits`, which only the tree's holder
// does. When the answer to a commit does not come, the writer connects again and locks the row,
// which waits for whatever the old connection still does: the count then says whether the commit
// is there. It also says when a database has lost what was acknowledged (a standby without it took
// over): then nothing is written any more.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_GROUP_WRITER_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_GROUP_WRITER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/store/postgres/address.h"
#include "common/store/postgres/connection.h"
#include "common/store/postgres/group_view.h"
#include "common/store/postgres/pool.h"
#include "common/store/postgres/postgres_store.h"
#include "common/store/postgres/schema.h"
#include "common/store/set_group.h"
#include "common/store/write_queue.h"

namespace trusthub::store::postgres {

// A connection to a server that may be written to (server_checks.h). A transaction on it that
// stands still is ended by the server within seconds: others wait behind it.
absl::StatusOr<std::unique_ptr<Connection>> OpenForWriting(const Address& address, bool allow_plain,
                                                           absl::Duration limit);

class GroupWriter {
 public:
  // `connection` is of OpenForWriting; `readers` gives the views that the log is restored from.
  GroupWriter(PostgresOptions options, Address address, Holding holding,
              std::unique_ptr<Connection> connection, std::shared_ptr<ReaderPool> readers);
  ~GroupWriter() { Stop(); }
  GroupWriter(const GroupWriter&) = delete;
  GroupWriter& operator=(const GroupWriter&) = delete;

  // Hands the log its last state and begins to write.
  absl::Status Start();
  void Commit(WriteSet set, CommitCallback done) { queue_.Commit(std::move(set), std::move(done)); }
  void SetEventListener(std::function<void(std::int64_t)> listener);
  // Applies what waits, refuses all else, ends the thread.
  void Stop() { queue_.Stop(); }

 private:
  // What became of a transaction.
  enum class Outcome { kDone, kNotDone, kUnknown };

  void Write(SetGroup& group);
  // The whole group in one transaction, tried again while that may help. With `grow`, what comes
  // while it waits for its turn goes along.
  absl::Status WriteTogether(SetGroup& group, bool grow);
  absl::Status TryOnce(SetGroup& group, absl::Duration deadline);
  absl::Status Decide(SetGroup& group, GroupView& view, const std::vector<Rows>& rows,
                      absl::Time now);
  // Sends the writes with the commit; `outcome` says what is known of it.
  absl::Status Finish(const std::vector<Command>& commands, absl::Duration deadline,
                      Outcome* outcome);
  // Whether the tree is still ours and counts what we counted, in rows of kLockTree.
  absl::Status CheckHolding(const Rows& tree);
  // A sound connection to a server that may be written to.
  absl::Status Connect(absl::Duration deadline);
  // After a commit of unknown outcome: learns what the tree counts now.
  absl::StatusOr<std::int64_t> CommitsNow(absl::Duration deadline);
  Outcome FindOut(absl::Duration deadline);
  // Takes up the log as the database holds it.
  absl::Status RestoreLog(absl::Duration deadline);
  // Tells the listener of what this process and, now and then, what others committed.
  void AfterGroup();
  void Tell(std::int64_t last_event);

  const PostgresOptions options_;
  const Address address_;
  const Holding holding_;
  const std::shared_ptr<ReaderPool> readers_;
  // Of the queue's thread alone, once it runs.
  std::unique_ptr<Connection> connection_;
  std::int64_t commits_ = 0;  // of our tree, as far as known to be there
  bool log_known_ = false;    // the log and commits_ are as the database has them
  bool away_ = false;         // the server could not be reached at the last attempt
  bool ended_ = false;        // somebody else holds the tree, or the database lost something
  absl::Duration last_look_;
  std::int64_t last_event_ = 0;  // of our own commits

  Mutex listener_mutex_;
  std::function<void(std::int64_t)> listener_ ABSL_GUARDED_BY(listener_mutex_);
  std::int64_t told_event_;  // last sequence that the listener knows

  WriteQueue queue_;
};

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_GROUP_WRITER_H_
