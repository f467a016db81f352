// File: migrations.h
//
// The tables of the store, numbered, for every engine. A store holds the number of the last
// migration that it went through; an engine's start brings it to the newest one, each step in a
// transaction of its own with its verification, and refuses a store whose number it does not know.
//
// A migration expands or contracts, never both: what it adds, the version before can live with;
// what it takes away, the version before no longer uses. So replicas are replaced one by one: a
// process of the release before works on. Started anew it refuses the store.
//
// Numbers begin at 2: stores of number 1 held logs that no version reads any more.
#ifndef TRUSTHUB_COMMON_STORE_MIGRATIONS_H_
#define TRUSTHUB_COMMON_STORE_MIGRATIONS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace trusthub::store {

// What one engine does. `sql` are statements that end in semicolons, none in a text. `verify` is a
// query whose one value is the number that `holds`.
struct MigrationSql {
  std::string sql;
  std::string verify;
  std::int64_t holds = 0;
};

struct Migration {
  std::int64_t number = 0;
  MigrationSql sqlite;
  MigrationSql postgres;
};

// By number, without gaps. The first one makes the tables.
const std::vector<Migration>& Migrations();

// Of the last one.
std::int64_t NewestSchema();

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_MIGRATIONS_H_
