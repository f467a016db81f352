// File: schema.h
//
// Tables of the store, whether a database holds them, and the audit trees registered in it.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_SCHEMA_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_SCHEMA_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/store/migrations.h"
#include "common/store/postgres/connection.h"

namespace trusthub::store::postgres {

// Makes the tables in an empty database, when `create` is set, for `service`; brings those of an
// earlier version to the newest one. Processes that start together do it one after the other.
// FAILED_PRECONDITION: holds other tables, is another service's, is of a newer version, is empty
// and may not be made.
absl::Status PrepareSchema(Connection& connection, absl::string_view service, bool create,
                           absl::Duration limit,
                           const std::vector<Migration>& migrations = Migrations());

// A store whose `counter.trees` is below zero is closed: no process takes or registers a tree. It
// is either a copy that is not finished, or one that was moved elsewhere: then its trees are held
// by this and the name of the place (row_store.h).
inline constexpr char kMovedTo[] = "moved to ";

// This process's place in the database.
struct Holding {
  std::int64_t tree = 0;  // id of its audit tree
  std::string holder;     // what `tree.holder` says while nobody else took the tree
  std::int64_t last_event = 0;
};

// Takes the tree `name` for this process, from whoever held it; registers one that is not there
// when `create` is set. FAILED_PRECONDITION when it is not there and may not be made, when any
// registered tree is gone, or when the store is closed.
absl::StatusOr<Holding> TakeTree(Connection& connection, absl::string_view name, bool create,
                                 absl::Duration limit);

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_SCHEMA_H_
