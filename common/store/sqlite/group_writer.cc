#include "common/store/sqlite/group_writer.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/store/sqlite/row_cache.h"

namespace trusthub::store::sqlite {
namespace {

// Expired answers removed with one group at most; twice as many as it can add.
constexpr int kPurgedPerSet = 2;
// Longest wait for readers before the log begins anew, milliseconds. Sets wait as long, and a view
// that stays open longer, as that of a backup, is waited for again with every checkpoint.
constexpr int kRestartBusyMillis = 100;

// The rows that views keep and the sets change, in the order in which they do. A new record's place
// is the writer's, so that records are read again.
std::vector<RowCache::Change> ChangesOf(const SetGroup& group) {
  std::vector<RowCache::Change> changes;
  for (const PendingSet& pending : group) {
    if (!pending.status.ok()) continue;
    for (const PutRecord& put : pending.set.records) {
      changes.push_back({RowCache::KeyOfRecord(put.head.name), std::nullopt});
    }
    for (const PutState& put : pending.set.states) {
      RowCache::Row row;
      if (put.value.has_value()) {
        StoredRecord state;
        state.bytes = *put.value;
        row = std::make_shared<const StoredRecord>(std::move(state));
      }
      changes.push_back({RowCache::KeyOfState(put.space, put.key), std::move(row)});
    }
  }
  return changes;
}

}  // namespace

GroupWriter::GroupWriter(const SqliteOptions& options, std::unique_ptr<Connection> connection,
                         std::shared_ptr<ReaderPool> readers)
    : options_(options),
      connection_(std::move(connection)),
      readers_(std::move(readers)),
      sets_(connection_.get()),
      database_(options.path),
      log_(absl::StrCat(options.path, "-wal")),
      next_checkpoint_(options.checkpoint_pages),
      queue_({options.queued_sets_max, options.group_sets_max,
              [this](SetGroup& group) { Write(group); }, [this] { AfterGroup(); }}) {}

absl::Status GroupWriter::Start(Snapshot& log) {
  TRUSTHUB_RETURN_IF_ERROR(sets_.LoadCounters());
  counters_known_ = true;
  told_event_ = sets_.counters().last_event;
  if (options_.sequencer != nullptr) {
    Query query = connection_->Use(Sql::kFindLog);
    TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
    const std::string state = found ? query.StringAt(0) : "";
    TRUSTHUB_RETURN_IF_ERROR(options_.sequencer->Restore(state, log));
  }
  sqlite3_wal_hook(connection_->db(), &GroupWriter::OnCommit, this);
  queue_.Start();
  return absl::OkStatus();
}

int GroupWriter::OnCommit(void* self, sqlite3* db, const char* name, int pages) {
  static_cast<GroupWriter*>(self)->log_pages_ = pages;
  return SQLITE_OK;
}

void GroupWriter::SetEventListener(std::function<void(std::int64_t)> listener) {
  listener_ = std::move(listener);
}

void GroupWriter::Write(SetGroup& group) {
  LogTurn turn(options_.sequencer);
  absl::Status written = Begin();
  if (written.ok()) written = ApplySets(group);
  if (written.ok()) written = turn.Extend(group);
  if (written.ok()) written = AppendLeaves(turn);
  if (written.ok()) written = CommitSets(group);
  if (written.ok()) return turn.Accept(group);
  Undo();
  turn.Reject();
  FailGroup(group, written);
}

absl::Status GroupWriter::Begin() {
  if (!database_.Same() || !log_.Same()) {
    log::Error("store file was removed or replaced while open");
    return error::StoreUnavailable("its file was removed or replaced");
  }
  // Without memory even a rollback can fail; what it left open ends here.
  if (connection_->in_transaction()) {
    TRUSTHUB_RETURN_IF_ERROR(connection_->Use(Sql::kRollback).Run());
  }
  TRUSTHUB_RETURN_IF_ERROR(connection_->Use(Sql::kBeginWrite).Run());
  if (!counters_known_) TRUSTHUB_RETURN_IF_ERROR(sets_.LoadCounters());
  counters_known_ = true;
  return absl::OkStatus();
}

absl::Status GroupWriter::ApplySets(SetGroup& group) {
  const absl::Time now = options_.clock->Now();
  int answers = 0;
  for (PendingSet& pending : group) {
    pending.status = UnfitFor(pending.set, options_.sequencer);
    if (!pending.status.ok()) continue;
    absl::Status applied = sets_.Apply(pending.set, now);
    if (!applied.ok() && !IsConflict(applied)) return applied;
    if (applied.ok() && !pending.set.events.empty()) {
      pending.result.last_event_sequence = sets_.counters().last_event;
    }
    if (applied.ok() && pending.set.answer.has_value()) ++answers;
    pending.status = std::move(applied);
  }
  if (answers == 0) return absl::OkStatus();
  return sets_.PurgeAnswers(now, kPurgedPerSet * answers);
}

absl::Status GroupWriter::AppendLeaves(const LogTurn& turn) {
  if (!turn.has_leaves()) return absl::OkStatus();
  const LeafSequencer::Extension& extension = turn.extension();
  for (std::size_t i = 0; i < turn.leaves().size(); ++i) {
    TRUSTHUB_RETURN_IF_ERROR(sets_.AddLeaf(extension.places[i], *turn.leaves()[i]));
  }
  TRUSTHUB_RETURN_IF_ERROR(sets_.MergeLeafKeys(options_.recent_leaves_max));
  for (const Tile& tile : extension.tiles) TRUSTHUB_RETURN_IF_ERROR(sets_.PutTile(tile));
  return sets_.SetLog(extension.state, *extension.head);
}

absl::Status GroupWriter::CommitSets(const SetGroup& group) {
  std::vector<RowCache::Change> changes = ChangesOf(group);
  readers_->rows().Begin(changes);
  absl::Status committed = connection_->Use(Sql::kCommit).Run();
  readers_->rows().End(std::move(changes), committed.ok());
  readers_->KeepViews(true);
  return committed;
}

void GroupWriter::Undo() {
  // SQLite may have rolled back by itself.
  if (connection_->in_transaction()) {
    connection_->Use(Sql::kRollback).Run().IgnoreError();
  }
  counters_known_ = false;
}

void GroupWriter::AfterGroup() {
  if (counters_known_ && sets_.counters().last_event != told_event_) {
    told_event_ = sets_.counters().last_event;
    if (listener_) listener_(told_event_);
  }
  if (log_pages_ >= next_checkpoint_) Checkpoint();
}

void GroupWriter::Checkpoint() {
  const bool restart = log_pages_ >= options_.restart_pages;
  const int mode = restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
  int pages = 0;
  int moved = 0;
  // Until a commit has had its chance to begin the log anew.
  readers_->KeepViews(false);
  sqlite3_busy_timeout(connection_->db(), kRestartBusyMillis);
  const int code = sqlite3_wal_checkpoint_v2(connection_->db(), nullptr, mode, &pages, &moved);
  sqlite3_busy_timeout(connection_->db(), kBusyMillis);
  // Readers in the way are no failure; the disk is, and an fsync that fails here is as deadly.
  if ((code & 0xff) != SQLITE_BUSY) StatusOf(code).IgnoreError();
  const bool done = code == SQLITE_OK && moved == pages;
  next_checkpoint_ = options_.checkpoint_pages + (done ? 0 : log_pages_);
}

}  // namespace trusthub::store::sqlite
