#include "common/store/sqlite/snapshot.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"

namespace trusthub::store::sqlite {
namespace {

// Instructions of SQLite's machine between two looks at the clock: well below a millisecond.
constexpr int kInstructionsBetweenLooks = 2'000;

// The floor of a view that has not begun. Commits count from 0.
constexpr std::int64_t kNoView = -1;

// Ends the connection's view; a connection that cannot end it is dropped, for the view would grow
// old.
void EndView(std::unique_ptr<Connection>* connection) {
  if (*connection == nullptr || !(*connection)->in_transaction()) return;
  if (!(*connection)->Use(Sql::kCommit).Run().ok()) connection->reset();
}

class SqliteSnapshot : public Snapshot {
 public:
  SqliteSnapshot(std::shared_ptr<ReaderPool> pool, Reading reading, absl::Time deadline)
      : pool_(std::move(pool)),
        connection_(std::move(reading.connection)),
        rows_(pool_->rows()),
        floor_(reading.floor),
        deadline_(deadline) {
    if (deadline_ != absl::InfiniteFuture()) {
      sqlite3_progress_handler(connection_->db(), kInstructionsBetweenLooks, &IsLate, this);
    }
  }

  ~SqliteSnapshot() override {
    sqlite3_progress_handler(connection_->db(), 0, nullptr, nullptr);
    pool_->GiveBack({std::move(connection_), floor_});
  }

  absl::StatusOr<std::optional<StoredRecord>> Find(absl::string_view name) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    TRUSTHUB_ASSIGN_OR_RETURN(const RowCache::Row row,
                              Look(RowCache::KeyOfRecord(name), /*keep_absence=*/false, [&] {
                                Query query = connection_->Use(Sql::kFindRecord);
                                query.Text(name);
                                return OneRow(query, &RecordOf);
                              }));
    return row == nullptr ? std::optional<StoredRecord>() : *row;
  }

