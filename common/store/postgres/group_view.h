// File: group_view.h
//
// What a group of sets reads of the database, in memory: rows as they were when the transaction
// began, and as the sets applied so far have left them. Sets are applied here, one after the other,
// so that a conflict needs no savepoint, and a group of any size is two round trips: what this view
// asks for, and what row_writes.h then writes.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_GROUP_VIEW_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_GROUP_VIEW_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/store/postgres/connection.h"
#include "common/store/set_group.h"
#include "common/store/store.h"

namespace trusthub::store::postgres {

// The last numbers given.
struct Counters {
  std::int64_t position = 0;
  std::int64_t event = 0;
};

// A record that the group writes. Versions are those put by the group, oldest first; views into it.
struct RecordRow {
  std::int64_t position = 0;  // 0: no such record
  std::int64_t version = 0;
  std::string child;
  std::string entries;         // packed (entries.h), as of the last version
  std::string stored_entries;  // the same, as the database has them
  bool stored = false;         // the database has an earlier version
  std::vector<const PutRecord*> versions;
};

// An event with its numbers.
struct EventRow {
  std::int64_t sequence = 0;
  std::int64_t child_sequence = 0;
  const AppendEvent* event = nullptr;
};

struct SequenceRow {
  std::int64_t touched = 0;
  std::int64_t events = 0;
  bool changed = false;
};

// The group outlives it.
class GroupView {
 public:
  explicit GroupView(const SetGroup& group) : group_(group) {}

  // Whether any set has more than leaves: then the transaction holds the counter, and with it its
  // turn among all processes.
  bool NeedsCounter() const;
  // What must be asked before Load, in order; nothing when no set has more than leaves.
  std::vector<Command> Reads() const;
  // `rows` are the answers, from `first` on.
  void Load(const std::vector<Rows>& rows, std::size_t first);

  // Applies one set. Conflict: it left no trace.
  absl::Status Apply(const WriteSet& set, absl::Time now);

  const Counters& counters() const { return counters_; }
  bool numbers_given() const { return numbers_given_; }
  // By name; those without versions were only read.
  const std::map<std::string, RecordRow>& records() const { return records_; }
  const std::map<std::string, SequenceRow>& sequences() const { return sequences_; }
  const std::vector<EventRow>& events() const { return events_; }
  // The last word on each (space, key).
  const std::map<std::pair<absl::string_view, absl::string_view>, const PutState*>& states() const {
    return states_;
  }
  const std::map<absl::string_view, const PutAnswer*>& answers() const { return answers_; }

 private:
  struct Holder {
    std::int64_t position;
    bool sole;
  };
  using KeyName = std::pair<std::string, std::string>;  // field and key
  using Holders = std::map<KeyName, std::vector<Holder>>;

  // Rows that one set has changed, before it is known whether it may.
  struct Draft {
    Counters counters;
    std::map<std::string, RecordRow> records;
    Holders holders;
  };

  absl::Status CheckGuards(const WriteSet& set) const;
  absl::Status CheckAnswer(const PutAnswer& answer, absl::Time now) const;
  absl::Status Put(const PutRecord& put, Draft* draft) const;
  bool IsHeldByOthers(const PutRecord& put, std::int64_t position, const Draft& draft) const;
  void MoveEntries(const RecordRow& row, absl::string_view entries, Draft* draft) const;
  const std::vector<Holder>& HoldersOf(const KeyName& key, const Draft& draft) const;
  // Takes the draft up.
  void Keep(Draft* draft);
  void AddEvents(const WriteSet& set);

  const SetGroup& group_;
  Counters counters_;
  bool numbers_given_ = false;
  std::map<std::string, RecordRow> records_;
  Holders holders_;
  std::map<std::string, SequenceRow> sequences_;
  std::map<std::string, std::int64_t> answer_expiry_;  // microseconds
  std::vector<EventRow> events_;
  std::map<std::pair<absl::string_view, absl::string_view>, const PutState*> states_;
  std::map<absl::string_view, const PutAnswer*> answers_;
};

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_GROUP_VIEW_H_
