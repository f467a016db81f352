// File: statements.h
//
// Every statement of the engine. Each reads or writes by a key or an index; none scans a table
// (statements_test asks the query planner).
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_STATEMENTS_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_STATEMENTS_H_

#include <cstddef>

namespace trusthub::store::sqlite {

enum class Sql : std::size_t {
  kBegin,
  kSee,
  kBeginWrite,
  kCommit,
  kRollback,
  kSavepoint,
  kRelease,
  kUndo,
  // Records.
  kFindRecord,
  kListByIndex,
  kListByChild,
  kListByKind,
  kVersions,
  kFindForWrite,
  kAddRecord,
  kKeepVersion,
  kUpdateRecord,
  kMoveRecord,
  kLastPosition,
  // Index entries.
  kHolderOf,
  kAddEntry,
  kRemoveEntry,
  // Sequences of keys.
  kSequence,
  kTouch,
  // Events.
  kReadEvents,
  kLastEvent,
  kAddEvent,
  kChildEvents,
  kSetChildEvents,
  // States.
  kFindState,
  kListState,
  kSetState,
  kRemoveState,
  // Answers.
  kFindAnswer,
  kAnswerExpiry,
  kAddAnswer,
  kRemoveAnswer,
  kPurgeAnswers,
  // The log.
  kReadLeaves,
  kLastLeaf,
  kAddLeaf,
  kListLeavesByKey,
  kListRecentLeavesByKey,
  kAddLeafKey,
  kFirstRecentLeaf,
  kSetFirstRecentLeaf,
  kMergeLeafKeys,
  kForgetRecentLeaf,
  kReadTiles,
  kPutTile,
  kFindLog,
  kSetLog,
  kCount
};

inline constexpr std::size_t kSqlCount = static_cast<std::size_t>(Sql::kCount);

// The text of a statement.
const char* TextOf(Sql sql);

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_STATEMENTS_H_
