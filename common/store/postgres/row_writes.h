// File: row_writes.h
//
// The statements that write what a group of sets has come to: a few, each with lists, however many
// sets there are.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_ROW_WRITES_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_ROW_WRITES_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "common/store/postgres/connection.h"
#include "common/store/postgres/group_view.h"
#include "common/store/set_group.h"

namespace trusthub::store::postgres {

// Everything but leaves. Answers that expired before `now` are removed, a few with each group.
void AddRowWrites(const GroupView& view, absl::Time now, std::vector<Command>* commands);
// Leaves, tiles, state and head, of tree `tree`.
void AddLogWrites(const LogTurn& turn, std::int64_t tree, std::vector<Command>* commands);

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_ROW_WRITES_H_
