#include "common/store/sqlite/row_store.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/store/file_lock.h"
#include "common/store/sqlite/connection.h"
#include "common/store/sqlite/files.h"
#include "common/store/sqlite/row_sql.h"
#include "common/store/sqlite/schema.h"

namespace trusthub::store {
namespace {

namespace fs = std::filesystem;
using copy::Progress;
using copy::RowBatch;
using sqlite::Connection;
using sqlite::Query;
using sqlite::RowTables;

// The table of the progress, which only a copy that is not finished has.
constexpr char kMakeProgress[] =
    "CREATE TABLE IF NOT EXISTS hub_copy (id INTEGER PRIMARY KEY CHECK (id = 1),"
    " source TEXT NOT NULL, step INTEGER NOT NULL, after BLOB NOT NULL) STRICT";
constexpr char kReadProgress[] = "SELECT source, step, after FROM hub_copy WHERE id = 1";
constexpr char kSetProgress[] =
    "INSERT INTO hub_copy (id, source, step, after) VALUES (1, ?1, ?2, ?3) ON CONFLICT (id)"
    " DO UPDATE SET source = excluded.source, step = excluded.step, after = excluded.after";
// All that the log holds goes into the file.
constexpr char kFoldLog[] = "PRAGMA wal_checkpoint(TRUNCATE)";

std::string Absolute(const std::string& folder) {
  return fs::absolute(folder).lexically_normal().string();
}

absl::Status InFile(const std::string& path, const absl::Status& status) {
  if (status.ok() || absl::StartsWith(status.message(), "store ")) return status;
  const bool disk = error::ReasonOf(status) == errors::v1::ERROR_REASON_STORE_UNAVAILABLE;
  return absl::Status(
      status.code(),
      absl::StrCat("store ", path, ": ",
                   disk ? "cannot be read or written; a page or the disk is damaged, or full"
                        : status.message()));
}

absl::Status Refused(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("store ", path, ": ", why));
}

// Closes the last connection, so that all there is stands in the one file.
absl::Status Fold(const std::string& path, std::unique_ptr<Connection> connection) {
  absl::Status folded = connection->Execute(kFoldLog);
  connection.reset();
  TRUSTHUB_RETURN_IF_ERROR(InFile(path, folded));
  if (!sqlite::IsEmpty(path + "-wal") && fs::exists(path + "-wal")) {
    return absl::UnavailableError(absl::StrCat(
        "store ", path, ": somebody reads it, a backup perhaps; wait until it is done"));
  }
  return absl::OkStatus();
}

// --- From ---------------------------------------------------------------------------------------

// A view with the connection that it reads by.
class OwnedView final : public copy::RowView {
 public:
  OwnedView(std::string path, std::unique_ptr<Connection> connection, std::string tree)
      : path_(std::move(path)),
        connection_(std::move(connection)),
        tables_(connection_.get(), std::move(tree)) {}

  absl::StatusOr<std::vector<copy::Row>> Read(copy::Table table, const copy::Row& after,
                                              int limit) override {
    absl::StatusOr<std::vector<copy::Row>> rows = tables_.Read(table, after, limit);
    if (!rows.ok()) return InFile(path_, rows.status());
    return rows;
  }

 private:
  const std::string path_;
  const std::unique_ptr<Connection> connection_;
  RowTables tables_;
};

class SqliteSource final : public copy::RowSource {
 public:
  SqliteSource(std::string folder, std::string tree)
      : folder_(std::move(folder)), tree_(std::move(tree)), name_("sqlite:" + folder_) {}

  absl::Status Open() {
    path_ = folder_ + "/store.db";
    if (fs::exists(path_)) {
      if (fs::exists(path_ + sqlite::kMoved)) {
        return Refused(path_ + sqlite::kMoved,
                       "is left of an earlier move; delete it, or keep it elsewhere");
      }
    } else if (fs::exists(path_ + sqlite::kMoved)) {
      TRUSTHUB_ASSIGN_OR_RETURN(retired_to_, sqlite::MovedTo(path_));
      path_ += sqlite::kMoved;
    } else {
      return absl::NotFoundError(absl::StrCat("store ", path_, ": does not exist"));
    }
    TRUSTHUB_ASSIGN_OR_RETURN(const auto view, View());
    TRUSTHUB_ASSIGN_OR_RETURN(const auto trees, view->Read(copy::Table::kTree, {}, 1));
    const std::string& head = trees.empty() ? "" : trees[0][4].bytes;
    if (head.empty() || head == tree_) return absl::OkStatus();
    return Refused(path_,
                   absl::StrCat("holds the audit tree ", head, ", and audit-tree says ", tree_));
  }

