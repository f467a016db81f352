#include "common/store/sqlite/schema.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/store/sqlite/files.h"

namespace trusthub::store::sqlite {
namespace {

// The first value that `sql` gives, as text; the code of a failure in `code`. Runs to the end: what
// a pragma changes is written after its row was given.
std::string FirstValue(Connection& connection, const char* sql, int* code) {
  sqlite3_stmt* statement = nullptr;
  std::string value;
  *code = sqlite3_prepare_v2(connection.db(), sql, -1, &statement, nullptr);
  if (*code == SQLITE_OK) *code = sqlite3_step(statement);
  if (*code == SQLITE_ROW) {
    const void* text = sqlite3_column_blob(statement, 0);
    const int size = sqlite3_column_bytes(statement, 0);
    if (text != nullptr) {
      value.assign(static_cast<const char*>(text), static_cast<std::size_t>(size));
    }
  }
  while (*code == SQLITE_ROW) *code = sqlite3_step(statement);
  if (*code == SQLITE_DONE) *code = SQLITE_OK;
  sqlite3_finalize(statement);
  return value;
}

absl::Status Refused(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("store ", path, ": ", why));
}

absl::Status RefusedFor(const std::string& path, int code) {
  const int primary = code & 0xff;
  if (primary == SQLITE_NOTADB) return Refused(path, "not a store of the hub");
  if (primary == SQLITE_CORRUPT || code == SQLITE_IOERR_DATA)
    return Refused(path, "damaged; restore it from a backup");
  StatusOf(code).IgnoreError();  // ends the process when it was an fsync
  return Refused(path, sqlite3_errstr(code));
}

absl::Status Run(Connection& connection, const std::string& path, const std::string& sql) {
  const int code = sqlite3_exec(connection.db(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : RefusedFor(path, code);
}

// Leaves nothing when it fails: the connection's end undoes what is open.
absl::Status Apply(const Migration& migration, Connection& connection, const std::string& path) {
  TRUSTHUB_RETURN_IF_ERROR(Run(connection, path,
                               absl::StrCat("BEGIN IMMEDIATE;", migration.sqlite.sql,
                                            "PRAGMA application_id = ", kApplicationId,
                                            "; PRAGMA user_version = ", migration.number)));
  int code = SQLITE_OK;
  const std::string found = FirstValue(connection, migration.sqlite.verify.c_str(), &code);
  if (code != SQLITE_OK) return RefusedFor(path, code);
  if (found != absl::StrCat(migration.sqlite.holds)) {
    return Refused(path, absl::StrCat("migration ", migration.number,
                                      " did not do what it should; nothing was changed"));
  }
  return Run(connection, path, "COMMIT");
}

// The version of a file that holds something, which lies between `oldest` and `newest`.
absl::StatusOr<std::int64_t> VersionOf(Connection& connection, const std::string& path,
                                       std::int64_t oldest, std::int64_t newest) {
  int code = SQLITE_OK;
  const std::string application = FirstValue(connection, "PRAGMA application_id", &code);
  if (code != SQLITE_OK) return RefusedFor(path, code);
  if (application != absl::StrCat(kApplicationId)) return Refused(path, "not a store of the hub");
  const std::string text = FirstValue(connection, "PRAGMA user_version", &code);
  if (code != SQLITE_OK) return RefusedFor(path, code);
  std::int64_t version = 0;
  if (absl::SimpleAtoi(text, &version) && version >= oldest && version <= newest) return version;
  return Refused(path, absl::StrCat("made by another version of the hub (schema ", text,
                                    ", this one knows ", newest, ")"));
}

absl::Status CheckWith(const char* sql, Connection& connection, const std::string& path) {
  int code = SQLITE_OK;
  const std::string found = FirstValue(connection, sql, &code);
  if (code != SQLITE_OK) return RefusedFor(path, code);
  return found == "ok" ? absl::OkStatus() : Refused(path, "damaged; restore it from a backup");
}

}  // namespace

absl::Status CheckSchema(Connection& connection, const std::string& path, bool check) {
  TRUSTHUB_RETURN_IF_ERROR(
      VersionOf(connection, path, /*oldest=*/NewestSchema(), NewestSchema()).status());
  return check ? CheckWith("PRAGMA quick_check(1)", connection, path) : absl::OkStatus();
}

absl::Status CheckIntegrity(Connection& connection, const std::string& path) {
  return CheckWith("PRAGMA integrity_check(1)", connection, path);
}

absl::Status PrepareSchema(Connection& connection, const std::string& path, bool check,
                           const std::vector<Migration>& migrations) {
  if (IsForeign(path, kApplicationId)) return Refused(path, "not a store of the hub");
  int code = SQLITE_OK;
  const std::string objects = FirstValue(connection, "SELECT count(*) FROM sqlite_master", &code);
  if (code != SQLITE_OK) return RefusedFor(path, code);
  std::int64_t version = 0;
  if (objects != "0" || FirstValue(connection, "PRAGMA application_id", &code) != "0") {
    TRUSTHUB_ASSIGN_OR_RETURN(
        version, VersionOf(connection, path, migrations.front().number, migrations.back().number));
    if (check) TRUSTHUB_RETURN_IF_ERROR(CheckWith("PRAGMA quick_check(1)", connection, path));
  }
  TRUSTHUB_RETURN_IF_ERROR(connection.Configure());
  const std::string mode = FirstValue(connection, "PRAGMA journal_mode = WAL", &code);
  if (code != SQLITE_OK) return RefusedFor(path, code);
  if (mode != "wal") return Refused(path, "its folder does not allow a write-ahead log");
  for (const Migration& migration : migrations) {
    if (migration.number <= version) continue;
    TRUSTHUB_RETURN_IF_ERROR(Apply(migration, connection, path));
  }
  return absl::OkStatus();
}

}  // namespace trusthub::store::sqlite
