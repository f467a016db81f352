#include "common/store/sqlite/schema.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/store/sqlite/files.h"

namespace trusthub::store::sqlite {
namespace {

// record     the newest version of every record; position is its rowid, so that every list that
// goes
//            by position ends in one look-up by rowid. entries: its index entries, to replace them.
// history    earlier versions.
// entry      index entries; `only` marks unique ones.
// sequence   touched: sets that touched a key; events: events of a child.
// leaf_key   keys under which leaves are found again.
constexpr char kTables[] = R"(
CREATE TABLE record (
  position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL, child TEXT,
  owner TEXT NOT NULL, author TEXT NOT NULL, version INTEGER NOT NULL, written INTEGER NOT NULL,
  entries BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE INDEX record_kind ON record (kind);
CREATE INDEX record_child ON record (child, kind) WHERE child IS NOT NULL;
CREATE TABLE history (
  record INTEGER NOT NULL, version INTEGER NOT NULL, written INTEGER NOT NULL,
  bytes BLOB NOT NULL, PRIMARY KEY (record, version)) STRICT;
CREATE TABLE entry (
  field TEXT NOT NULL, key BLOB NOT NULL, position INTEGER NOT NULL, kind INTEGER NOT NULL,
  only INTEGER NOT NULL, PRIMARY KEY (field, key, position)) STRICT, WITHOUT ROWID;
CREATE TABLE sequence (
  key TEXT PRIMARY KEY, touched INTEGER NOT NULL, events INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE event (
  sequence INTEGER PRIMARY KEY, child TEXT, child_sequence INTEGER NOT NULL,
  bytes BLOB NOT NULL) STRICT;
CREATE TABLE state (
  space TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (space, key)) STRICT, WITHOUT ROWID;
CREATE TABLE answer (
  id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, digest BLOB NOT NULL,
  response BLOB NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE INDEX answer_expires ON answer (expires);
CREATE TABLE leaf (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE leaf_key (
  key BLOB NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (key, position)) STRICT, WITHOUT ROWID;
CREATE TABLE tile (
  level INTEGER NOT NULL, position INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (level, position)) STRICT;
CREATE TABLE log (
  id INTEGER PRIMARY KEY CHECK (id = 1), state BLOB NOT NULL, tree TEXT NOT NULL,
  size INTEGER NOT NULL, root BLOB NOT NULL, signed INTEGER NOT NULL,
  signature BLOB NOT NULL) STRICT;
)";

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

absl::Status Create(Connection& connection, const std::string& path) {
  const std::string sql =
      absl::StrCat("BEGIN IMMEDIATE;", kTables, "PRAGMA application_id = ", kApplicationId,
                   "; PRAGMA user_version = ", kSchemaVersion, "; COMMIT");
  const int code = sqlite3_exec(connection.db(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : RefusedFor(path, code);
}

absl::Status CheckWith(const char* sql, Connection& connection, const std::string& path) {
  int code = SQLITE_OK;
  const std::string found = FirstValue(connection, sql, &code);
  if (code != SQLITE_OK) return RefusedFor(path, code);
  return found == "ok" ? absl::OkStatus() : Refused(path, "damaged; restore it from a backup");
}

}  // namespace

absl::Status CheckSchema(Connection& connection, const std::string& path, bool check) {
  int code = SQLITE_OK;
  const std::string application = FirstValue(connection, "PRAGMA application_id", &code);
  if (code != SQLITE_OK) return RefusedFor(path, code);
  if (application != absl::StrCat(kApplicationId)) return Refused(path, "not a store of the hub");
  const std::string version = FirstValue(connection, "PRAGMA user_version", &code);
  if (code != SQLITE_OK) return RefusedFor(path, code);
  if (version != absl::StrCat(kSchemaVersion)) {
    return Refused(path, absl::StrCat("made by another version of the hub (schema ", version,
                                      ", this one knows ", kSchemaVersion, ")"));
  }
  return check ? CheckWith("PRAGMA quick_check(1)", connection, path) : absl::OkStatus();
}

absl::Status CheckIntegrity(Connection& connection, const std::string& path) {
  return CheckWith("PRAGMA integrity_check(1)", connection, path);
}

absl::Status PrepareSchema(Connection& connection, const std::string& path, bool check) {
  if (IsForeign(path, kApplicationId)) return Refused(path, "not a store of the hub");
  int code = SQLITE_OK;
  const std::string objects = FirstValue(connection, "SELECT count(*) FROM sqlite_master", &code);
  if (code != SQLITE_OK) return RefusedFor(path, code);
  const bool empty =
      objects == "0" && FirstValue(connection, "PRAGMA application_id", &code) == "0";
  if (!empty) TRUSTHUB_RETURN_IF_ERROR(CheckSchema(connection, path, check));
  TRUSTHUB_RETURN_IF_ERROR(connection.Configure());
  const std::string mode = FirstValue(connection, "PRAGMA journal_mode = WAL", &code);
  if (code != SQLITE_OK) return RefusedFor(path, code);
  if (mode != "wal") return Refused(path, "its folder does not allow a write-ahead log");
  return empty ? Create(connection, path) : absl::OkStatus();
}

}  // namespace trusthub::store::sqlite