  absl::StatusOr<std::vector<StoredRecord>> ListByIndex(RecordKind kind, absl::string_view field,
                                                        absl::string_view key,
                                                        std::int64_t after_position,
                                                        int limit) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kListByIndex);
    query.Text(field).Blob(key).Int(after_position).Int(kind).Int(limit);
    return Records(query);
  }

  absl::StatusOr<std::vector<StoredRecord>> ListByChild(RecordKind kind, absl::string_view child,
                                                        std::int64_t after_position,
                                                        int limit) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kListByChild);
    query.Text(child).Int(kind).Int(after_position).Int(limit);
    return Records(query);
  }

  absl::StatusOr<std::vector<StoredRecord>> ListByKind(RecordKind kind, std::int64_t after_position,
                                                       int limit) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kListByKind);
    query.Int(kind).Int(after_position).Int(limit);
    return Records(query);
  }

  absl::StatusOr<std::vector<StoredVersion>> Versions(absl::string_view name) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kVersions);
    query.Text(name);
    std::vector<StoredVersion> versions;
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
      if (!found) return versions;
      versions.push_back({query.IntAt(0), absl::FromUnixMicros(query.IntAt(1)), query.StringAt(2)});
    }
  }

  absl::StatusOr<std::int64_t> Sequence(absl::string_view key) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kSequence);
    query.Text(key);
    TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
    return found ? query.IntAt(0) : 0;
  }

  absl::StatusOr<std::optional<StoredAnswer>> FindAnswer(absl::string_view key,
                                                         absl::Time now) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kFindAnswer);
    query.Blob(key).Int(absl::ToUnixMicros(now));
    TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
    if (!found) return std::optional<StoredAnswer>();
    return std::optional<StoredAnswer>({query.StringAt(0), query.StringAt(1)});
  }

  absl::StatusOr<std::optional<std::string>> FindState(absl::string_view space,
                                                       absl::string_view key) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    TRUSTHUB_ASSIGN_OR_RETURN(const RowCache::Row row,
                              Look(RowCache::KeyOfState(space, key), /*keep_absence=*/true, [&] {
                                Query query = connection_->Use(Sql::kFindState);
                                query.Text(space).Text(key);
                                return OneRow(query, &StateOf);
                              }));
    return row == nullptr ? std::optional<std::string>() : row->bytes;
  }

  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ListState(
      absl::string_view space, absl::string_view after_key, int limit) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kListState);
    query.Text(space).Text(after_key).Int(limit);
    std::vector<std::pair<std::string, std::string>> states;
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
      if (!found) return states;
      states.emplace_back(query.StringAt(0), query.StringAt(1));
    }
  }

  absl::StatusOr<std::vector<StoredEvent>> ReadEvents(std::int64_t after_sequence,
                                                      int limit) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kReadEvents);
    query.Int(after_sequence).Int(limit);
    std::vector<StoredEvent> events;
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
      if (!found) return events;
      events.push_back({query.IntAt(0), query.IntAt(1), query.StringAt(2)});
    }
  }

  absl::StatusOr<std::int64_t> LastEventSequence() override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kLastEvent);
    TRUSTHUB_RETURN_IF_ERROR(query.Next().status());
    return query.IntAt(0);
  }

  absl::StatusOr<std::vector<StoredLeaf>> ReadLeaves(std::int64_t first_index, int limit) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kReadLeaves);
    query.Int(first_index).Int(limit);
    return Leaves(query);
  }

  absl::StatusOr<std::int64_t> LeafCount() override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kLastLeaf);
    TRUSTHUB_RETURN_IF_ERROR(query.Next().status());
    return query.IsNullAt(0) ? 0 : query.IntAt(0) + 1;
  }

  absl::StatusOr<std::vector<StoredLeaf>> ListLeavesByKey(absl::string_view key,
                                                          std::int64_t first_index,
                                                          int limit) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    // A leaf's first key stands in either place, its others in the first.
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<StoredLeaf> merged,
                              LeavesByKey(Sql::kListLeavesByKey, key, first_index, limit));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<StoredLeaf> recent,
                              LeavesByKey(Sql::kListRecentLeavesByKey, key, first_index, limit));
    std::vector<StoredLeaf> leaves;
    std::merge(merged.begin(), merged.end(), recent.begin(), recent.end(),
               std::back_inserter(leaves),
               [](const StoredLeaf& a, const StoredLeaf& b) { return a.index < b.index; });
    if (leaves.size() > static_cast<std::size_t>(limit))
      leaves.resize(static_cast<std::size_t>(limit));
    return leaves;
  }

  absl::StatusOr<std::vector<Tile>> ReadTiles(int level, std::int64_t first_index,
                                              int limit) override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kReadTiles);
    query.Int(level).Int(first_index).Int(limit);
    std::vector<Tile> tiles;
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
      if (!found) return tiles;
      tiles.push_back({level, query.IntAt(0), query.StringAt(1)});
    }
  }

  absl::StatusOr<std::shared_ptr<const SealedHead>> Head() override {
    TRUSTHUB_RETURN_IF_ERROR(Begin());
    Query query = connection_->Use(Sql::kFindLog);
    TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
    if (!found) return std::shared_ptr<const SealedHead>();
    auto head = std::make_shared<SealedHead>();
    head->tree = query.StringAt(1);
    head->size = query.IntAt(2);
    head->root = query.StringAt(3);
    head->sign_time = absl::FromUnixMicros(query.IntAt(4));
    head->signature = query.StringAt(5);
    return std::shared_ptr<const SealedHead>(std::move(head));
  }

  // One process at a time has the file: there is one tree.
  absl::StatusOr<std::vector<std::string>> Trees() override {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::shared_ptr<const SealedHead> head, Head());
    if (head == nullptr) return std::vector<std::string>();
    return std::vector<std::string>{head->tree};
  }

  absl::Status TurnTo(absl::string_view tree) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::shared_ptr<const SealedHead> head, Head());
    if (head != nullptr && head->tree == tree) return absl::OkStatus();
    return absl::NotFoundError("no such audit tree");
  }

 private:
  static int IsLate(void* self) {
    const auto* snapshot = static_cast<SqliteSnapshot*>(self);
    return snapshot->pool_->clock().Now() >= snapshot->deadline_ ? 1 : 0;
  }

  absl::Status Begin() {
    if (deadline_ != absl::InfiniteFuture() && IsLate(this) != 0) return error::DeadlineExceeded();
    if (begun_) {
      if (connection_->in_transaction()) return absl::OkStatus();
      // SQLite ended it when the disk failed: what is read now would be of another moment.
      return error::StoreUnavailable("a view of it ended");
    }
    if (connection_->in_transaction()) {
      begun_ = pool_->IsNewest(floor_);
      if (begun_) return absl::OkStatus();
      TRUSTHUB_RETURN_IF_ERROR(connection_->Use(Sql::kCommit).Run());
    }
    // In this order: the view contains all commits up to the floor, and perhaps later ones. What
    // fails on the way may leave a transaction without a view: it is nobody's newest.
    const std::int64_t floor = rows_.Floor();
    floor_ = kNoView;
    TRUSTHUB_RETURN_IF_ERROR(connection_->Use(Sql::kBegin).Run());
    TRUSTHUB_RETURN_IF_ERROR(connection_->Use(Sql::kSee).Run());
    pool_->Saw(rows_.Ceiling());
    floor_ = floor;
    begun_ = true;
    return absl::OkStatus();
  }

  // A row as it was kept, or as `read` gives it, which is then kept. That there is none is kept of
  // states alone: a record that does not exist must not be found out sooner than one that is
  // hidden.
  template <class Read>
  absl::StatusOr<RowCache::Row> Look(const std::string& key, bool keep_absence, Read read) {
    if (std::optional<RowCache::Row> kept = rows_.Find(key, floor_)) return *std::move(kept);
    TRUSTHUB_ASSIGN_OR_RETURN(RowCache::Row row, read());
    if (row != nullptr || keep_absence) rows_.Fill(key, floor_, row);
    return row;
  }

  static absl::StatusOr<RowCache::Row> OneRow(Query& query, StoredRecord (*row_of)(const Query&)) {
    TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
    if (!found) return RowCache::Row();
    return std::make_shared<const StoredRecord>(row_of(query));
  }

  static StoredRecord StateOf(const Query& query) {
    StoredRecord row;
    row.bytes = query.StringAt(0);
    return row;
  }

  static StoredRecord RecordOf(const Query& query) {
    StoredRecord record;
    record.position = query.IntAt(0);
    record.name = query.StringAt(1);
    record.kind = static_cast<RecordKind>(query.IntAt(2));
    record.child = query.StringAt(3);
    record.owner_agency = query.StringAt(4);
    record.author_agency = query.StringAt(5);
    record.version = query.IntAt(6);
    record.bytes = query.StringAt(7);
    return record;
  }

  static absl::StatusOr<std::vector<StoredRecord>> Records(Query& query) {
    std::vector<StoredRecord> records;
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
      if (!found) return records;
      records.push_back(RecordOf(query));
    }
  }

  absl::StatusOr<std::vector<StoredLeaf>> LeavesByKey(Sql sql, absl::string_view key,
                                                      std::int64_t first_index, int limit) {
    Query query = connection_->Use(sql);
    query.Blob(key).Int(first_index).Int(limit);
    return Leaves(query);
  }

  static absl::StatusOr<std::vector<StoredLeaf>> Leaves(Query& query) {
    std::vector<StoredLeaf> leaves;
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
      if (!found) return leaves;
      leaves.push_back({query.IntAt(0), query.StringAt(1)});
    }
  }

  const std::shared_ptr<ReaderPool> pool_;
  std::unique_ptr<Connection> connection_;
  RowCache& rows_;
  std::int64_t floor_;  // of the connection's view
  bool begun_ = false;  // whether that is this one's
  const absl::Time deadline_;
};

}  // namespace

