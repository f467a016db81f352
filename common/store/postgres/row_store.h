// File: row_store.h
//
// A store in a PostgreSQL database as rows, to be copied from and to (copy/rows.h).
//
// Who may write, without locks of the database's own. While it is copied to, `counter.trees` is
// below zero, and no process takes a tree (schema.h). A source in use shows in the names of the
// server's sessions, where the server tells them; that is a courtesy to whoever forgot to stop a
// service. What holds is the fence that all writers have: the copy takes the trees, as another
// process would, so that whoever held them is refused its next commit; and Retire looks, in the
// transaction that closes the store, whether anybody took them since.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_ROW_STORE_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_ROW_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/store/copy/rows.h"

namespace trusthub::store {

struct PostgresRowOptions {
  // As of PostgresOptions.
  std::string url;
  std::string folder;
  std::string service;
  bool allow_plain = false;
  absl::Duration connect_limit = absl::Seconds(5);
  absl::Duration statement_limit = absl::Minutes(1);  // of a read, or a batch
  absl::Duration migration_limit = absl::Minutes(30);
};

// The store in the database. FAILED_PRECONDITION: none, another service's, of another version, a
// copy that is not finished. Errors begin with "store {name}: ".
absl::StatusOr<std::unique_ptr<copy::RowSource>> OpenPostgresRows(
    const PostgresRowOptions& options);

// The store that the database shall hold; tables are made. It must be set up as for a service. Two
// copies to one database: the later one ends the earlier.
absl::StatusOr<std::unique_ptr<copy::RowTarget>> OpenPostgresRowTarget(
    const PostgresRowOptions& options);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_ROW_STORE_H_
