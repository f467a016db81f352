#include "common/store/sqlite/sqlite_store.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/store/file_lock.h"
#include "common/store/sqlite/connection.h"
#include "common/store/sqlite/files.h"
#include "common/store/sqlite/group_writer.h"
#include "common/store/sqlite/row_cache.h"
#include "common/store/sqlite/schema.h"
#include "common/store/sqlite/snapshot.h"

namespace trusthub::store {
namespace {

// The writer's connection ends last but for the lock, after the readers', so that it empties the
// log.
class SqliteStore : public Store {
 public:
  SqliteStore(const SqliteOptions& options, std::unique_ptr<FileLock> lock,
              std::unique_ptr<sqlite::Connection> connection)
      : lock_(std::move(lock)),
        readers_(std::make_shared<sqlite::ReaderPool>(
            options.path, options.clock, options.readers_max,
            std::make_shared<sqlite::RowCache>(options.kept_rows_bytes_max))),
        writer_(options, std::move(connection), readers_) {}
  ~SqliteStore() override {
    Close();
    readers_.reset();  // the writer has them still
  }

  absl::Status Start() {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Snapshot> log,
                              sqlite::OpenSnapshot(readers_, absl::InfiniteFuture()));
    return writer_.Start(*log);
  }

  absl::StatusOr<std::unique_ptr<Snapshot>> Open(absl::Time deadline) override {
    return sqlite::OpenSnapshot(readers_, deadline);
  }
  void Commit(WriteSet set, CommitCallback done) override {
    writer_.Commit(std::move(set), std::move(done));
  }
  void SetEventListener(std::function<void(std::int64_t)> listener) override {
    writer_.SetEventListener(std::move(listener));
  }
  void Close() override { writer_.Stop(); }

 private:
  const std::unique_ptr<FileLock> lock_;
  std::shared_ptr<sqlite::ReaderPool> readers_;
  sqlite::GroupWriter writer_;
};

absl::StatusOr<std::unique_ptr<Store>> OpenFiles(const SqliteOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock,
                            FileLock::Take(absl::StrCat(options.path, ".lock")));
  TRUSTHUB_RETURN_IF_ERROR(sqlite::CheckPlace(options.path));
  if (options.create) {
    TRUSTHUB_RETURN_IF_ERROR(sqlite::CreatePrivate(options.path));
  } else if (access(options.path.c_str(), F_OK) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("store ", options.path, ": does not exist; restore it from a backup"));
  } else if (sqlite::IsEmpty(options.path)) {
    return absl::FailedPreconditionError(
        absl::StrCat("store ", options.path, ": is empty; restore it from a backup"));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(
      std::unique_ptr<sqlite::Connection> connection,
      sqlite::Connection::Open(options.path, sqlite::Connection::Mode::kWriter));
  TRUSTHUB_RETURN_IF_ERROR(sqlite::PrepareSchema(*connection, options.path, options.check));
  auto store = std::make_unique<SqliteStore>(options, std::move(lock), std::move(connection));
  TRUSTHUB_RETURN_IF_ERROR(store->Start());
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqlite(const SqliteOptions& options) {
  absl::StatusOr<std::unique_ptr<Store>> opened = OpenFiles(options);
  const absl::Status& status = opened.status();
  if (status.ok() || absl::StartsWith(status.message(), "store ")) return opened;
  // What a caller would be told says nothing to the person who starts the service.
  const bool disk = error::ReasonOf(status) == errors::v1::ERROR_REASON_STORE_UNAVAILABLE;
  return absl::Status(
      status.code(),
      absl::StrCat("store ", options.path, ": ",
                   disk ? "cannot be read or written; the log says why" : status.message()));
}

}  // namespace trusthub::store
