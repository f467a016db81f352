// File: statements.h
//
// Every statement of the engine. Each reads or writes by a key or an index; none scans a table of
// records (statements_test asks the planner). Writes take lists, so that a group of sets is a
// few statements however many sets it has.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_STATEMENTS_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_STATEMENTS_H_

#include <cstddef>

namespace trusthub::store::postgres {

enum class Sql : std::size_t {
  // Snapshots: records.
  kFindRecord,
  kListByIndex,
  kListByChild,
  kListByKind,
  kVersions,
  // Snapshots: the rest.
  kSequence,
  kFindAnswer,
  kFindState,
  kListState,
  kReadEvents,
  kLastEvent,
  kReadLeaves,
  kLeafCount,
  kListLeavesByKey,
  kReadTiles,
  kHead,
  kTreeState,
  // The writer, before it decides.
  kLockTree,
  kLockCounter,
  kRecords,
  kHolders,
  kSequences,
  kAnswers,
  // The writer, afterwards.
  kAddRecords,
  kKeepVersions,
  kAddVersions,
  kUpdateRecords,
  kRemoveEntries,
  kAddEntries,
  kSetSequences,
  kAddEvents,
  kSetStates,
  kRemoveStates,
  kSetAnswers,
  kPurgeAnswers,
  kSetCounter,
  kAddLeaves,
  kAddLeafKeys,
  kPutTiles,
  kSetTree,
  kCountCommit,
  // Trees.
  kFindTree,
  kListTrees,
  kTreeCount,
  kAddTree,
  kHoldTree,
  kCountTrees,
  kCount
};

inline constexpr std::size_t kSqlCount = static_cast<std::size_t>(Sql::kCount);

// The text of a statement.
const char* TextOf(Sql sql);

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_STATEMENTS_H_
