#include "common/store/postgres/snapshot.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/store/postgres/fault.h"

namespace trusthub::store::postgres {
namespace {

constexpr char kBegin[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

StoredRecord RecordAt(const Rows& rows, int row) {
  StoredRecord record;
  record.position = rows.IntAt(row, 0);
  record.name = rows.StringAt(row, 1);
  record.kind = static_cast<RecordKind>(rows.IntAt(row, 2));
  record.child = rows.StringAt(row, 3);
  record.owner_agency = rows.StringAt(row, 4);
  record.author_agency = rows.StringAt(row, 5);
  record.version = rows.IntAt(row, 6);
  record.bytes = rows.StringAt(row, 7);
  return record;
}

// One of `make(rows, row)` a row.
template <class Make>
auto Each(const Rows& rows, Make make) {
  std::vector<decltype(make(rows, 0))> each;
  each.reserve(static_cast<std::size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) each.push_back(make(rows, row));
  return each;
}

StoredLeaf LeafAt(const Rows& rows, int row) { return {rows.IntAt(row, 0), rows.StringAt(row, 1)}; }

class PostgresSnapshot final : public Snapshot {
 public:
  PostgresSnapshot(std::shared_ptr<ReaderPool> pool, std::unique_ptr<Connection> connection,
                   std::int64_t tree, absl::Time deadline, absl::Duration read_limit)
      : pool_(std::move(pool)),
        connection_(std::move(connection)),
        tree_(tree),
        deadline_(deadline),
        read_limit_(read_limit) {}

  ~PostgresSnapshot() override {
    if (connection_ != nullptr) connection_->EndTransaction();
    pool_->GiveBack(std::move(connection_));
  }

  absl::StatusOr<std::optional<StoredRecord>> Find(absl::string_view name) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const Rows rows, Read(Sql::kFindRecord, Arguments().Bytes(name)));
    if (rows.size() == 0) return std::optional<StoredRecord>();
    return std::optional<StoredRecord>(RecordAt(rows, 0));
  }

  absl::StatusOr<std::vector<StoredRecord>> ListByIndex(RecordKind kind, absl::string_view field,
                                                        absl::string_view key,
                                                        std::int64_t after_position,
                                                        int limit) override {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const Rows rows,
        Read(Sql::kListByIndex,
             Arguments().Bytes(field).Bytes(key).Int(after_position).Int(kind).Int(limit)));
    return Each(rows, RecordAt);
  }