  const std::string& name() const override { return name_; }
  const std::string& retired_to() const override { return retired_to_; }

  absl::StatusOr<std::unique_ptr<copy::RowView>> View() override {
    absl::StatusOr<std::unique_ptr<Connection>> opened =
        Connection::Open(path_, Connection::Mode::kReader);
    if (!opened.ok()) return InFile(path_, opened.status());
    absl::Status ready = (*opened)->Configure();
    if (ready.ok()) ready = sqlite::CheckSchema(**opened, path_, /*check=*/false);
    if (ready.ok()) ready = (*opened)->Use(sqlite::Sql::kBegin).Run();
    // The first read fixes the view.
    if (ready.ok()) ready = (*opened)->Use(sqlite::Sql::kLastLeaf).Run();
    if (!ready.ok()) return InFile(path_, ready);
    return std::unique_ptr<copy::RowView>(
        std::make_unique<OwnedView>(path_, *std::move(opened), tree_));
  }

  // Services hold the same lock while they have the store open.
  absl::StatusOr<bool> KeepWritersOut() override {
    if (lock_ != nullptr) return true;
    const std::string path = folder_ + "/store.db.lock";
    auto lock = FileLock::Take(path);
    if (!lock.ok()) {
      if (access(path.c_str(), R_OK | W_OK) != 0) return lock.status();
      return false;
    }
    lock_ = *std::move(lock);
    TRUSTHUB_RETURN_IF_ERROR(sqlite::GiveToOwnerOfFolder(path));
    return true;
  }

  absl::Status Retire(absl::string_view target) override {
    if (!retired_to_.empty()) return absl::OkStatus();
    if (lock_ == nullptr) return absl::InternalError("writers were not kept out");
    absl::StatusOr<std::unique_ptr<Connection>> opened =
        Connection::Open(path_, Connection::Mode::kWriter);
    if (!opened.ok()) return InFile(path_, opened.status());
    TRUSTHUB_RETURN_IF_ERROR(Fold(path_, *std::move(opened)));
    TRUSTHUB_RETURN_IF_ERROR(sqlite::PutMovedTo(path_, target));
    TRUSTHUB_RETURN_IF_ERROR(sqlite::MoveFile(path_, path_ + sqlite::kMoved));
    path_ += sqlite::kMoved;
    retired_to_ = std::string(target);
    return absl::OkStatus();
  }

 private:
  const std::string folder_;
  const std::string tree_;
  const std::string name_;
  std::string path_;
  std::string retired_to_;
  std::unique_ptr<FileLock> lock_;
};

// --- To -----------------------------------------------------------------------------------------

class SqliteTarget final : public copy::RowTarget {
 public:
  SqliteTarget(std::string path, std::string work_path, std::string name, std::string tree)
      : path_(std::move(path)),
        work_path_(std::move(work_path)),
        name_(std::move(name)),
        tree_(std::move(tree)) {}

  absl::Status Open(std::unique_ptr<FileLock> lock) {
    lock_ = std::move(lock);
    if (work_path_ != path_ && fs::exists(path_)) {
      state_ = State::kWhole;
      return absl::OkStatus();
    }
    TRUSTHUB_RETURN_IF_ERROR(sqlite::CreatePrivate(work_path_));
    absl::StatusOr<std::unique_ptr<Connection>> opened =
        Connection::Open(work_path_, Connection::Mode::kWriter);
    if (!opened.ok()) return InFile(work_path_, opened.status());
    connection_ = *std::move(opened);
    TRUSTHUB_RETURN_IF_ERROR(sqlite::PrepareSchema(*connection_, work_path_, /*check=*/false));
    TRUSTHUB_RETURN_IF_ERROR(InFile(work_path_, connection_->Execute(kMakeProgress)));
    tables_ = std::make_unique<RowTables>(connection_.get(), tree_);
    TRUSTHUB_RETURN_IF_ERROR(InFile(work_path_, ReadProgress()));
    return state_ == State::kEmpty ? RecogniseFinished() : absl::OkStatus();
  }

  const std::string& name() const override { return name_; }
  State state() const override { return state_; }
  const Progress& progress() const override { return progress_; }
  copy::RowView& rows() override { return *tables_; }

  absl::Status Write(const RowBatch& batch, const Progress& progress) override {
    TRUSTHUB_RETURN_IF_ERROR(InFile(work_path_, connection_->Use(sqlite::Sql::kBeginWrite).Run()));
    absl::Status written = WriteRows(batch, progress);
    if (written.ok()) written = connection_->Use(sqlite::Sql::kCommit).Run();
    if (!written.ok() && connection_->in_transaction()) {
      connection_->Use(sqlite::Sql::kRollback).Run().IgnoreError();
    }
    return InFile(work_path_, written);
  }

