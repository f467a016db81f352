#include "common/store/sqlite/group_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/log/log.h"

namespace trusthub::store::sqlite {
namespace {

// Expired answers removed with one group at most; twice as many as it can add.
constexpr int kPurgedPerSet = 2;
// Longest wait for readers before the log begins anew, milliseconds. Sets wait as long, and a view
// that stays open longer, as that of a backup, is waited for again with every checkpoint.
constexpr int kRestartBusyMillis = 100;

// A set that only records what was disclosed fails as the audit, any other as the store.
absl::Status FailureOf(const WriteSet& set, const absl::Status& cause) {
  const bool only_leaves = !set.leaves.empty() && set.records.empty() && set.events.empty() &&
                           set.states.empty() && !set.answer.has_value();
  if (only_leaves) return error::AuditUnavailable();
  if (error::ReasonOf(cause) == errors::v1::ERROR_REASON_STORE_UNAVAILABLE) return cause;
  return error::StoreUnavailable("the audit log refused");
}

}  // namespace

GroupWriter::GroupWriter(const SqliteOptions& options, std::unique_ptr<Connection> connection)
    : options_(options),
      connection_(std::move(connection)),
      sets_(connection_.get()),
      database_(options.path),
      log_(absl::StrCat(options.path, "-wal")),
      next_checkpoint_(options.checkpoint_pages) {}

GroupWriter::~GroupWriter() { Stop(); }

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
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

int GroupWriter::OnCommit(void* self, sqlite3* db, const char* name, int pages) {
  static_cast<GroupWriter*>(self)->log_pages_ = pages;
  return SQLITE_OK;
}

void GroupWriter::Commit(WriteSet set, CommitCallback done) {
  absl::Status refusal;
  {
    MutexLock lock(mutex_);
    if (stopping_) {
      refusal = error::ServerStopping();
    } else if (static_cast<int>(waiting_.size()) >= options_.queued_sets_max) {
      refusal = error::ServerBusy();
    } else {
      waiting_.push_back({std::move(set), std::move(done), absl::OkStatus(), Committed()});
      if (waiting_.size() == 1) arrived_.NotifyOne();
      return;
    }
  }
  std::move(done)(std::move(refusal));
}

void GroupWriter::SetEventListener(std::function<void(std::int64_t)> listener) {
  listener_ = std::move(listener);
}

void GroupWriter::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    arrived_.NotifyOne();
  }
  MutexLock lock(stop_mutex_);
  if (thread_.joinable()) thread_.join();
}

void GroupWriter::Run() {
  Group group;
  while (TakeGroup(&group)) {
    Write(group);
    Deliver(group);
    group.clear();
    if (log_pages_ >= next_checkpoint_) Checkpoint();
  }
}

bool GroupWriter::TakeGroup(Group* group) {
  MutexLock lock(mutex_);
  while (waiting_.empty() && !stopping_) arrived_.Wait(mutex_);
  const auto limit = static_cast<std::size_t>(options_.group_sets_max);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(limit, waiting_.size()));
  std::move(waiting_.begin(), end, std::back_inserter(*group));
  waiting_.erase(waiting_.begin(), end);
  return !group->empty();
}

void GroupWriter::Write(Group& group) {
  absl::Status written = Begin();
  if (written.ok()) written = ApplySets(group);
  if (written.ok()) written = AppendLeaves(group);
  if (written.ok()) written = Finish();
  if (written.ok()) return;
  Undo();
  for (Pending& pending : group) {
    if (pending.status.ok()) pending.status = FailureOf(pending.set, written);
  }
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

absl::Status GroupWriter::ApplySets(Group& group) {
  const absl::Time now = options_.clock->Now();
  int answers = 0;
  for (Pending& pending : group) {
    if (!pending.set.leaves.empty() && options_.sequencer == nullptr) {
      pending.status = error::AuditUnavailable();
      continue;
    }
    if (!pending.set.forgotten.empty()) {
      pending.status = error::Internal("this store is not sealed: it has no keys to destroy");
      continue;
    }
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

absl::Status GroupWriter::AppendLeaves(Group& group) {
  std::vector<absl::string_view> leaves;
  std::vector<const AppendLeaf*> appended;
  for (const Pending& pending : group) {
    if (!pending.status.ok()) continue;
    for (const AppendLeaf& leaf : pending.set.leaves) {
      leaves.push_back(leaf.bytes);
      appended.push_back(&leaf);
    }
  }
  if (leaves.empty()) return absl::OkStatus();
  absl::StatusOr<LeafSequencer::Extension> extension = options_.sequencer->Extend(leaves);
  if (!extension.ok()) {
    log::Error("audit log refused leaves", {{"code", static_cast<int>(extension.status().code())}});
    return extension.status();
  }
  extended_ = true;
  if (extension->places.size() != leaves.size() || extension->head == nullptr) {
    return absl::InternalError("the audit log lost leaves");
  }
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    TRUSTHUB_RETURN_IF_ERROR(sets_.AddLeaf(extension->places[i], *appended[i]));
  }
  for (const Tile& tile : extension->tiles) TRUSTHUB_RETURN_IF_ERROR(sets_.PutTile(tile));
  TRUSTHUB_RETURN_IF_ERROR(sets_.SetLog(extension->state, *extension->head));
  auto place = extension->places.begin();
  for (Pending& pending : group) {
    if (!pending.status.ok() || pending.set.leaves.empty()) continue;
    const auto end = place + static_cast<std::ptrdiff_t>(pending.set.leaves.size());
    pending.result.leaves.assign(std::make_move_iterator(place), std::make_move_iterator(end));
    pending.result.head = extension->head;
    place = end;
  }
  return absl::OkStatus();
}

absl::Status GroupWriter::Finish() {
  TRUSTHUB_RETURN_IF_ERROR(connection_->Use(Sql::kCommit).Run());
  if (extended_) options_.sequencer->Accept();
  extended_ = false;
  return absl::OkStatus();
}

void GroupWriter::Undo() {
  // SQLite may have rolled back by itself.
  if (connection_->in_transaction()) {
    connection_->Use(Sql::kRollback).Run().IgnoreError();
  }
  counters_known_ = false;
  if (extended_) options_.sequencer->Reject();
  extended_ = false;
}

void GroupWriter::Deliver(Group& group) {
  for (Pending& pending : group) {
    CommitCallback done = std::move(pending.done);
    if (pending.status.ok()) {
      std::move(done)(std::move(pending.result));
    } else {
      std::move(done)(std::move(pending.status));
    }
  }
  if (!counters_known_ || sets_.counters().last_event == told_event_) return;
  told_event_ = sets_.counters().last_event;
  if (listener_) listener_(told_event_);
}

void GroupWriter::Checkpoint() {
  const bool restart = log_pages_ >= options_.restart_pages;
  const int mode = restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
  int pages = 0;
  int moved = 0;
  sqlite3_busy_timeout(connection_->db(), kRestartBusyMillis);
  const int code = sqlite3_wal_checkpoint_v2(connection_->db(), nullptr, mode, &pages, &moved);
  sqlite3_busy_timeout(connection_->db(), kBusyMillis);
  // Readers in the way are no failure; the disk is, and an fsync that fails here is as deadly.
  if ((code & 0xff) != SQLITE_BUSY) StatusOf(code).IgnoreError();
  const bool done = code == SQLITE_OK && moved == pages;
  next_checkpoint_ = options_.checkpoint_pages + (done ? 0 : log_pages_);
}

}  // namespace trusthub::store::sqlite
