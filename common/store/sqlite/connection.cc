#include "common/store/sqlite/connection.h"

#include <cstdlib>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/store/sqlite/page_checks.h"

namespace trusthub::store::sqlite {
namespace {

// SQLite's statistics take a global lock at every allocation; nobody reads them here.
void SetUpLibrary() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
  });
}

// cache_size in KiB. Readers are many and short; the kernel's page cache stands behind them.
constexpr char kWriterSettings[] =
    "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;"
    // Frames are written once (page_checks.h).
    "PRAGMA cache_spill = OFF;"
    // A log that outgrew its checkpoints gives the disk back.
    "PRAGMA journal_size_limit = 67108864";
constexpr char kReaderSettings[] =
    "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -256";

}  // namespace

absl::Status StatusOf(int code) {
  const int primary = code & 0xff;
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
    log::Error("store fsync failed: stopping, what is on disk is unknown");
    std::_Exit(EXIT_FAILURE);
  }
  if (primary == SQLITE_OK || primary == SQLITE_ROW || primary == SQLITE_DONE) {
    return absl::OkStatus();
  }
  if (primary == SQLITE_INTERRUPT) return error::DeadlineExceeded();
  log::Error("store failed", {{"code", code}, {"meaning", sqlite3_errstr(code)}});
  return error::StoreUnavailable(sqlite3_errstr(primary));
}

// --- Query ------------------------------------------------------------------------------------

Query& Query::Int(std::int64_t value) {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_int64(statement_, ++bound_, value);
  return *this;
}

Query& Query::Text(absl::string_view value) {
  // A view of nothing may have no address, which SQLite would take for NULL.
  const char* data = value.data() == nullptr ? "" : value.data();
  if (code_ == SQLITE_OK) {
    code_ =
        sqlite3_bind_text64(statement_, ++bound_, data, value.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  return *this;
}

Query& Query::TextOrNull(absl::string_view value) { return value.empty() ? Null() : Text(value); }

Query& Query::Null() {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_null(statement_, ++bound_);
  return *this;
}

Query& Query::Blob(absl::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  if (code_ == SQLITE_OK) {
    code_ = sqlite3_bind_blob64(statement_, ++bound_, data, value.size(), SQLITE_STATIC);
  }
  return *this;
}

int Query::Step() {
  if (code_ == SQLITE_OK) return sqlite3_step(statement_);
  return code_;
}

absl::StatusOr<bool> Query::Next() {
  const int code = Step();
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return StatusOf(code);
}

absl::Status Query::Run() {
  int code = Step();
  while (code == SQLITE_ROW) code = Step();
  return code == SQLITE_DONE ? absl::OkStatus() : StatusOf(code);
}

absl::string_view Query::ViewAt(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

// --- Connection -------------------------------------------------------------------------------

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& path, Mode mode) {
  SetUpLibrary();
  const bool writer = mode == Mode::kWriter;
  const int flags = (writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, PageChecksVfs());
  std::unique_ptr<Connection> connection(new Connection(db, mode));
  if (code != SQLITE_OK) return StatusOf(code);
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, kBusyMillis);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  int reserved = kPageCheckBytes;  // of each page of a file that is made; an old one has its own
  sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  return connection;
}

Connection::~Connection() {
  for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
  sqlite3_close(db_);
}

absl::Status Connection::Configure() {
  return Execute(mode_ == Mode::kWriter ? kWriterSettings : kReaderSettings);
}

Query Connection::Use(Sql sql) {
  sqlite3_stmt*& statement = statements_[static_cast<std::size_t>(sql)];
  int code = SQLITE_OK;
  if (statement == nullptr) {
    code = sqlite3_prepare_v3(db_, TextOf(sql), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  }
  return Query(statement, code);
}

absl::Status Connection::Execute(const char* sql) {
  return StatusOf(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr));
}

}  // namespace trusthub::store::sqlite
