#include "common/store/postgres/row_writes.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "common/store/entries.h"

namespace trusthub::store::postgres {
namespace {

using Bytes = std::vector<absl::string_view>;
using Ints = std::vector<std::int64_t>;

// Expired answers removed with one group at most: twice as many as it can add.
constexpr int kPurgedPerAnswer = 2;

// Columns of rows of `record`.
struct RecordColumns {
  Ints position, kind, version, written;
  Bytes name, child, owner, author, entries, bytes;

  void Add(const RecordRow& row) {
    const PutRecord& put = *row.versions.back();
    position.push_back(row.position);
    kind.push_back(row.versions.front()->head.kind);
    version.push_back(put.head.version);
    written.push_back(absl::ToUnixMicros(put.written));
    name.push_back(put.head.name);
    child.push_back(put.head.child);
    owner.push_back(put.head.owner_agency);
    author.push_back(put.head.author_agency);
    entries.push_back(row.entries);
    bytes.push_back(put.bytes);
  }
};

// Versions that the group itself has replaced go to the history as they are.
struct VersionColumns {
  Ints position, version, written;
  Bytes bytes;

  void AddEarlier(const RecordRow& row) {
    for (std::size_t i = 0; i + 1 < row.versions.size(); ++i) {
      const PutRecord& put = *row.versions[i];
      position.push_back(row.position);
      version.push_back(put.head.version);
      written.push_back(absl::ToUnixMicros(put.written));
      bytes.push_back(put.bytes);
    }
  }
};

struct EntryColumns {
  Bytes field, key;
  Ints position, kind, sole;

