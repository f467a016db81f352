#include "common/store/sqlite/online_copy.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/store/sqlite/connection.h"
#include "common/store/sqlite/files.h"
#include "common/store/sqlite/schema.h"
#include "common/store/sqlite/snapshot.h"

namespace trusthub::store {
namespace {

using sqlite::Connection;
using sqlite::ReaderPool;

// Of the file without a name: nobody reads it after a crash, so nothing is journalled or synced.
constexpr char kCopySettings[] =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192";

absl::Status Named(const std::string& path, const absl::Status& status) {
  if (status.ok() || absl::StartsWith(status.message(), "store ")) return status;
  const bool disk = error::ReasonOf(status) == errors::v1::ERROR_REASON_STORE_UNAVAILABLE;
  return absl::Status(status.code(),
                      absl::StrCat("store ", path, ": ",
                                   disk ? "cannot be read whole; a page or the disk is damaged"
                                        : status.message()));
}

absl::Status DiskError(const std::string& path, absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("store ", path, ": ", what, std::strerror(errno)));
}

// All pages in one step: one view, for SQLite begins anew when a view ends between two steps.
absl::Status CopyPages(Connection& from, Connection& to) {
  sqlite3_backup* const backup = sqlite3_backup_init(to.db(), "main", from.db(), "main");
  if (backup == nullptr) return sqlite::StatusOf(sqlite3_extended_errcode(to.db()));
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE) return sqlite::StatusOf(stepped);
  return sqlite::StatusOf(finished);
}

}  // namespace

absl::StatusOr<std::unique_ptr<OnlineCopy>> OnlineCopy::Make(const std::string& path,
                                                             const std::string& staging,
                                                             const Look& look) {
  if (access(path.c_str(), F_OK) != 0) {
    return absl::NotFoundError(absl::StrCat("store ", path, ": does not exist"));
  }
  const auto pool = std::make_shared<ReaderPool>(path, &RealClock(), 1);
  absl::StatusOr<sqlite::Reading> opened = pool->Take(absl::InfiniteFuture());
  if (!opened.ok()) return Named(path, opened.status());
  // The pool's only connection: the snapshot below reads by it, and the copy is made of its view.
  Connection* const from = opened->connection.get();
  TRUSTHUB_RETURN_IF_ERROR(sqlite::CheckSchema(*from, path, /*check=*/false));
  pool->GiveBack(*std::move(opened));

  const std::string copy = absl::StrCat(staging, "/store.db.copy-", RandomId());
  const int fd = open(copy.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return DiskError(path, absl::StrCat("no copy can be made in ", staging, ": "));
  std::unique_ptr<OnlineCopy> made(new OnlineCopy(fd, NewestSchema()));
  absl::StatusOr<std::unique_ptr<Connection>> to =
      Connection::Open(copy, Connection::Mode::kWriter);
  // From here on it lives by its descriptors alone.
  unlink(copy.c_str());
  if (!to.ok()) return Named(path, to.status());
  absl::Status status = (*to)->Execute(kCopySettings);
  if (status.ok()) {
    absl::StatusOr<std::unique_ptr<Snapshot>> view =
        sqlite::OpenSnapshot(pool, absl::InfiniteFuture());
    status = view.status();
    // The first read fixes the view, also where `look` makes none.
    if (status.ok()) status = (*view)->LeafCount().status();
    if (status.ok()) status = look(**view);
    if (status.ok()) status = CopyPages(*from, **to);
  }
  to->reset();
  if (!status.ok()) return Named(path, status);
  struct stat info;
  if (fstat(fd, &info) != 0) return DiskError(path, "its copy cannot be read: ");
  made->bytes_ = info.st_size;
  return made;
}

OnlineCopy::~OnlineCopy() { close(fd_); }

absl::StatusOr<std::string> OnlineCopy::Read(std::int64_t offset, std::size_t count) const {
  std::string bytes(count, '\0');
  std::size_t size = 0;
  while (size < count) {
    const ssize_t got = pread(fd_, bytes.data() + size, count - size,
                              static_cast<off_t>(offset + static_cast<std::int64_t>(size)));
    if (got < 0) {
      return absl::UnavailableError(
          absl::StrCat("the copy of a store cannot be read: ", std::strerror(errno)));
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  bytes.resize(size);
  return bytes;
}

std::int64_t KnownSqliteSchema() { return NewestSchema(); }

absl::Status CheckStoreFile(const std::string& path) {
  absl::StatusOr<std::unique_ptr<Connection>> opened =
      Connection::Open(path, Connection::Mode::kReader);
  if (!opened.ok()) return Named(path, opened.status());
  absl::Status status = (*opened)->Configure();
  if (status.ok()) status = sqlite::CheckSchema(**opened, path, /*check=*/false);
  if (status.ok()) status = sqlite::CheckIntegrity(**opened, path);
  return Named(path, status);
}

}  // namespace trusthub::store
