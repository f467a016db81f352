// File: connection.h
//
// The only place that calls SQLite: connections, prepared statements, error codes.
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_CONNECTION_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_CONNECTION_H_

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/sqlite/statements.h"

namespace trusthub::store::sqlite {

// Longest wait of a connection for another one's lock, milliseconds.
inline constexpr int kBusyMillis = 5'000;

// The status for a result code other than OK, ROW and DONE. A failed fsync ends the process here:
// what it left on disk is unknown, and only recovery may read it.
absl::Status StatusOf(int code);

// One use of a prepared statement. Values bound must live until the last Step. Parameters are bound
// in order. Reset when it goes out of scope.
class Query {
 public:
  Query(sqlite3_stmt* statement, int code) : statement_(statement), code_(code) {}
  ~Query() { sqlite3_reset(statement_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  Query& Int(std::int64_t value);
  Query& Text(absl::string_view value);
  Query& TextOrNull(absl::string_view value);  // empty: null
  Query& Blob(absl::string_view value);
  Query& Null();

  // Whether there is a row; false at the end.
  absl::StatusOr<bool> Next();
  // For statements without rows.
  absl::Status Run();

  std::int64_t IntAt(int column) const { return sqlite3_column_int64(statement_, column); }
  bool IsNullAt(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  // Text or blob; good until the next step.
  absl::string_view ViewAt(int column) const;
  std::string StringAt(int column) const { return std::string(ViewAt(column)); }

 private:
  int Step();

  sqlite3_stmt* const statement_;
  int code_;
  int bound_ = 0;
};

// Used by one thread at a time.
class Connection {
 public:
  enum class Mode { kWriter, kReader };
  // The file must exist. Does not look into it yet.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& path, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sets caches and durability. Reads the file.
  absl::Status Configure();
  // Prepared at first use, kept until the connection ends.
  Query Use(Sql sql);
  // SQL without parameters and rows.
  absl::Status Execute(const char* sql);
  bool in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }
  sqlite3* db() { return db_; }

 private:
  Connection(sqlite3* db, Mode mode) : db_(db), mode_(mode) {}

  sqlite3* const db_;
  const Mode mode_;
  std::array<sqlite3_stmt*, kSqlCount> statements_{};
};

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_CONNECTION_H_
