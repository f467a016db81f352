// File: schema.h
//
// Tables of the store, and whether a file holds them.
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_SCHEMA_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_SCHEMA_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/store/migrations.h"
#include "common/store/sqlite/connection.h"

namespace trusthub::store::sqlite {

// "THub": marks our files (PRAGMA application_id).
inline constexpr std::int64_t kApplicationId = 0x54487562;

// Configures a writer's connection. Makes the tables in an empty file; in any other, checks that it
// is a store of a known version (PRAGMA user_version), and sound when `check` is set, and brings it
// to the newest one. Errors are one line and begin with "store {path}: ".
absl::Status PrepareSchema(Connection& connection, const std::string& path, bool check,
                           const std::vector<Migration>& migrations = Migrations());

// Whether a file that holds something is a store of the newest version, and sound when `check` is
// set.
absl::Status CheckSchema(Connection& connection, const std::string& path, bool check);
// Beyond that: whether tables and indexes say the same (`PRAGMA integrity_check`).
absl::Status CheckIntegrity(Connection& connection, const std::string& path);

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_SCHEMA_H_
