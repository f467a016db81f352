#include "common/store/sqlite/set_writer.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/base/status_macros.h"
#include "common/store/entries.h"

namespace trusthub::store::sqlite {
namespace {

bool Same(const EntryView& a, const EntryView& b) {
  return std::tie(a.field, a.key, a.unique) == std::tie(b.field, b.key, b.unique);
}

bool Contains(const std::vector<EntryView>& entries, const EntryView& wanted) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const EntryView& entry) { return Same(entry, wanted); });
}

}  // namespace

absl::Status SetWriter::LoadCounters() {
  Counters read;
  {
    Query query = connection_.Use(Sql::kLastPosition);
    TRUSTHUB_RETURN_IF_ERROR(query.Next().status());
    read.last_position = query.IntAt(0);
  }
  {
    Query query = connection_.Use(Sql::kLastEvent);
    TRUSTHUB_RETURN_IF_ERROR(query.Next().status());
    read.last_event = query.IntAt(0);
  }
  {
    Query query = connection_.Use(Sql::kLastLeaf);
    TRUSTHUB_RETURN_IF_ERROR(query.Next().status());
    read.leaves = query.IsNullAt(0) ? 0 : query.IntAt(0) + 1;
  }
  {
    Query query = connection_.Use(Sql::kFirstRecentLeaf);
    TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
    if (found) read.first_recent = query.IntAt(0);
  }
  counters_ = read;
  return absl::OkStatus();
}

// A set of one record is checked before its first write, so that a conflict leaves nothing to undo.
// The records of a larger set may collide with each other: that one gets a savepoint.
absl::Status SetWriter::Apply(const WriteSet& set, absl::Time now) {
  TRUSTHUB_RETURN_IF_ERROR(CheckGuards(set));
  if (set.records.size() < 2) return ApplyAll(set, now);
  const Counters before = counters_;
  TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kSavepoint).Run());
  absl::Status applied = ApplyAll(set, now);
  if (IsConflict(applied)) {
    counters_ = before;
    TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kUndo).Run());
  } else if (!applied.ok()) {
    return applied;
  }
  TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kRelease).Run());
  return applied;
}

// Nothing after the first record and the answer can conflict.
absl::Status SetWriter::ApplyAll(const WriteSet& set, absl::Time now) {
  for (std::size_t i = 0; i < set.records.size(); ++i) {
    const PutRecord& put = set.records[i];
    TRUSTHUB_ASSIGN_OR_RETURN(const Before before, CheckRecord(put));
    TRUSTHUB_RETURN_IF_ERROR(CheckUnique(put, before));
    if (i == 0 && set.answer.has_value()) TRUSTHUB_RETURN_IF_ERROR(Add(*set.answer, now));
    TRUSTHUB_RETURN_IF_ERROR(Write(put, before));
  }
  if (set.records.empty() && set.answer.has_value()) {
    TRUSTHUB_RETURN_IF_ERROR(Add(*set.answer, now));
  }
  for (const AppendEvent& event : set.events) TRUSTHUB_RETURN_IF_ERROR(Add(event));
  for (const PutState& state : set.states) TRUSTHUB_RETURN_IF_ERROR(Put(state));
  return Touch(set.touches);
}

absl::Status SetWriter::CheckGuards(const WriteSet& set) {
  for (const Guard& guard : set.guards) {
    Query query = connection_.Use(Sql::kSequence);
    query.Text(guard.key);
    TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
    if ((found ? query.IntAt(0) : 0) != guard.seen) return Conflict();
  }
  return absl::OkStatus();
}

// --- Records ----------------------------------------------------------------------------------

absl::StatusOr<SetWriter::Before> SetWriter::CheckRecord(const PutRecord& put) {
  Query query = connection_.Use(Sql::kFindForWrite);
  query.Text(put.head.name);
  TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
  Before before;
  if (found) {
    before = {query.IntAt(0), query.IntAt(1), query.StringAt(2), query.StringAt(3)};
  }
  if (before.version + 1 != put.head.version) return Conflict();
  return before;
}

absl::Status SetWriter::CheckUnique(const PutRecord& put, const Before& before) {
  for (const IndexKey& key : put.index) {
    Query query = connection_.Use(Sql::kHolderOf);
    query.Text(key.field).Blob(key.key);
    // A unique entry stands alone, so two rows say everything.
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
      if (!found) break;
      const bool own = query.IntAt(0) == before.position;
      if (!own && (key.unique || query.IntAt(1) != 0)) return Conflict();
    }
  }
  return absl::OkStatus();
}

absl::Status SetWriter::Write(const PutRecord& put, const Before& before) {
  const RecordHead& head = put.head;
  const std::string entries = PackEntries(SortedEntries(put.index));
  const std::int64_t written = absl::ToUnixMicros(put.written);
  if (before.position == 0) {
    const std::int64_t position = ++counters_.last_position;
    TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kAddRecord)
                                 .Int(position)
                                 .Text(head.name)
                                 .Int(head.kind)
                                 .TextOrNull(head.child)
                                 .Text(head.owner_agency)
                                 .Text(head.author_agency)
                                 .Int(head.version)
                                 .Int(written)
                                 .Blob(entries)
                                 .Blob(put.bytes)
                                 .Run());
    return WriteEntries(put, before, entries, position);
  }
  TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kKeepVersion).Int(before.position).Run());
  TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kUpdateRecord)
                               .Text(head.owner_agency)
                               .Text(head.author_agency)
                               .Int(head.version)
                               .Int(written)
                               .Blob(entries)
                               .Blob(put.bytes)
                               .Int(before.position)
                               .Run());
  if (before.child != head.child) {
    TRUSTHUB_RETURN_IF_ERROR(
        connection_.Use(Sql::kMoveRecord).TextOrNull(head.child).Int(before.position).Run());
  }
  return WriteEntries(put, before, entries, before.position);
}