  absl::StatusOr<std::vector<StoredRecord>> ListByChild(RecordKind kind, absl::string_view child,
                                                        std::int64_t after_position,
                                                        int limit) override {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const Rows rows,
        Read(Sql::kListByChild, Arguments().Bytes(child).Int(kind).Int(after_position).Int(limit)));
    return Each(rows, RecordAt);
  }

  absl::StatusOr<std::vector<StoredRecord>> ListByKind(RecordKind kind, std::int64_t after_position,
                                                       int limit) override {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const Rows rows,
        Read(Sql::kListByKind, Arguments().Int(kind).Int(after_position).Int(limit)));
    return Each(rows, RecordAt);
  }

  absl::StatusOr<std::vector<StoredVersion>> Versions(absl::string_view name) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const Rows rows, Read(Sql::kVersions, Arguments().Bytes(name)));
    return Each(rows, [](const Rows& of, int row) {
      return StoredVersion{of.IntAt(row, 0), absl::FromUnixMicros(of.IntAt(row, 1)),
                           of.StringAt(row, 2)};
    });
  }

  absl::StatusOr<std::int64_t> Sequence(absl::string_view key) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const Rows rows, Read(Sql::kSequence, Arguments().Bytes(key)));
    return rows.size() == 0 ? 0 : rows.IntAt(0, 0);
  }

  absl::StatusOr<std::optional<StoredAnswer>> FindAnswer(absl::string_view key,
                                                         absl::Time now) override {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const Rows rows,
        Read(Sql::kFindAnswer, Arguments().Bytes(key).Int(absl::ToUnixMicros(now))));
    if (rows.size() == 0) return std::optional<StoredAnswer>();
    return std::optional<StoredAnswer>({rows.StringAt(0, 0), rows.StringAt(0, 1)});
  }

  absl::StatusOr<std::optional<std::string>> FindState(absl::string_view space,
                                                       absl::string_view key) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const Rows rows,
                              Read(Sql::kFindState, Arguments().Bytes(space).Bytes(key)));
    if (rows.size() == 0) return std::optional<std::string>();
    return std::optional<std::string>(rows.StringAt(0, 0));
  }

  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ListState(
      absl::string_view space, absl::string_view after_key, int limit) override {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const Rows rows,
        Read(Sql::kListState, Arguments().Bytes(space).Bytes(after_key).Int(limit)));
    return Each(rows, [](const Rows& of, int row) {
      return std::make_pair(of.StringAt(row, 0), of.StringAt(row, 1));
    });
  }

  absl::StatusOr<std::vector<StoredEvent>> ReadEvents(std::int64_t after_sequence,
                                                      int limit) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const Rows rows,
                              Read(Sql::kReadEvents, Arguments().Int(after_sequence).Int(limit)));
    return Each(rows, [](const Rows& of, int row) {
      return StoredEvent{of.IntAt(row, 0), of.IntAt(row, 1), of.StringAt(row, 2)};
    });
  }

  absl::StatusOr<std::int64_t> LastEventSequence() override { return One(Sql::kLastEvent, {}); }

  absl::StatusOr<std::vector<StoredLeaf>> ReadLeaves(std::int64_t first_index, int limit) override {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const Rows rows,
        Read(Sql::kReadLeaves, Arguments().Int(tree_).Int(first_index).Int(limit)));
    return Each(rows, LeafAt);
  }

  absl::StatusOr<std::int64_t> LeafCount() override {
    return One(Sql::kLeafCount, Arguments().Int(tree_));
  }

  absl::StatusOr<std::vector<StoredLeaf>> ListLeavesByKey(absl::string_view key,
                                                          std::int64_t first_index,
                                                          int limit) override {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const Rows rows,
        Read(Sql::kListLeavesByKey, Arguments().Int(tree_).Bytes(key).Int(first_index).Int(limit)));
    return Each(rows, LeafAt);
  }

  absl::StatusOr<std::vector<Tile>> ReadTiles(int level, std::int64_t first_index,
                                              int limit) override {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const Rows rows,
        Read(Sql::kReadTiles, Arguments().Int(tree_).Int(level).Int(first_index).Int(limit)));
    return Each(rows, [level](const Rows& of, int row) {
      return Tile{level, of.IntAt(row, 0), of.StringAt(row, 1)};
    });
  }

  absl::StatusOr<std::shared_ptr<const SealedHead>> Head() override {
    TRUSTHUB_ASSIGN_OR_RETURN(const Rows rows, Read(Sql::kHead, Arguments().Int(tree_)));
    if (rows.size() == 0) return std::shared_ptr<const SealedHead>();
    auto head = std::make_shared<SealedHead>();
    head->tree = rows.StringAt(0, 0);
    head->size = rows.IntAt(0, 1);
    head->root = rows.StringAt(0, 2);
    head->sign_time = absl::FromUnixMicros(rows.IntAt(0, 3));
    head->signature = rows.StringAt(0, 4);
    return std::shared_ptr<const SealedHead>(std::move(head));
  }

  absl::StatusOr<std::vector<std::string>> Trees() override {
    TRUSTHUB_ASSIGN_OR_RETURN(const Rows rows, Read(Sql::kListTrees, Arguments()));
    return Each(rows, [](const Rows& of, int row) { return of.StringAt(row, 0); });
  }

  absl::Status TurnTo(absl::string_view tree) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const Rows rows, Read(Sql::kFindTree, Arguments().Bytes(tree)));
    if (rows.size() == 0) return absl::NotFoundError("no such audit tree");
    tree_ = rows.IntAt(0, 0);
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<std::int64_t> One(Sql sql, Arguments arguments) {
    TRUSTHUB_ASSIGN_OR_RETURN(const Rows rows, Read(sql, std::move(arguments)));
    if (rows.size() != 1) return absl::DataLossError("the store's counter is gone");
    return rows.IntAt(0, 0);
  }

  absl::StatusOr<Rows> Read(Sql sql, Arguments arguments) {
    const absl::Duration left = deadline_ - pool_->clock().Now();
    if (left <= absl::ZeroDuration()) return error::DeadlineExceeded();
    if (connection_ == nullptr) return error::StoreUnavailable("the view was lost");
    const absl::Duration limit = std::min(left, read_limit_);
    std::vector<Command> commands;
    if (!begun_) commands.emplace_back(kBegin);
    commands.emplace_back(sql, std::move(arguments));
    absl::StatusOr<std::vector<Rows>> rows = connection_->Run(commands, limit);
    if (FaultOf(rows.status()) == Fault::kLost && !begun_) {
      // A pooled connection may have died unseen. The view has not begun: another one serves.
      connection_.reset();
      TRUSTHUB_ASSIGN_OR_RETURN(connection_, pool_->Replace(deadline_));
      rows = connection_->Run(commands, limit);
    }
    if (rows.ok()) {
      begun_ = true;
      return std::move(rows->back());
    }
    connection_.reset();
    if (FaultOf(rows.status()) == Fault::kLate && left <= read_limit_) {
      return error::DeadlineExceeded();
    }
    return ToCaller(rows.status());
  }

  const std::shared_ptr<ReaderPool> pool_;
  std::unique_ptr<Connection> connection_;  // null: lost
  std::int64_t tree_;
  const absl::Time deadline_;
  const absl::Duration read_limit_;
  bool begun_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Snapshot>> OpenSnapshot(std::shared_ptr<ReaderPool> pool,
                                                       std::int64_t tree, absl::Time deadline,
                                                       absl::Duration read_limit) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, pool->Take(deadline));
  return std::unique_ptr<Snapshot>(std::make_unique<PostgresSnapshot>(
      std::move(pool), std::move(connection), tree, deadline, read_limit));
}

}  // namespace trusthub::store::postgres
