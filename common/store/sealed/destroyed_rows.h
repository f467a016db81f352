// File: destroyed_rows.h
//
// What stays of destroyed keys: rows that stand in their place and for the child they were of, by
// keyed hash. They name nobody and open nothing, so they may be kept beside backups. A copy made
// before a key was destroyed has the wrapped key still: these rows, put into it, destroy the key
// there as well, without any key in hand.
#ifndef TRUSTHUB_COMMON_STORE_SEALED_DESTROYED_ROWS_H_
#define TRUSTHUB_COMMON_STORE_SEALED_DESTROYED_ROWS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/store/store.h"
#include "common/time/clock.h"

namespace trusthub::store {

// As the engine of a sealed store has it.
struct DestroyedRow {
  std::string space;
  std::string key;
  std::string value;

  bool operator==(const DestroyedRow& other) const {
    return space == other.space && key == other.key && value == other.value;
  }
  bool operator<(const DestroyedRow& other) const {
    return space != other.space ? space < other.space : key < other.key;
  }
};

// Whether `row` can be one.
bool IsDestroyedRow(const DestroyedRow& row);

// All that `view`, of an engine, has; in order.
absl::StatusOr<std::vector<DestroyedRow>> ListDestroyedRows(Snapshot& view);

// Puts those of `rows` that `engine` lacks into it. What was sealed under their keys can then not
// be opened any more; no index finds it. Nobody else uses the engine meanwhile. Gives how many keys
// were alive in it. INVALID_ARGUMENT, and nothing done, when a row is none.
absl::StatusOr<int> DestroyAgain(Store& engine, const std::vector<DestroyedRow>& rows,
                                 const Clock& clock);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_SEALED_DESTROYED_ROWS_H_