absl::Status SetWriter::WriteEntries(const PutRecord& put, const Before& before,
                                     absl::string_view entries, std::int64_t position) {
  if (entries == before.entries) return absl::OkStatus();
  const std::vector<EntryView> old_entries = UnpackEntries(before.entries);
  const std::vector<EntryView> new_entries = UnpackEntries(entries);
  for (const EntryView& entry : old_entries) {
    if (Contains(new_entries, entry)) continue;
    TRUSTHUB_RETURN_IF_ERROR(
        connection_.Use(Sql::kRemoveEntry).Text(entry.field).Blob(entry.key).Int(position).Run());
  }
  for (const EntryView& entry : new_entries) {
    if (Contains(old_entries, entry)) continue;
    TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kAddEntry)
                                 .Text(entry.field)
                                 .Blob(entry.key)
                                 .Int(position)
                                 .Int(put.head.kind)
                                 .Int(entry.unique ? 1 : 0)
                                 .Run());
  }
  return absl::OkStatus();
}

// --- The rest of a set ------------------------------------------------------------------------

absl::Status SetWriter::Add(const PutAnswer& answer, absl::Time now) {
  {
    Query query = connection_.Use(Sql::kAnswerExpiry);
    query.Blob(answer.key);
    TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
    if (found && query.IntAt(0) > absl::ToUnixMicros(now)) return Conflict();
    if (found) TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kRemoveAnswer).Blob(answer.key).Run());
  }
  return connection_.Use(Sql::kAddAnswer)
      .Blob(answer.key)
      .Blob(answer.request_digest)
      .Blob(answer.response)
      .Int(absl::ToUnixMicros(answer.expires))
      .Run();
}

absl::Status SetWriter::Add(const AppendEvent& event) {
  std::int64_t child_sequence = 0;
  if (!event.child.empty()) {
    Query query = connection_.Use(Sql::kChildEvents);
    query.Text(event.child);
    TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
    child_sequence = (found ? query.IntAt(0) : 0) + 1;
    TRUSTHUB_RETURN_IF_ERROR(
        connection_.Use(Sql::kSetChildEvents).Text(event.child).Int(child_sequence).Run());
  }
  return connection_.Use(Sql::kAddEvent)
      .Int(++counters_.last_event)
      .TextOrNull(event.child)
      .Int(child_sequence)
      .Blob(event.bytes)
      .Run();
}

// A sequence counts sets, so a key named twice counts once.
absl::Status SetWriter::Touch(const std::vector<std::string>& keys) {
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    if (std::find(keys.begin(), key, *key) != key) continue;
    TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kTouch).Text(*key).Run());
  }
  return absl::OkStatus();
}

absl::Status SetWriter::Put(const PutState& state) {
  if (!state.value.has_value()) {
    return connection_.Use(Sql::kRemoveState).Text(state.space).Text(state.key).Run();
  }
  return connection_.Use(Sql::kSetState).Text(state.space).Text(state.key).Blob(*state.value).Run();
}

// --- The log ----------------------------------------------------------------------------------

absl::Status SetWriter::AddLeaf(const LeafPlace& place, const AppendLeaf& leaf) {
  if (place.index != counters_.leaves) return absl::InternalError("a leaf is out of place");
  ++counters_.leaves;
  {
    Query add = connection_.Use(Sql::kAddLeaf);
    add.Int(place.index).Blob(leaf.bytes);
    if (leaf.keys.empty()) return add.Null().Run();
    TRUSTHUB_RETURN_IF_ERROR(add.Blob(leaf.keys.front()).Run());
  }
  if (counters_.first_recent == kNoLeaf) {
    counters_.first_recent = place.index;
    TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kSetFirstRecentLeaf).Int(place.index).Run());
  }
  for (const std::string& key : leaf.keys) {
    if (key == leaf.keys.front()) continue;
    TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kAddLeafKey).Blob(key).Int(place.index).Run());
  }
  return absl::OkStatus();
}

absl::Status SetWriter::MergeLeafKeys(std::int64_t recent_max) {
  const std::int64_t first = counters_.first_recent;
  if (first == kNoLeaf || counters_.leaves - first < recent_max) return absl::OkStatus();
  TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kMergeLeafKeys).Int(first).Run());
  TRUSTHUB_RETURN_IF_ERROR(connection_.Use(Sql::kForgetRecentLeaf).Run());
  counters_.first_recent = kNoLeaf;
  return absl::OkStatus();
}

absl::Status SetWriter::PutTile(const Tile& tile) {
  return connection_.Use(Sql::kPutTile).Int(tile.level).Int(tile.index).Blob(tile.bytes).Run();
}

absl::Status SetWriter::SetLog(absl::string_view state, const SealedHead& head) {
  return connection_.Use(Sql::kSetLog)
      .Blob(state)
      .Text(head.tree)
      .Int(head.size)
      .Blob(head.root)
      .Int(absl::ToUnixMicros(head.sign_time))
      .Blob(head.signature)
      .Run();
}

absl::Status SetWriter::PurgeAnswers(absl::Time now, int limit) {
  return connection_.Use(Sql::kPurgeAnswers).Int(absl::ToUnixMicros(now)).Int(limit).Run();
}

}  // namespace trusthub::store::sqlite
