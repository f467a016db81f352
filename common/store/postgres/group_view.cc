#include "common/store/postgres/group_view.h"

#include <algorithm>
#include <set>

#include "common/base/status_macros.h"
#include "common/store/entries.h"

namespace trusthub::store::postgres {
namespace {

// Of a key that nobody wants alone two holders say everything: one that holds it alone has no
// others beside it.
constexpr std::int64_t kHoldersOfShared = 2;

std::vector<absl::string_view> ViewsOf(const std::set<absl::string_view>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

bool GroupView::NeedsCounter() const {
  return std::any_of(group_.begin(), group_.end(), [](const PendingSet& pending) {
    const WriteSet& set = pending.set;
    return pending.status.ok() && !(IsOnlyLeaves(set) && set.guards.empty() && set.touches.empty());
  });
}

std::vector<Command> GroupView::Reads() const {
  if (!NeedsCounter()) return {};
  std::set<absl::string_view> names;
  std::set<absl::string_view> sequences;
  std::set<absl::string_view> answers;
  std::map<std::pair<absl::string_view, absl::string_view>, bool> keys;  // wanted alone by anyone
  std::int64_t records = 0;
  for (const PendingSet& pending : group_) {
    const WriteSet& set = pending.set;
    if (!pending.status.ok()) continue;
    for (const PutRecord& put : set.records) {
      ++records;
      names.insert(put.head.name);
      for (const IndexKey& key : put.index) keys[{key.field, key.key}] |= key.unique;
    }
    for (const Guard& guard : set.guards) sequences.insert(guard.key);
    for (const std::string& key : set.touches) sequences.insert(key);
    for (const AppendEvent& event : set.events) sequences.insert(event.child);
    if (set.answer.has_value()) answers.insert(set.answer->key);
  }
  std::vector<absl::string_view> fields[2];
  std::vector<absl::string_view> values[2];
  for (const auto& [name, sole] : keys) {
    fields[sole ? 1 : 0].push_back(name.first);
    values[sole ? 1 : 0].push_back(name.second);
  }
  std::vector<Command> reads;
  reads.emplace_back(Sql::kLockCounter, Arguments());
  reads.emplace_back(Sql::kRecords, Arguments().BytesList(ViewsOf(names)));
  reads.emplace_back(Sql::kHolders,
                     Arguments().BytesList(fields[0]).BytesList(values[0]).Int(kHoldersOfShared));
  // The group's records may give the key up, one after the other.
  reads.emplace_back(Sql::kHolders,
                     Arguments().BytesList(fields[1]).BytesList(values[1]).Int(records + 1));
  reads.emplace_back(Sql::kSequences, Arguments().BytesList(ViewsOf(sequences)));
  reads.emplace_back(Sql::kAnswers, Arguments().BytesList(ViewsOf(answers)));
  return reads;
}

void GroupView::Load(const std::vector<Rows>& rows, std::size_t first) {
  const Rows& counter = rows[first];
  counters_ = {counter.IntAt(0, 0), counter.IntAt(0, 1)};
  const Rows& records = rows[first + 1];
  for (int row = 0; row < records.size(); ++row) {
    RecordRow& record = records_[records.StringAt(row, 0)];
    record.position = records.IntAt(row, 1);
    record.version = records.IntAt(row, 2);
    record.child = records.StringAt(row, 3);
    record.entries = records.StringAt(row, 4);
    record.stored_entries = record.entries;
    record.stored = true;
  }
  // Keys without holders are known to have none.
  for (const PendingSet& pending : group_) {
    for (const PutRecord& put : pending.set.records) {
      for (const IndexKey& key : put.index) holders_[{key.field, key.key}];
    }
  }
  for (const std::size_t some : {first + 2, first + 3}) {
    for (int row = 0; row < rows[some].size(); ++row) {
      holders_[{rows[some].StringAt(row, 0), rows[some].StringAt(row, 1)}].push_back(
          {rows[some].IntAt(row, 2), rows[some].IntAt(row, 3) != 0});
    }
  }
  const Rows& sequences = rows[first + 4];
  for (int row = 0; row < sequences.size(); ++row) {
    sequences_[sequences.StringAt(row, 0)] = {sequences.IntAt(row, 1), sequences.IntAt(row, 2),
                                              false};
  }
  const Rows& answers = rows[first + 5];
  for (int row = 0; row < answers.size(); ++row) {
    answer_expiry_[answers.StringAt(row, 0)] = answers.IntAt(row, 1);
  }
}

// --- One set ------------------------------------------------------------------------------------

// Nothing after the records and the answer can conflict.
absl::Status GroupView::Apply(const WriteSet& set, absl::Time now) {
  TRUSTHUB_RETURN_IF_ERROR(CheckGuards(set));
  if (set.answer.has_value()) TRUSTHUB_RETURN_IF_ERROR(CheckAnswer(*set.answer, now));
  Draft draft;
  draft.counters = counters_;
  for (const PutRecord& put : set.records) TRUSTHUB_RETURN_IF_ERROR(Put(put, &draft));
  Keep(&draft);
  if (set.answer.has_value()) {
    answers_[set.answer->key] = &*set.answer;
    answer_expiry_[set.answer->key] = absl::ToUnixMicros(set.answer->expires);
  }
  AddEvents(set);
  for (const PutState& state : set.states) states_[{state.space, state.key}] = &state;
  // A sequence counts sets, so a key named twice counts once.
  for (const std::string& key : std::set<std::string>(set.touches.begin(), set.touches.end())) {
    SequenceRow& row = sequences_[key];
    ++row.touched;
    row.changed = true;
  }
  return absl::OkStatus();
}

absl::Status GroupView::CheckGuards(const WriteSet& set) const {
  for (const Guard& guard : set.guards) {
    const auto found = sequences_.find(guard.key);
    if ((found == sequences_.end() ? 0 : found->second.touched) != guard.seen) return Conflict();
  }
  return absl::OkStatus();
}

absl::Status GroupView::CheckAnswer(const PutAnswer& answer, absl::Time now) const {
  const auto found = answer_expiry_.find(answer.key);
  const bool kept = found != answer_expiry_.end() && found->second > absl::ToUnixMicros(now);
  return kept ? Conflict() : absl::OkStatus();
}

absl::Status GroupView::Put(const PutRecord& put, Draft* draft) const {
  const auto drafted = draft->records.find(put.head.name);
  RecordRow row;
  if (drafted != draft->records.end()) {
    row = drafted->second;
  } else if (const auto known = records_.find(put.head.name); known != records_.end()) {
    row = known->second;
  }
  if (row.version + 1 != put.head.version) return Conflict();
  if (IsHeldByOthers(put, row.position, *draft)) return Conflict();
  if (row.position == 0) row.position = ++draft->counters.position;
  std::string entries = PackEntries(SortedEntries(put.index));
  MoveEntries(row, entries, draft);
  row.version = put.head.version;
  row.child = put.head.child;
  row.entries = std::move(entries);
  row.versions.push_back(&put);
  draft->records[put.head.name] = std::move(row);
  return absl::OkStatus();
}

bool GroupView::IsHeldByOthers(const PutRecord& put, std::int64_t position,
                               const Draft& draft) const {
  return std::any_of(put.index.begin(), put.index.end(), [&](const IndexKey& key) {
    const std::vector<Holder>& holders = HoldersOf({key.field, key.key}, draft);
    return std::any_of(holders.begin(), holders.end(), [&](const Holder& holder) {
      return holder.position != position && (key.unique || holder.sole);
    });
  });
}

// Only keys that the group asks for are looked after.
void GroupView::MoveEntries(const RecordRow& row, absl::string_view entries, Draft* draft) const {
  const auto edit = [&](const EntryView& entry) -> std::vector<Holder>* {
    KeyName key(entry.field, entry.key);
    if (holders_.count(key) == 0) return nullptr;
    auto found = draft->holders.find(key);
    if (found == draft->holders.end()) {
      found = draft->holders.emplace(key, holders_.at(key)).first;
    }
    return &found->second;
  };
  for (const EntryView& entry : UnpackEntries(row.entries)) {
    std::vector<Holder>* const holders = edit(entry);
    if (holders == nullptr) continue;
    holders->erase(
        std::remove_if(holders->begin(), holders->end(),
                       [&](const Holder& holder) { return holder.position == row.position; }),
        holders->end());
  }
  for (const EntryView& entry : UnpackEntries(entries)) {
    if (auto* const holders = edit(entry); holders != nullptr) {
      holders->push_back({row.position, entry.unique});
    }
  }
}

const std::vector<GroupView::Holder>& GroupView::HoldersOf(const KeyName& key,
                                                           const Draft& draft) const {
  const auto drafted = draft.holders.find(key);
  return drafted != draft.holders.end() ? drafted->second : holders_.at(key);
}

void GroupView::Keep(Draft* draft) {
  numbers_given_ |= draft->counters.position != counters_.position;
  counters_ = draft->counters;
  for (auto& [name, row] : draft->records) records_[name] = std::move(row);
  for (auto& [key, holders] : draft->holders) holders_[key] = std::move(holders);
}

void GroupView::AddEvents(const WriteSet& set) {
  for (const AppendEvent& event : set.events) {
    EventRow row;
    row.sequence = ++counters_.event;
    row.event = &event;
    if (!event.child.empty()) {
      SequenceRow& sequence = sequences_[event.child];
      row.child_sequence = ++sequence.events;
      sequence.changed = true;
    }
    events_.push_back(row);
  }
  numbers_given_ |= !set.events.empty();
}

}  // namespace trusthub::store::postgres
