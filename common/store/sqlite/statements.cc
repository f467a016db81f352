#include "common/store/sqlite/statements.h"

namespace trusthub::store::sqlite {

// A switch, not a table: a statement without text is a compiler warning.
const char* TextOf(Sql sql) {
  switch (sql) {
    case Sql::kBegin:
      return "BEGIN";
    case Sql::kSee:
      // The view of a transaction begins with its first read; this one looks at nothing.
      return "SELECT 1 FROM log WHERE id = 1 LIMIT 0";
    case Sql::kBeginWrite:
      return "BEGIN IMMEDIATE";
    case Sql::kCommit:
      return "COMMIT";
    case Sql::kRollback:
      return "ROLLBACK";
    case Sql::kSavepoint:
      return "SAVEPOINT one_set";
    case Sql::kRelease:
      return "RELEASE one_set";
    case Sql::kUndo:
      return "ROLLBACK TO one_set";
    case Sql::kFindRecord:
      return "SELECT position, name, kind, child, owner, author, version, bytes FROM record"
             " WHERE name = ?1";
    case Sql::kListByIndex:
      // The cross join keeps the order: along the index, then one look-up a record.
      return "SELECT r.position, r.name, r.kind, r.child, r.owner, r.author, r.version, r.bytes"
             " FROM entry e CROSS JOIN record r ON r.position = e.position"
             " WHERE e.field = ?1 AND e.key = ?2 AND e.position > ?3 AND e.kind = ?4"
             " ORDER BY e.position LIMIT ?5";
    case Sql::kListByChild:
      return "SELECT position, name, kind, child, owner, author, version, bytes FROM record"
             " WHERE child = ?1 AND kind = ?2 AND position > ?3 ORDER BY position LIMIT ?4";
    case Sql::kListByKind:
      return "SELECT position, name, kind, child, owner, author, version, bytes FROM record"
             " INDEXED BY record_kind WHERE kind = ?1 AND position > ?2 ORDER BY position LIMIT ?3";
    case Sql::kVersions:
      return "SELECT h.version, h.written, h.bytes FROM record r CROSS JOIN history h"
             " ON h.record = r.position WHERE r.name = ?1"
             " UNION ALL SELECT version, written, bytes FROM record WHERE name = ?1 ORDER BY 1";
    case Sql::kFindForWrite:
      return "SELECT position, version, child, entries FROM record WHERE name = ?1";
    case Sql::kAddRecord:
      return "INSERT INTO record (position, name, kind, child, owner, author, version, written,"
             " entries, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    case Sql::kKeepVersion:
      return "INSERT INTO history (record, version, written, bytes)"
             " SELECT position, version, written, bytes FROM record WHERE position = ?1";
    case Sql::kUpdateRecord:
      return "UPDATE record SET owner = ?1, author = ?2, version = ?3, written = ?4, entries = ?5,"
             " bytes = ?6 WHERE position = ?7";
    case Sql::kMoveRecord:
      return "UPDATE record SET child = ?1 WHERE position = ?2";
    case Sql::kLastPosition:
      return "SELECT max(position) FROM record";
    case Sql::kHolderOf:
      return "SELECT position, only FROM entry WHERE field = ?1 AND key = ?2 LIMIT 2";
    case Sql::kAddEntry:
      return "INSERT INTO entry (field, key, position, kind, only) VALUES (?1, ?2, ?3, ?4, ?5)";
    case Sql::kRemoveEntry:
      return "DELETE FROM entry WHERE field = ?1 AND key = ?2 AND position = ?3";
    case Sql::kSequence:
      return "SELECT touched FROM sequence WHERE key = ?1";
    case Sql::kTouch:
      return "INSERT INTO sequence (key, touched, events) VALUES (?1, 1, 0)"
             " ON CONFLICT (key) DO UPDATE SET touched = touched + 1";
    case Sql::kReadEvents:
      return "SELECT sequence, child_sequence, bytes FROM event WHERE sequence > ?1"
             " ORDER BY sequence LIMIT ?2";
    case Sql::kLastEvent:
      return "SELECT max(sequence) FROM event";
    case Sql::kAddEvent:
      return "INSERT INTO event (sequence, child, child_sequence, bytes) VALUES (?1, ?2, ?3, ?4)";
    case Sql::kChildEvents:
      return "SELECT events FROM sequence WHERE key = ?1";
    case Sql::kSetChildEvents:
      return "INSERT INTO sequence (key, touched, events) VALUES (?1, 0, ?2)"
             " ON CONFLICT (key) DO UPDATE SET events = excluded.events";
    case Sql::kFindState:
      return "SELECT value FROM state WHERE space = ?1 AND key = ?2";
    case Sql::kListState:
      return "SELECT key, value FROM state WHERE space = ?1 AND key > ?2 ORDER BY key LIMIT ?3";
    case Sql::kSetState:
      return "INSERT INTO state (space, key, value) VALUES (?1, ?2, ?3)"
             " ON CONFLICT (space, key) DO UPDATE SET value = excluded.value";
    case Sql::kRemoveState:
      return "DELETE FROM state WHERE space = ?1 AND key = ?2";
    case Sql::kFindAnswer:
      return "SELECT digest, response FROM answer WHERE key = ?1 AND expires > ?2";
    case Sql::kAnswerExpiry:
      return "SELECT expires FROM answer WHERE key = ?1";
    case Sql::kAddAnswer:
      return "INSERT INTO answer (key, digest, response, expires) VALUES (?1, ?2, ?3, ?4)";
    case Sql::kRemoveAnswer:
      return "DELETE FROM answer WHERE key = ?1";
    case Sql::kPurgeAnswers:
      return "DELETE FROM answer WHERE id IN"
             " (SELECT id FROM answer WHERE expires <= ?1 ORDER BY expires LIMIT ?2)";
    case Sql::kReadLeaves:
      return "SELECT position, bytes FROM leaf WHERE position >= ?1 ORDER BY position LIMIT ?2";
    case Sql::kLastLeaf:
      return "SELECT max(position) FROM leaf";
    case Sql::kAddLeaf:
      return "INSERT INTO leaf (position, bytes, key) VALUES (?1, ?2, ?3)";
    case Sql::kListLeavesByKey:
      return "SELECT l.position, l.bytes FROM leaf_key k CROSS JOIN leaf l"
             " ON l.position = k.position WHERE k.key = ?1 AND k.position >= ?2"
             " ORDER BY k.position LIMIT ?3";
    case Sql::kListRecentLeavesByKey:
      return "SELECT position, bytes FROM leaf WHERE key = ?1"
             " AND position >= max(?2, (SELECT first FROM recent_leaf WHERE id = 1))"
             " ORDER BY position LIMIT ?3";
    case Sql::kAddLeafKey:
      return "INSERT INTO leaf_key (key, position) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    case Sql::kFirstRecentLeaf:
      return "SELECT first FROM recent_leaf WHERE id = 1";
    case Sql::kSetFirstRecentLeaf:
      return "INSERT INTO recent_leaf (id, first) VALUES (1, ?1)";
    case Sql::kMergeLeafKeys:
      return "INSERT INTO leaf_key (key, position) SELECT key, position FROM leaf"
             " WHERE position >= ?1 AND key IS NOT NULL ORDER BY key, position"
             " ON CONFLICT DO NOTHING";
    case Sql::kForgetRecentLeaf:
      return "DELETE FROM recent_leaf WHERE id = 1";
    case Sql::kReadTiles:
      return "SELECT position, bytes FROM tile WHERE level = ?1 AND position >= ?2"
             " ORDER BY position LIMIT ?3";
    case Sql::kPutTile:
      return "INSERT INTO tile (level, position, bytes) VALUES (?1, ?2, ?3)"
             " ON CONFLICT (level, position) DO UPDATE SET bytes = excluded.bytes";
    case Sql::kFindLog:
      return "SELECT state, tree, size, root, signed, signature FROM log WHERE id = 1";
    case Sql::kSetLog:
      return "INSERT INTO log (id, state, tree, size, root, signed, signature)"
             " VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET"
             " state = excluded.state, tree = excluded.tree, size = excluded.size,"
             " root = excluded.root, signed = excluded.signed, signature = excluded.signature";
    case Sql::kCount:
      break;
  }
  return "";
}

}  // namespace trusthub::store::sqlite