  void Add(const EntryView& entry, const RecordRow& row) {
    field.push_back(entry.field);
    key.push_back(entry.key);
    position.push_back(row.position);
    kind.push_back(row.versions.front()->head.kind);
    sole.push_back(entry.unique ? 1 : 0);
  }
};

bool Contains(const std::vector<EntryView>& entries, const EntryView& wanted) {
  return std::any_of(entries.begin(), entries.end(), [&](const EntryView& entry) {
    return std::tie(entry.field, entry.key, entry.unique) ==
           std::tie(wanted.field, wanted.key, wanted.unique);
  });
}

void AddEntryWrites(const GroupView& view, std::vector<Command>* commands) {
  EntryColumns removed;
  EntryColumns added;
  for (const auto& [name, row] : view.records()) {
    if (row.versions.empty() || row.entries == row.stored_entries) continue;
    const std::vector<EntryView> before = UnpackEntries(row.stored_entries);
    const std::vector<EntryView> after = UnpackEntries(row.entries);
    for (const EntryView& entry : before) {
      if (!Contains(after, entry)) removed.Add(entry, row);
    }
    for (const EntryView& entry : after) {
      if (!Contains(before, entry)) added.Add(entry, row);
    }
  }
  if (!removed.position.empty()) {
    commands->emplace_back(
        Sql::kRemoveEntries,
        Arguments().BytesList(removed.field).BytesList(removed.key).Ints(removed.position));
  }
  if (!added.position.empty()) {
    commands->emplace_back(Sql::kAddEntries, Arguments()
                                                 .BytesList(added.field)
                                                 .BytesList(added.key)
                                                 .Ints(added.position)
                                                 .Ints(added.kind)
                                                 .Ints(added.sole));
  }
}

void AddRecordWrites(const GroupView& view, std::vector<Command>* commands) {
  RecordColumns made;
  RecordColumns changed;
  VersionColumns earlier;
  for (const auto& [name, row] : view.records()) {
    if (row.versions.empty()) continue;
    (row.stored ? changed : made).Add(row);
    earlier.AddEarlier(row);
  }
  if (!changed.position.empty()) {
    commands->emplace_back(Sql::kKeepVersions, Arguments().Ints(changed.position));
    commands->emplace_back(Sql::kUpdateRecords, Arguments()
                                                    .Ints(changed.position)
                                                    .BytesOrNullList(changed.child)
                                                    .BytesList(changed.owner)
                                                    .BytesList(changed.author)
                                                    .Ints(changed.version)
                                                    .Ints(changed.written)
                                                    .BytesList(changed.entries)
                                                    .BytesList(changed.bytes));
  }
  if (!made.position.empty()) {
    commands->emplace_back(Sql::kAddRecords, Arguments()
                                                 .Ints(made.position)
                                                 .BytesList(made.name)
                                                 .Ints(made.kind)
                                                 .BytesOrNullList(made.child)
                                                 .BytesList(made.owner)
                                                 .BytesList(made.author)
                                                 .Ints(made.version)
                                                 .Ints(made.written)
                                                 .BytesList(made.entries)
                                                 .BytesList(made.bytes));
  }
  if (!earlier.position.empty()) {
    commands->emplace_back(Sql::kAddVersions, Arguments()
                                                  .Ints(earlier.position)
                                                  .Ints(earlier.version)
                                                  .Ints(earlier.written)
                                                  .BytesList(earlier.bytes));
  }
  AddEntryWrites(view, commands);
}

void AddSequenceWrites(const GroupView& view, std::vector<Command>* commands) {
  Bytes key;
  Ints touched;
  Ints events;
  for (const auto& [name, row] : view.sequences()) {
    if (!row.changed) continue;
    key.push_back(name);
    touched.push_back(row.touched);
    events.push_back(row.events);
  }
  if (key.empty()) return;
  commands->emplace_back(Sql::kSetSequences, Arguments().BytesList(key).Ints(touched).Ints(events));
}

void AddEventWrites(const GroupView& view, std::vector<Command>* commands) {
  if (view.events().empty()) return;
  Ints sequence;
  Ints child_sequence;
  Bytes child;
  Bytes bytes;
  for (const EventRow& row : view.events()) {
    sequence.push_back(row.sequence);
    child.push_back(row.event->child);
    child_sequence.push_back(row.child_sequence);
    bytes.push_back(row.event->bytes);
  }
  commands->emplace_back(
      Sql::kAddEvents,
      Arguments().Ints(sequence).BytesOrNullList(child).Ints(child_sequence).BytesList(bytes));
}

void AddStateWrites(const GroupView& view, std::vector<Command>* commands) {
  Bytes space[2];
  Bytes key[2];
  Bytes value;
  for (const auto& [name, state] : view.states()) {
    const int kept = state->value.has_value() ? 1 : 0;
    space[kept].push_back(name.first);
    key[kept].push_back(name.second);
    if (kept == 1) value.push_back(*state->value);
  }
  if (!space[0].empty()) {
    commands->emplace_back(Sql::kRemoveStates, Arguments().BytesList(space[0]).BytesList(key[0]));
  }
  if (!space[1].empty()) {
    commands->emplace_back(Sql::kSetStates,
                           Arguments().BytesList(space[1]).BytesList(key[1]).BytesList(value));
  }
}

void AddAnswerWrites(const GroupView& view, absl::Time now, std::vector<Command>* commands) {
  if (view.answers().empty()) return;
  Bytes key;
  Bytes digest;
  Bytes response;
  Ints expires;
  for (const auto& [name, answer] : view.answers()) {
    key.push_back(name);
    digest.push_back(answer->request_digest);
    response.push_back(answer->response);
    expires.push_back(absl::ToUnixMicros(answer->expires));
  }
  // Those of this very group may have expired already: they stay for a later one.
  commands->emplace_back(Sql::kPurgeAnswers,
                         Arguments()
                             .Int(absl::ToUnixMicros(now))
                             .Int(kPurgedPerAnswer * static_cast<std::int64_t>(key.size())));
  commands->emplace_back(
      Sql::kSetAnswers,
      Arguments().BytesList(key).BytesList(digest).BytesList(response).Ints(expires));
}

}  // namespace

void AddRowWrites(const GroupView& view, absl::Time now, std::vector<Command>* commands) {
  AddRecordWrites(view, commands);
  AddSequenceWrites(view, commands);
  AddEventWrites(view, commands);
  AddStateWrites(view, commands);
  AddAnswerWrites(view, now, commands);
  if (!view.numbers_given()) return;
  commands->emplace_back(Sql::kSetCounter,
                         Arguments().Int(view.counters().position).Int(view.counters().event));
}

void AddLogWrites(const LogTurn& turn, std::int64_t tree, std::vector<Command>* commands) {
  if (!turn.has_leaves()) return;
  const LeafSequencer::Extension& extension = turn.extension();
  Ints position;
  Bytes bytes;
  Bytes key;
  Ints key_position;
  for (std::size_t i = 0; i < turn.leaves().size(); ++i) {
    position.push_back(extension.places[i].index);
    bytes.push_back(turn.leaves()[i]->bytes);
    for (const std::string& found_by : turn.leaves()[i]->keys) {
      key.push_back(found_by);
      key_position.push_back(extension.places[i].index);
    }
  }
  commands->emplace_back(Sql::kAddLeaves, Arguments().Int(tree).Ints(position).BytesList(bytes));
  if (!key.empty()) {
    commands->emplace_back(Sql::kAddLeafKeys,
                           Arguments().Int(tree).BytesList(key).Ints(key_position));
  }
  Ints level;
  Ints index;
  Bytes tile_bytes;
  for (const Tile& tile : extension.tiles) {
    level.push_back(tile.level);
    index.push_back(tile.index);
    tile_bytes.push_back(tile.bytes);
  }
  commands->emplace_back(Sql::kPutTiles,
                         Arguments().Int(tree).Ints(level).Ints(index).BytesList(tile_bytes));
  const SealedHead& head = *extension.head;
  commands->emplace_back(Sql::kSetTree, Arguments()
                                            .Int(tree)
                                            .Int(extension.places.back().index + 1)
                                            .Bytes(extension.state)
                                            .Bytes(head.tree)
                                            .Int(head.size)
                                            .Bytes(head.root)
                                            .Int(absl::ToUnixMicros(head.sign_time))
                                            .Bytes(head.signature));
}

}  // namespace trusthub::store::postgres
