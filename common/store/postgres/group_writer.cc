#include "common/store/postgres/group_writer.h"

#include <algorithm>
#include <string>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/store/postgres/fault.h"
#include "common/store/postgres/retry.h"
#include "common/store/postgres/row_writes.h"
#include "common/store/postgres/server_checks.h"
#include "common/store/postgres/snapshot.h"
#include "common/time/clock.h"

namespace trusthub::store::postgres {
namespace {

constexpr char kBegin[] = "BEGIN ISOLATION LEVEL SERIALIZABLE";
// A commit that waits for standbys and is cancelled is answered as done, with a warning.
constexpr char kNoTimeout[] = "SET LOCAL statement_timeout = 0";
constexpr char kCommit[] = "COMMIT";
// Between its two round trips a transaction computes for milliseconds. A process that stands still
// there, as when its machine is suspended, must not hold up all others.
constexpr char kEndWhatStandsStill[] = "SET idle_in_transaction_session_timeout = '4s'";
// Who was overtaken waits for its turn in the database, and little outside it.
constexpr absl::Duration kLongestAfterOthers = absl::Milliseconds(10);
// Longest attempt to reach a server that could not be reached before.
constexpr absl::Duration kConnectWhileAway = absl::Seconds(1);
// Longest look for other processes' events.
constexpr absl::Duration kLookMax = absl::Seconds(1);

absl::Duration Left(absl::Duration deadline) {
  return std::max(deadline - MonotonicNow(), absl::ZeroDuration());
}

// Whether any set is still to be written.
bool HasWork(const SetGroup& group) {
  return std::any_of(group.begin(), group.end(),
                     [](const PendingSet& pending) { return pending.status.ok(); });
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> OpenForWriting(const Address& address, bool allow_plain,
                                                           absl::Duration limit) {
  const absl::Duration deadline = MonotonicNow() + limit;
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                            Connection::Open(address, limit));
  TRUSTHUB_RETURN_IF_ERROR(CheckServer(*connection, allow_plain, Left(deadline)));
  TRUSTHUB_RETURN_IF_ERROR(
      connection->Run({Command(kEndWhatStandsStill)}, Left(deadline)).status());
  return connection;
}

GroupWriter::GroupWriter(PostgresOptions options, Address address, Holding holding,
                         std::unique_ptr<Connection> connection,
                         std::shared_ptr<ReaderPool> readers)
    : options_(std::move(options)),
      address_(std::move(address)),
      holding_(std::move(holding)),
      readers_(std::move(readers)),
      connection_(std::move(connection)),
      last_look_(MonotonicNow()),
      told_event_(holding_.last_event),
      queue_({options_.queued_sets_max, options_.group_sets_max,
              [this](SetGroup& group) { Write(group); }, [this] { AfterGroup(); },
              options_.look_interval}) {}

absl::Status GroupWriter::Start() {
  const absl::Duration deadline = MonotonicNow() + options_.start_limit;
  // Other processes that start may overtake this one here as well.
  Retry retry(deadline);
  while (true) {
    absl::Status restored = RestoreLog(deadline);
    if (connection_ != nullptr) connection_->EndTransaction();
    if (restored.ok()) break;
    if (ended_ || FaultOf(restored) != Fault::kOvertaken || !retry.Wait()) return restored;
  }
  queue_.Start();
  return absl::OkStatus();
}

// --- Groups -------------------------------------------------------------------------------------

void GroupWriter::Write(SetGroup& group) {
  const absl::Status written = WriteTogether(group, /*grow=*/true);
  if (written.ok()) return;
  if (FaultOf(written) != Fault::kRefused || group.size() == 1 || ended_) {
    return FailGroup(group, ToCaller(written));
  }
  // Something in it the server does not take: that must strike one set, not all.
  for (PendingSet& pending : group) {
    if (!pending.status.ok() && !IsConflict(pending.status)) continue;
    SetGroup alone;
    pending.status = absl::OkStatus();
    alone.push_back(std::move(pending));
    const absl::Status one = WriteTogether(alone, /*grow=*/false);
    if (!one.ok()) FailGroup(alone, ToCaller(one));
    pending = std::move(alone.front());
  }
}

absl::Status GroupWriter::WriteTogether(SetGroup& group, bool grow) {
  const absl::Duration deadline = MonotonicNow() + options_.commit_limit;
  Retry after_others(deadline, kLongestAfterOthers, options_.attempts_max);
  Retry after_loss(deadline);
  // A server that is away is waited for once, not by each group: what waits behind is refused soon.
  const bool was_away = away_;
  while (true) {
    for (PendingSet& pending : group) {
      pending.status = UnfitFor(pending.set, options_.sequencer);
    }
    absl::Status tried = HasWork(group) ? TryOnce(group, deadline) : absl::OkStatus();
    if (connection_ != nullptr) connection_->EndTransaction();
    const Fault fault = FaultOf(tried);
    if (fault == Fault::kLate) PreferNextHost(address_);
    const bool again = (fault == Fault::kOvertaken && after_others.Wait()) ||
                       (fault == Fault::kLost && !was_away && after_loss.Wait());
    if (ended_ || !again) return tried;
    if (grow) queue_.TakeMore(&group);
  }
}

absl::Status GroupWriter::TryOnce(SetGroup& group, absl::Duration deadline) {
  if (ended_) return error::StoreUnavailable("this process may not write any more");
  TRUSTHUB_RETURN_IF_ERROR(Connect(deadline));
  if (!log_known_) TRUSTHUB_RETURN_IF_ERROR(RestoreLog(deadline));
  GroupView view(group);
  std::vector<Command> commands;
  commands.emplace_back(kBegin);
  commands.emplace_back(Sql::kLockTree, Arguments().Int(holding_.tree));
  for (Command& read : view.Reads()) commands.push_back(std::move(read));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                            connection_->Run(commands, Left(deadline)));
  const absl::Time now = options_.clock->Now();
  TRUSTHUB_RETURN_IF_ERROR(Decide(group, view, rows, now));
  if (!HasWork(group)) return absl::OkStatus();
  LogTurn turn(options_.sequencer);
  TRUSTHUB_RETURN_IF_ERROR(turn.Extend(group));
  commands.clear();
  commands.emplace_back(kNoTimeout);
  AddRowWrites(view, now, &commands);
  AddLogWrites(turn, holding_.tree, &commands);
  commands.emplace_back(Sql::kCountCommit, Arguments().Int(holding_.tree).Int(commits_ + 1));
  commands.emplace_back(kCommit);
  Outcome outcome = Outcome::kNotDone;
  absl::Status finished = Finish(commands, deadline, &outcome);
  if (outcome != Outcome::kDone) {
    turn.Reject();
    return finished;
  }
  ++commits_;
  turn.Accept(group);
  if (!view.events().empty()) last_event_ = view.counters().event;
  return absl::OkStatus();
}

absl::Status GroupWriter::Decide(SetGroup& group, GroupView& view, const std::vector<Rows>& rows,
                                 absl::Time now) {
  TRUSTHUB_RETURN_IF_ERROR(CheckHolding(rows[1]));
  if (!view.NeedsCounter()) return absl::OkStatus();
  if (rows[2].size() != 1) return FaultStatus(Fault::kFull, "the store's counter is gone");
  view.Load(rows, 2);
  for (PendingSet& pending : group) {
    if (!pending.status.ok()) continue;
    pending.status = view.Apply(pending.set, now);
    if (pending.status.ok() && !pending.set.events.empty()) {
      pending.result.last_event_sequence = view.counters().event;
    }
  }
  return absl::OkStatus();
}

absl::Status GroupWriter::Finish(const std::vector<Command>& commands, absl::Duration deadline,
                                 Outcome* outcome) {
  connection_->TakeWarning();
  const absl::StatusOr<std::vector<Rows>> rows = connection_->Run(commands, Left(deadline));
  const Fault fault = FaultOf(rows.status());
  const bool warned = connection_->TakeWarning();
  *outcome = Outcome::kNotDone;
  if (rows.ok() && !warned) {
    if (rows->back().tag() != kCommit) {
      return FaultStatus(Fault::kOvertaken, "the server rolled back");
    }
    *outcome = Outcome::kDone;
    return absl::OkStatus();
  }
  if (!rows.ok() && fault != Fault::kLost && fault != Fault::kLate) return rows.status();
  // The answer did not come, or came with doubts: a server that no longer waits for its standbys
  // says that it committed.
  connection_.reset();
  log_known_ = false;
  *outcome = FindOut(deadline);
  log::Warning("store commit came back late",
               {{"done", *outcome == Outcome::kDone}, {"known", *outcome != Outcome::kUnknown}});
  if (*outcome == Outcome::kUnknown) {
    // Not to be tried again: it may be there.
    return FaultStatus(Fault::kLate, "what became of a commit could not be found out in time");
  }
  return FaultStatus(Fault::kLost, "the connection was lost before the commit");
}

// --- What the database knows --------------------------------------------------------------------

absl::Status GroupWriter::CheckHolding(const Rows& tree) {
  if (tree.size() != 1) {
    log::Error("store ended: its audit tree is gone from the database", {{"tree", options_.tree}});
    ended_ = true;
  } else if (tree.ViewAt(0, 0) != holding_.holder) {
    log::Error("store ended: another process writes to its audit tree", {{"tree", options_.tree}});
    ended_ = true;
  } else if (tree.IntAt(0, 1) < commits_) {
    log::Error("store ended: the database has lost commits that were acknowledged",
               {{"commits", commits_}, {"found", tree.IntAt(0, 1)}});
    ended_ = true;
  } else if (log_known_ && tree.IntAt(0, 1) != commits_) {
    log_known_ = false;
    return FaultStatus(Fault::kOvertaken, "a commit came through after all");
  }
  return ended_ ? error::StoreUnavailable("this process may not write any more") : absl::OkStatus();
}

absl::Status GroupWriter::Connect(absl::Duration deadline) {
  if (connection_ != nullptr && connection_->IsSound()) return absl::OkStatus();
  connection_.reset();
  const absl::Duration longest = away_ ? kConnectWhileAway : options_.connect_limit;
  absl::StatusOr<std::unique_ptr<Connection>> opened =
      OpenForWriting(address_, options_.allow_plain, std::min(Left(deadline), longest));
  away_ = !opened.ok();
  if (opened.ok()) {
    connection_ = *std::move(opened);
    return absl::OkStatus();
  }
  // A server that is not set up as it should be; it may be mended.
  if (FaultOf(opened.status()) == Fault::kNotOurs) {
    return FaultStatus(Fault::kFull, opened.status().message());
  }
  return opened.status();
}

// It writes to the row, so that it also waits for standbys as the commit in question should have.
absl::StatusOr<std::int64_t> GroupWriter::CommitsNow(absl::Duration deadline) {
  TRUSTHUB_RETURN_IF_ERROR(Connect(deadline));
  TRUSTHUB_ASSIGN_OR_RETURN(
      const std::vector<Rows> rows,
      connection_->Run({Command(kBegin), Command(Sql::kLockTree, Arguments().Int(holding_.tree))},
                       Left(deadline)));
  TRUSTHUB_RETURN_IF_ERROR(CheckHolding(rows[1]));
  const std::int64_t commits = rows[1].IntAt(0, 1);
  connection_->TakeWarning();
  TRUSTHUB_ASSIGN_OR_RETURN(
      const std::vector<Rows> done,
      connection_->Run(
          {Command(kNoTimeout),
           Command(Sql::kHoldTree, Arguments().Int(holding_.tree).Bytes(holding_.holder)),
           Command(kCommit)},
          Left(deadline)));
  if (connection_->TakeWarning() || done.back().tag() != kCommit) {
    return FaultStatus(Fault::kLost, "the server did not commit as it should");
  }
  return commits;
}

GroupWriter::Outcome GroupWriter::FindOut(absl::Duration deadline) {
  Retry retry(deadline);
  while (true) {
    const absl::StatusOr<std::int64_t> commits = CommitsNow(deadline);
    if (commits.ok()) {
      log_known_ = true;
      return *commits == commits_ ? Outcome::kNotDone : Outcome::kDone;
    }
    if (connection_ != nullptr) connection_->EndTransaction();
    if (ended_ || !retry.Wait()) return Outcome::kUnknown;
  }
}

absl::Status GroupWriter::RestoreLog(absl::Duration deadline) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t commits, CommitsNow(deadline));
  if (options_.sequencer != nullptr) {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::vector<Rows> rows,
        connection_->Run({Command(Sql::kTreeState, Arguments().Int(holding_.tree))},
                         Left(deadline)));
    if (rows[0].size() != 1 || rows[0].IntAt(0, 0) != commits) {
      return FaultStatus(Fault::kOvertaken, "the audit tree changed meanwhile");
    }
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::unique_ptr<Snapshot> view,
        OpenSnapshot(readers_, holding_.tree, absl::InfiniteFuture(), options_.read_limit));
    TRUSTHUB_RETURN_IF_ERROR(options_.sequencer->Restore(rows[0].StringAt(0, 1), *view));
  }
  commits_ = commits;
  log_known_ = true;
  return absl::OkStatus();
}

// --- Events -------------------------------------------------------------------------------------

void GroupWriter::SetEventListener(std::function<void(std::int64_t)> listener) {
  MutexLock lock(listener_mutex_);
  listener_ = std::move(listener);
}

void GroupWriter::AfterGroup() {
  Tell(last_event_);
  const absl::Duration now = MonotonicNow();
  if (ended_ || now - last_look_ < options_.look_interval) return;
  last_look_ = now;
  const absl::Duration deadline = now + kLookMax;
  if (!Connect(deadline).ok()) return;
  const auto rows = connection_->Run({Command(Sql::kLastEvent, Arguments())}, Left(deadline));
  if (rows.ok() && (*rows)[0].size() == 1) Tell((*rows)[0].IntAt(0, 0));
}

void GroupWriter::Tell(std::int64_t last_event) {
  if (last_event <= told_event_) return;
  told_event_ = last_event;
  MutexLock lock(listener_mutex_);
  if (listener_) listener_(last_event);
}

}  // namespace trusthub::store::postgres
