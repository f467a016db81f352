// File: set_writer.h
//
// Applies write sets inside the transaction that is open on the writer's connection.
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_SET_WRITER_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_SET_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/store/sqlite/connection.h"
#include "common/store/store.h"

namespace trusthub::store::sqlite {

inline constexpr std::int64_t kNoLeaf = -1;

// What the next row of each append-only table gets.
struct Counters {
  std::int64_t last_position = 0;
  std::int64_t last_event = 0;
  std::int64_t leaves = 0;
  std::int64_t first_recent = kNoLeaf;  // leaf whose key is not merged yet
};

// Used by the writer's thread only.
class SetWriter {
 public:
  explicit SetWriter(Connection* connection) : connection_(*connection) {}

  // Reads the counters; at the start and after a rollback.
  absl::Status LoadCounters();
  const Counters& counters() const { return counters_; }

  // Applies everything of `set` but its leaves. Conflict: the set left no trace. Any other error:
  // the whole transaction must be rolled back.
  absl::Status Apply(const WriteSet& set, absl::Time now);
  // Appends one leaf of the log.
  absl::Status AddLeaf(const LeafPlace& place, const AppendLeaf& leaf);
  // After the last leaf of a commit: sorts the keys of recent leaves into their place when there
  // are `recent_max` of them.
  absl::Status MergeLeafKeys(std::int64_t recent_max);
  absl::Status PutTile(const Tile& tile);
  // Replaces the state of the log and its newest head.
  absl::Status SetLog(absl::string_view state, const SealedHead& head);
  // Removes at most `limit` answers that nobody will ask for any more.
  absl::Status PurgeAnswers(absl::Time now, int limit);

 private:
  // What is stored under the name of a record about to be written.
  struct Before {
    std::int64_t position = 0;  // 0: nothing
    std::int64_t version = 0;
    std::string child;
    std::string entries;
  };

  absl::Status ApplyAll(const WriteSet& set, absl::Time now);
  absl::Status CheckGuards(const WriteSet& set);
  absl::StatusOr<Before> CheckRecord(const PutRecord& put);
  absl::Status CheckUnique(const PutRecord& put, const Before& before);
  absl::Status Write(const PutRecord& put, const Before& before);
  absl::Status WriteEntries(const PutRecord& put, const Before& before, absl::string_view entries,
                            std::int64_t position);
  absl::Status Add(const PutAnswer& answer, absl::Time now);
  absl::Status Add(const AppendEvent& event);
  absl::Status Touch(const std::vector<std::string>& keys);
  absl::Status Put(const PutState& state);

  Connection& connection_;
  Counters counters_;
};

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_SET_WRITER_H_