  // A copy that dies behind the first statement is not known any more by its mark, but by the tree
  // that it holds: the next run compares all of it again.
  absl::Status Finish() override {
    tables_.reset();
    TRUSTHUB_RETURN_IF_ERROR(InFile(work_path_, connection_->Execute("DROP TABLE hub_copy")));
    TRUSTHUB_RETURN_IF_ERROR(sqlite::CheckIntegrity(*connection_, work_path_));
    TRUSTHUB_RETURN_IF_ERROR(Fold(work_path_, std::move(connection_)));
    TRUSTHUB_RETURN_IF_ERROR(sqlite::GiveToOwnerOfFolder(work_path_));
    if (work_path_ == path_) return absl::OkStatus();
    return sqlite::MoveFile(work_path_, path_);
  }

 private:
  absl::Status RecogniseFinished() {
    absl::StatusOr<std::vector<copy::Row>> trees = tables_->Read(copy::Table::kTree, {}, 1);
    if (!trees.ok()) return InFile(work_path_, trees.status());
    const copy::Row& tree = trees->front();
    if (tree[2].number == 0) return absl::OkStatus();  // no leaves: nothing was put here
    state_ = State::kHalf;
    progress_.source = tree[1].bytes;
    progress_.table = static_cast<int>(copy::Shapes().size());
    return absl::OkStatus();
  }

  absl::Status ReadProgress() {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(connection_->db(), kReadProgress, -1, &statement, nullptr);
    absl::Status read = sqlite::StatusOf(code);
    if (read.ok()) {
      Query query(statement, code);
      const absl::StatusOr<bool> found = query.Next();
      read = found.status();
      if (found.ok() && *found) {
        state_ = State::kHalf;
        progress_ = copy::ProgressOf(query.ViewAt(0), query.IntAt(1), query.ViewAt(2));
      }
    }
    sqlite3_finalize(statement);
    return read;
  }

  absl::Status WriteRows(const RowBatch& batch, const Progress& progress) {
    for (const copy::Row& key : batch.removed) {
      TRUSTHUB_RETURN_IF_ERROR(tables_->Remove(batch.table, key));
    }
    for (const copy::Row& row : batch.put) {
      TRUSTHUB_RETURN_IF_ERROR(tables_->Put(batch.table, row));
    }
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(connection_->db(), kSetProgress, -1, &statement, nullptr);
    absl::Status written;
    {
      Query query(statement, code);
      const std::string after = copy::PackKey(progress.after);
      written = query.Text(progress.source).Int(progress.table).Blob(after).Run();
    }
    sqlite3_finalize(statement);
    return written;
  }

  const std::string path_;
  const std::string work_path_;
  const std::string name_;
  const std::string tree_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<RowTables> tables_;
  State state_ = State::kEmpty;
  Progress progress_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<copy::RowSource>> OpenSqliteRows(const std::string& folder,
                                                                const std::string& tree) {
  auto source = std::make_unique<SqliteSource>(Absolute(folder), tree);
  TRUSTHUB_RETURN_IF_ERROR(source->Open());
  return std::unique_ptr<copy::RowSource>(std::move(source));
}

absl::StatusOr<std::unique_ptr<copy::RowTarget>> OpenSqliteRowTarget(const std::string& folder,
                                                                     const std::string& tree) {
  const std::string place = Absolute(folder);
  std::error_code error;
  fs::create_directories(place, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("store ", place, ": cannot be made: ", error.message()));
  }
  const std::string path = place + "/store.db";
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, FileLock::Take(path + ".lock"));
  TRUSTHUB_RETURN_IF_ERROR(sqlite::GiveToOwnerOfFolder(path + ".lock"));
  auto target =
      std::make_unique<SqliteTarget>(path, path + sqlite::kCopying, "sqlite:" + place, tree);
  TRUSTHUB_RETURN_IF_ERROR(target->Open(std::move(lock)));
  return std::unique_ptr<copy::RowTarget>(std::move(target));
}

absl::StatusOr<std::unique_ptr<copy::RowTarget>> OpenSqliteRowFile(const std::string& path,
                                                                   const std::string& tree) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, FileLock::Take(path + ".lock"));
  auto target = std::make_unique<SqliteTarget>(path, path, "sqlite:" + path, tree);
  TRUSTHUB_RETURN_IF_ERROR(target->Open(std::move(lock)));
  return std::unique_ptr<copy::RowTarget>(std::move(target));
}

}  // namespace trusthub::store
