#include "common/store/migrations.h"

namespace trusthub::store {
namespace {

// record     the newest version of every record, by position, so that every list that goes by
//            position ends in one look-up. entries: its index entries, to replace them.
// history    earlier versions.
// entry      index entries; `only` (`sole`) marks unique ones.
// sequence   touched: sets that touched a key; events: events of a child.
// leaf_key   keys under which leaves are found again.
constexpr char kSqliteTables[] = R"(
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

// leaf.key     the leaf's first key, which goes into leaf_key later, with many others: there every
//              key is a page of its own to write. Other keys of a leaf go there at once.
// recent_leaf  one row while there are such leaves: the first one whose key is not in leaf_key yet.
constexpr char kSqliteRecentLeaves[] = R"(
ALTER TABLE leaf ADD COLUMN key BLOB;
CREATE TABLE recent_leaf (
  id INTEGER PRIMARY KEY CHECK (id = 1), first INTEGER NOT NULL) STRICT;
)";

// As SQLite's, and what several processes on one database need:
// tree       one audit log a process that writes, and its newest head. holder: the process that may
//            append to it; commits: its transactions, by which it learns what became of the last.
// counter    one row: the last numbers given, and how many trees there are. A transaction that
//            gives numbers holds it until it ends, so numbers become visible in their order.
// Texts are BYTEA: compared and ordered byte by byte whatever the database's collation, as SQLite
// does.
constexpr char kPostgresTables[] = R"(
CREATE TABLE record (
  position BIGINT PRIMARY KEY, name BYTEA NOT NULL UNIQUE, kind BIGINT NOT NULL, child BYTEA,
  owner BYTEA NOT NULL, author BYTEA NOT NULL, version BIGINT NOT NULL, written BIGINT NOT NULL,
  entries BYTEA NOT NULL, bytes BYTEA NOT NULL);
CREATE INDEX record_kind ON record (kind, position);
CREATE INDEX record_child ON record (child, kind, position) WHERE child IS NOT NULL;
CREATE TABLE history (
  record BIGINT NOT NULL, version BIGINT NOT NULL, written BIGINT NOT NULL,
  bytes BYTEA NOT NULL, PRIMARY KEY (record, version));
CREATE TABLE entry (
  field BYTEA NOT NULL, key BYTEA NOT NULL, position BIGINT NOT NULL, kind BIGINT NOT NULL,
  sole BIGINT NOT NULL, PRIMARY KEY (field, key, position));
CREATE TABLE sequence (
  key BYTEA PRIMARY KEY, touched BIGINT NOT NULL, events BIGINT NOT NULL);
CREATE TABLE event (
  sequence BIGINT PRIMARY KEY, child BYTEA, child_sequence BIGINT NOT NULL,
  bytes BYTEA NOT NULL);
CREATE TABLE state (
  space BYTEA NOT NULL, key BYTEA NOT NULL, value BYTEA NOT NULL, PRIMARY KEY (space, key));
CREATE TABLE answer (
  key BYTEA PRIMARY KEY, digest BYTEA NOT NULL, response BYTEA NOT NULL, expires BIGINT NOT NULL);
CREATE INDEX answer_expires ON answer (expires);
CREATE TABLE tree (
  id BIGINT PRIMARY KEY, name BYTEA NOT NULL UNIQUE, holder BYTEA NOT NULL, commits BIGINT NOT NULL,
  leaves BIGINT NOT NULL, state BYTEA NOT NULL, head_tree BYTEA, head_size BIGINT, root BYTEA,
  signed BIGINT, signature BYTEA);
CREATE TABLE leaf (
  tree BIGINT NOT NULL, position BIGINT NOT NULL, bytes BYTEA NOT NULL,
  PRIMARY KEY (tree, position));
CREATE TABLE leaf_key (
  tree BIGINT NOT NULL, key BYTEA NOT NULL, position BIGINT NOT NULL,
  PRIMARY KEY (tree, key, position));
CREATE TABLE tile (
  tree BIGINT NOT NULL, level BIGINT NOT NULL, position BIGINT NOT NULL, bytes BYTEA NOT NULL,
  PRIMARY KEY (tree, level, position));
CREATE TABLE counter (
  id BIGINT PRIMARY KEY CHECK (id = 1), service BYTEA NOT NULL, position BIGINT NOT NULL,
  event BIGINT NOT NULL, trees BIGINT NOT NULL);
)";

}  // namespace

const std::vector<Migration>& Migrations() {
  static const auto& migrations = *new std::vector<Migration>{
      {2,
       {kSqliteTables, "SELECT count(*) FROM sqlite_master WHERE type = 'table'", 11},
       {kPostgresTables,
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"
        " AND table_name IN ('record', 'history', 'entry', 'sequence', 'event', 'state', 'answer',"
        " 'tree', 'leaf', 'leaf_key', 'tile', 'counter')",
        12}},
      {3,
       {kSqliteRecentLeaves, "SELECT count(*) FROM pragma_table_info('leaf') WHERE name = 'key'",
        1},
       // PostgreSQL writes rows to its log, not pages.
       {"", "SELECT 0::bigint", 0}},
  };
  return migrations;
}

std::int64_t NewestSchema() { return Migrations().back().number; }

}  // namespace trusthub::store
