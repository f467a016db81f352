// File: row_sql.h
//
// Statements for the rows of whole tables (copy/rows.h), made of their shapes.
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_ROW_SQL_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_ROW_SQL_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/store/copy/rows.h"
#include "common/store/sqlite/connection.h"

namespace trusthub::store::sqlite {

// The rows of one connection's store, whose audit tree, number 1, has the name `tree`. Every read
// goes along a primary key.
class RowTables final : public copy::RowView {
 public:
  // The connection outlives it.
  RowTables(Connection* connection, std::string tree)
      : connection_(*connection), tree_(std::move(tree)) {}
  ~RowTables() override;
  RowTables(const RowTables&) = delete;
  RowTables& operator=(const RowTables&) = delete;

  absl::StatusOr<std::vector<copy::Row>> Read(copy::Table table, const copy::Row& after,
                                              int limit) override;
  // Within a transaction of the caller's.
  absl::Status Put(copy::Table table, const copy::Row& row);
  absl::Status Remove(copy::Table table, const copy::Row& key);

 private:
  Query Prepared(const std::string& sql);
  absl::Status PutTree(const copy::Row& row);

  Connection& connection_;
  const std::string tree_;
  std::map<std::string, sqlite3_stmt*> statements_;
};

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_ROW_SQL_H_
