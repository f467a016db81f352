#include "common/store/postgres/statements.h"

namespace trusthub::store::postgres {

// A switch, not a table: a statement without text is a compiler warning.
const char* TextOf(Sql sql) {
  switch (sql) {
    case Sql::kFindRecord:
      return "SELECT position, name, kind, child, owner, author, version, bytes FROM record"
             " WHERE name = $1";
    case Sql::kListByIndex:
      return "SELECT r.position, r.name, r.kind, r.child, r.owner, r.author, r.version, r.bytes"
             " FROM entry e JOIN record r ON r.position = e.position"
             " WHERE e.field = $1 AND e.key = $2 AND e.position > $3 AND e.kind = $4"
             " ORDER BY e.position LIMIT $5";
    case Sql::kListByChild:
      return "SELECT position, name, kind, child, owner, author, version, bytes FROM record"
             " WHERE child = $1 AND kind = $2 AND position > $3 ORDER BY position LIMIT $4";
    case Sql::kListByKind:
      return "SELECT position, name, kind, child, owner, author, version, bytes FROM record"
             " WHERE kind = $1 AND position > $2 ORDER BY kind, position LIMIT $3";
    case Sql::kVersions:
      return "SELECT h.version, h.written, h.bytes FROM record r JOIN history h"
             " ON h.record = r.position WHERE r.name = $1"
             " UNION ALL SELECT version, written, bytes FROM record WHERE name = $1 ORDER BY 1";
    case Sql::kSequence:
      return "SELECT touched FROM sequence WHERE key = $1";
    case Sql::kFindAnswer:
      return "SELECT digest, response FROM answer WHERE key = $1 AND expires > $2";
    case Sql::kFindState:
      return "SELECT value FROM state WHERE space = $1 AND key = $2";
    case Sql::kListState:
      return "SELECT key, value FROM state WHERE space = $1 AND key > $2 ORDER BY key LIMIT $3";
    case Sql::kReadEvents:
      return "SELECT sequence, child_sequence, bytes FROM event WHERE sequence > $1"
             " ORDER BY sequence LIMIT $2";
    case Sql::kLastEvent:
      return "SELECT event FROM counter WHERE id = 1";
    case Sql::kReadLeaves:
      return "SELECT position, bytes FROM leaf WHERE tree = $1 AND position >= $2"
             " ORDER BY position LIMIT $3";
    case Sql::kLeafCount:
      return "SELECT coalesce(max(position) + 1, 0) FROM leaf WHERE tree = $1";
    case Sql::kListLeavesByKey:
      return "SELECT l.position, l.bytes FROM leaf_key k JOIN leaf l"
             " ON l.tree = k.tree AND l.position = k.position"
             " WHERE k.tree = $1 AND k.key = $2 AND k.position >= $3"
             " ORDER BY k.position LIMIT $4";
    case Sql::kReadTiles:
      return "SELECT position, bytes FROM tile WHERE tree = $1 AND level = $2 AND position >= $3"
             " ORDER BY position LIMIT $4";
    case Sql::kHead:
      return "SELECT head_tree, head_size, root, signed, signature FROM tree"
             " WHERE id = $1 AND head_tree IS NOT NULL";
    case Sql::kTreeState:
      return "SELECT commits, state FROM tree WHERE id = $1";
    case Sql::kLockTree:
      return "SELECT holder, commits FROM tree WHERE id = $1 FOR UPDATE";
    case Sql::kLockCounter:
      return "SELECT position, event FROM counter WHERE id = 1 FOR UPDATE";
    case Sql::kRecords:
      return "SELECT name, position, version, child, entries FROM record"
             " WHERE name = ANY($1::bytea[])";
    case Sql::kHolders:
      return "SELECT w.field, w.key, h.position, h.sole"
             " FROM unnest($1::bytea[], $2::bytea[]) w(field, key) CROSS JOIN LATERAL"
             " (SELECT e.position, e.sole FROM entry e WHERE e.field = w.field AND e.key = w.key"
             " LIMIT $3) h";
    case Sql::kSequences:
      return "SELECT key, touched, events FROM sequence WHERE key = ANY($1::bytea[])";
    case Sql::kAnswers:
      return "SELECT key, expires FROM answer WHERE key = ANY($1::bytea[])";
    case Sql::kAddRecords:
      return "INSERT INTO record (position, name, kind, child, owner, author, version, written,"
             " entries, bytes) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[],"
             " $4::bytea[], $5::bytea[], $6::bytea[], $7::bigint[], $8::bigint[], $9::bytea[],"
             " $10::bytea[])";
    case Sql::kKeepVersions:
      return "INSERT INTO history (record, version, written, bytes)"
             " SELECT position, version, written, bytes FROM record"
             " WHERE position = ANY($1::bigint[])";
    case Sql::kAddVersions:
      return "INSERT INTO history (record, version, written, bytes)"
             " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[])";
    case Sql::kUpdateRecords:
      return "UPDATE record SET child = u.child, owner = u.owner, author = u.author,"
             " version = u.version, written = u.written, entries = u.entries, bytes = u.bytes"
             " FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bigint[],"
             " $6::bigint[], $7::bytea[], $8::bytea[])"
             " u(position, child, owner, author, version, written, entries, bytes)"
             " WHERE record.position = u.position";
    case Sql::kRemoveEntries:
      return "DELETE FROM entry USING unnest($1::bytea[], $2::bytea[], $3::bigint[])"
             " u(field, key, position) WHERE entry.field = u.field AND entry.key = u.key"
             " AND entry.position = u.position";
    case Sql::kAddEntries:
      return "INSERT INTO entry (field, key, position, kind, sole) SELECT * FROM"
             " unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[])";
    case Sql::kSetSequences:
      return "INSERT INTO sequence (key, touched, events)"
             " SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) ON CONFLICT (key)"
             " DO UPDATE SET touched = excluded.touched, events = excluded.events";
    case Sql::kAddEvents:
      return "INSERT INTO event (sequence, child, child_sequence, bytes)"
             " SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bytea[])";
    case Sql::kSetStates:
      return "INSERT INTO state (space, key, value)"
             " SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[])"
             " ON CONFLICT (space, key) DO UPDATE SET value = excluded.value";
    case Sql::kRemoveStates:
      return "DELETE FROM state USING unnest($1::bytea[], $2::bytea[]) u(space, key)"
             " WHERE state.space = u.space AND state.key = u.key";
    case Sql::kSetAnswers:
      // What is there already has expired.
      return "INSERT INTO answer (key, digest, response, expires)"
             " SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[])"
             " ON CONFLICT (key) DO UPDATE SET digest = excluded.digest,"
             " response = excluded.response, expires = excluded.expires";
    case Sql::kPurgeAnswers:
      return "DELETE FROM answer WHERE key IN"
             " (SELECT key FROM answer WHERE expires <= $1 ORDER BY expires LIMIT $2)";
    case Sql::kSetCounter:
      return "UPDATE counter SET position = $1, event = $2 WHERE id = 1";
    case Sql::kAddLeaves:
      return "INSERT INTO leaf (tree, position, bytes)"
             " SELECT $1, * FROM unnest($2::bigint[], $3::bytea[])";
    case Sql::kAddLeafKeys:
      return "INSERT INTO leaf_key (tree, key, position)"
             " SELECT $1, * FROM unnest($2::bytea[], $3::bigint[]) ON CONFLICT DO NOTHING";
    case Sql::kPutTiles:
      return "INSERT INTO tile (tree, level, position, bytes)"
             " SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bytea[])"
             " ON CONFLICT (tree, level, position) DO UPDATE SET bytes = excluded.bytes";
    case Sql::kSetTree:
      return "UPDATE tree SET leaves = $2, state = $3, head_tree = $4, head_size = $5, root = $6,"
             " signed = $7, signature = $8 WHERE id = $1";
    case Sql::kCountCommit:
      return "UPDATE tree SET commits = $2 WHERE id = $1";
    case Sql::kFindTree:
      return "SELECT id FROM tree WHERE name = $1";
    case Sql::kListTrees:
      return "SELECT name FROM tree ORDER BY id";
    case Sql::kTreeCount:
      return "SELECT c.trees, (SELECT count(*) FROM tree), c.service, c.event FROM counter c"
             " WHERE c.id = 1 FOR UPDATE";
    case Sql::kAddTree:
      return "INSERT INTO tree (id, name, holder, commits, leaves, state)"
             " VALUES ($1, $2, $3, 0, 0, ''::bytea)";
    case Sql::kHoldTree:
      return "UPDATE tree SET holder = $2 WHERE id = $1";
    case Sql::kCountTrees:
      return "UPDATE counter SET trees = $1 WHERE id = 1";
    case Sql::kCount:
      break;
  }
  return "";
}

}  // namespace trusthub::store::postgres