ReaderPool::ReaderPool(std::string path, const Clock* clock, int max,
                       const std::shared_ptr<RowCache>& rows)
    : path_(std::move(path)),
      file_(path_),
      clock_(*clock),
      rows_(rows != nullptr ? rows : std::make_shared<RowCache>(0)),
      keeps_views_(rows != nullptr),
      free_(max) {}

absl::StatusOr<Reading> ReaderPool::Take(absl::Time deadline) {
  {
    MutexLock lock(mutex_);
    while (free_ == 0) {
      const absl::Duration left = deadline - clock_.Now();
      if (left <= absl::ZeroDuration()) return error::DeadlineExceeded();
      // In steps: the clock of a test may jump.
      returned_.WaitFor(mutex_, std::min(left, absl::Seconds(1)));
    }
    --free_;
    if (!idle_.empty()) {
      Reading reading = std::move(idle_.back());
      idle_.pop_back();
      return reading;
    }
  }
  absl::StatusOr<std::unique_ptr<Connection>> opened =
      Connection::Open(path_, Connection::Mode::kReader);
  absl::Status status = opened.ok() ? (*opened)->Configure() : opened.status();
  // Another file's rows must not come to be kept for this one's.
  if (status.ok() && !file_.Same()) {
    status = error::StoreUnavailable("its file was removed or replaced");
  }
  if (status.ok()) return Reading{*std::move(opened), 0};
  GiveBack({});
  return status;
}

void ReaderPool::Saw(std::int64_t commit) {
  std::int64_t seen = seen_;
  while (seen < commit && !seen_.compare_exchange_weak(seen, commit)) {
  }
}

void ReaderPool::GiveBack(Reading reading) {
  if (!IsNewest(reading.floor)) EndView(&reading.connection);
  MutexLock lock(mutex_);
  // The writer may have ended those that are kept since.
  if (!keeps_views_) EndView(&reading.connection);
  ++free_;
  if (reading.connection != nullptr) idle_.push_back(std::move(reading));
  returned_.NotifyOne();
}

void ReaderPool::KeepViews(bool keep) {
  keeps_views_ = keep;
  if (keep) return;
  MutexLock lock(mutex_);
  for (Reading& reading : idle_) EndView(&reading.connection);
  idle_.erase(std::remove_if(idle_.begin(), idle_.end(),
                             [](const Reading& reading) { return reading.connection == nullptr; }),
              idle_.end());
}

absl::StatusOr<std::unique_ptr<Snapshot>> OpenSnapshot(std::shared_ptr<ReaderPool> pool,
                                                       absl::Time deadline) {
  TRUSTHUB_ASSIGN_OR_RETURN(Reading reading, pool->Take(deadline));
  return std::unique_ptr<Snapshot>(
      new SqliteSnapshot(std::move(pool), std::move(reading), deadline));
}

}  // namespace trusthub::store::sqlite
