#include "common/store/sealed/sealed_snapshot.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/store/sealed/envelope.h"

namespace trusthub::store::sealed {
namespace {

class SealedSnapshot final : public Snapshot {
 public:
  SealedSnapshot(std::unique_ptr<Snapshot> engine, DataKeys* keys)
      : engine_(std::move(engine)), keys_(*keys) {}

  absl::StatusOr<std::optional<StoredRecord>> Find(absl::string_view name) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> row, RowOf(name));
    if (!row.has_value()) return std::optional<StoredRecord>();
    TRUSTHUB_ASSIGN_OR_RETURN(std::optional<StoredRecord> found, engine_->Find(*row));
    if (!found.has_value()) return found;
    TRUSTHUB_ASSIGN_OR_RETURN(const bool exists, OpenRecord(&*found));
    if (!exists) found.reset();
    return found;
  }

  absl::StatusOr<std::vector<StoredRecord>> ListByIndex(RecordKind kind, absl::string_view field,
                                                        absl::string_view key,
                                                        std::int64_t after_position,
                                                        int limit) override {
    const std::string hash = keys_.IndexOf(field, key);
    return OpenPage(after_position, limit, [&](std::int64_t after, int count) {
      return engine_->ListByIndex(kind, field, hash, after, count);
    });
  }

  absl::StatusOr<std::vector<StoredRecord>> ListByChild(RecordKind kind, absl::string_view child,
                                                        std::int64_t after_position,
                                                        int limit) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const KeyOfChild found, keys_.OfChild(child, *this));
    if (found.key == nullptr) return std::vector<StoredRecord>();
    return OpenPage(after_position, limit, [&](std::int64_t after, int count) {
      return engine_->ListByChild(kind, found.key->alias, after, count);
    });
  }

  absl::StatusOr<std::vector<StoredRecord>> ListByKind(RecordKind kind, std::int64_t after_position,
                                                       int limit) override {
    return OpenPage(after_position, limit, [&](std::int64_t after, int count) {
      return engine_->ListByKind(kind, after, count);
    });
  }

  absl::StatusOr<std::vector<StoredVersion>> Versions(absl::string_view name) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> row, RowOf(name));
    if (!row.has_value()) return std::vector<StoredVersion>();
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<StoredVersion> rows, engine_->Versions(*row));
    std::vector<StoredVersion> versions;
    versions.reserve(rows.size());
    for (const StoredVersion& stored : rows) {
      TRUSTHUB_ASSIGN_OR_RETURN(const DataKeyPtr key, KeyOf(stored.bytes, "version"));
      if (key == nullptr) continue;  // written about a child who is forgotten
      TRUSTHUB_ASSIGN_OR_RETURN(OpenedVersion opened,
                                OpenVersion(*key, name, stored.version, stored.bytes));
      if (opened.written != stored.written) return keys_.Damaged("version");
      versions.push_back({stored.version, stored.written, std::move(opened.bytes)});
    }
    return versions;
  }

  absl::StatusOr<std::int64_t> Sequence(absl::string_view key) override {
    if (key == kDestructions) return Destructions();
    return engine_->Sequence(keys_.SequenceOf(key));
  }

  absl::StatusOr<std::optional<StoredAnswer>> FindAnswer(absl::string_view key,
                                                         absl::Time now) override {
    TRUSTHUB_ASSIGN_OR_RETURN(std::optional<StoredAnswer> found, engine_->FindAnswer(key, now));
    if (!found.has_value()) return found;
    TRUSTHUB_ASSIGN_OR_RETURN(const DataKeyPtr data_key, KeyOf(found->response, "answer"));
    if (data_key == nullptr) return std::optional<StoredAnswer>();
    absl::StatusOr<std::string> opened =
        OpenValue(*data_key, Holds::kAnswer, {key}, found->response);
    if (!opened.ok()) return keys_.Damaged("answer");
    std::optional<std::string> digest = UnpackPair(&*opened);
    if (!digest.has_value()) return keys_.Damaged("answer");
    return std::optional<StoredAnswer>({*std::move(digest), *std::move(opened)});
  }

  absl::StatusOr<std::optional<std::string>> FindState(absl::string_view space,
                                                       absl::string_view key) override {
    if (absl::StartsWith(space, kOwnSpaces)) return engine_->FindState(space, key);
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> space_row, AliasesIn(space));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> key_row, AliasesIn(key));
    if (!space_row.has_value() || !key_row.has_value()) return std::optional<std::string>();
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> found,
                              engine_->FindState(*space_row, *key_row));
    if (!found.has_value()) return found;
    TRUSTHUB_ASSIGN_OR_RETURN(auto opened, OpenState(space, *key_row, *found));
    if (!opened.has_value()) return std::optional<std::string>();
    if (opened->first != key) return keys_.Damaged("state");
    return std::optional<std::string>(std::move(opened->second));
  }

  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ListState(
      absl::string_view space, absl::string_view after_key, int limit) override {
    std::vector<std::pair<std::string, std::string>> states;
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> space_row, AliasesIn(space));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> after_row, AliasesIn(after_key));
    if (!space_row.has_value()) return states;
    std::string after = after_row.value_or(std::string(after_key));
    while (static_cast<int>(states.size()) < limit) {
      const int wanted = limit - static_cast<int>(states.size());
      TRUSTHUB_ASSIGN_OR_RETURN(auto rows, engine_->ListState(*space_row, after, wanted));
      for (auto& [key_row, value] : rows) {
        TRUSTHUB_ASSIGN_OR_RETURN(auto opened, OpenState(space, key_row, value));
        if (opened.has_value()) states.push_back(*std::move(opened));
      }
      if (static_cast<int>(rows.size()) < wanted) break;
      after = std::move(rows.back().first);
    }
    return states;
  }

  absl::StatusOr<std::vector<StoredEvent>> ReadEvents(std::int64_t after_sequence,
                                                      int limit) override {
    std::vector<StoredEvent> events;
    std::int64_t after = after_sequence;
    while (static_cast<int>(events.size()) < limit) {
      const int wanted = limit - static_cast<int>(events.size());
      TRUSTHUB_ASSIGN_OR_RETURN(std::vector<StoredEvent> rows, engine_->ReadEvents(after, wanted));
      for (StoredEvent& row : rows) {
        after = row.sequence;
        TRUSTHUB_ASSIGN_OR_RETURN(const DataKeyPtr key, KeyOf(row.bytes, "event"));
        if (key == nullptr) continue;
        absl::StatusOr<std::string> opened = OpenValue(*key, Holds::kEvent, {}, row.bytes);
        if (!opened.ok()) return keys_.Damaged("event");
        row.bytes = *std::move(opened);
        events.push_back(std::move(row));
      }
      if (static_cast<int>(rows.size()) < wanted) break;
    }
    return events;
  }

  // --- What is not sealed
  // -------------------------------------------------------------------------

  absl::StatusOr<std::int64_t> LastEventSequence() override { return engine_->LastEventSequence(); }
  absl::StatusOr<std::vector<StoredLeaf>> ReadLeaves(std::int64_t first_index, int limit) override {
    return engine_->ReadLeaves(first_index, limit);
  }
  absl::StatusOr<std::int64_t> LeafCount() override { return engine_->LeafCount(); }
  absl::StatusOr<std::vector<StoredLeaf>> ListLeavesByKey(absl::string_view key,
                                                          std::int64_t first_index,
                                                          int limit) override {
    return engine_->ListLeavesByKey(key, first_index, limit);
  }
  absl::StatusOr<std::vector<Tile>> ReadTiles(int level, std::int64_t first_index,
                                              int limit) override {
    return engine_->ReadTiles(level, first_index, limit);
  }
  absl::StatusOr<std::shared_ptr<const SealedHead>> Head() override { return engine_->Head(); }
  absl::StatusOr<std::vector<std::string>> Trees() override { return engine_->Trees(); }
  absl::Status TurnTo(absl::string_view tree) override { return engine_->TurnTo(tree); }

 private:
  // The key that sealed `sealed`; null when it was destroyed.
  absl::StatusOr<DataKeyPtr> KeyOf(absl::string_view sealed, absl::string_view what) {
    const std::optional<absl::string_view> id = KeyIdOf(sealed);
    if (!id.has_value()) return keys_.Damaged(what);
    return keys_.OfId(*id, *this);
  }

  // `text` as the engine knows it, the name of a child in it replaced by its alias; nothing when
  // there is no such child.
  absl::StatusOr<std::optional<std::string>> AliasesIn(absl::string_view text) {
    const absl::string_view child = ChildNamedIn(text);
    if (child.empty()) return std::optional<std::string>(text);
    TRUSTHUB_ASSIGN_OR_RETURN(const KeyOfChild found, keys_.OfChild(child, *this));
    if (found.key == nullptr) return std::optional<std::string>();
    return std::optional<std::string>(WithAlias(text, *found.key));
  }

  // Asked for with every key that is looked up, and the same as long as the view lasts.
  absl::StatusOr<std::int64_t> Destructions() {
    if (!destructions_.has_value()) {
      TRUSTHUB_ASSIGN_OR_RETURN(destructions_, engine_->Sequence(kDestructions));
    }
    return *destructions_;
  }

  // The name of the row of a record.
  absl::StatusOr<std::optional<std::string>> RowOf(absl::string_view name) {
    if (!IsNameIn("children", name)) return std::optional<std::string>(name);
    return AliasesIn(name);
  }

  absl::StatusOr<OpenedVersion> OpenVersion(const DataKey& key, absl::string_view name,
                                            std::int64_t version, absl::string_view sealed) {
    absl::StatusOr<std::string> opened =
        OpenValue(key, Holds::kRecord, {name, NumberText(version)}, sealed);
    if (!opened.ok()) return keys_.Damaged("record");
    absl::StatusOr<OpenedVersion> unpacked = UnpackVersion(*std::move(opened));
    if (!unpacked.ok()) return keys_.Damaged("record");
    return unpacked;
  }

  // Opens the row of a record in its place; false when it is about a child who is forgotten.
  absl::StatusOr<bool> OpenRecord(StoredRecord* row) {
    TRUSTHUB_ASSIGN_OR_RETURN(const DataKeyPtr key, KeyOf(row->bytes, "record"));
    if (key == nullptr) return false;
    if (row->name == key->alias) row->name = key->child;
    TRUSTHUB_ASSIGN_OR_RETURN(OpenedVersion opened,
                              OpenVersion(*key, row->name, row->version, row->bytes));
    // What the row says in the clear decides who may know of the record: it must be what was
    // sealed.
    if (opened.kind != row->kind || opened.owner_agency != row->owner_agency ||
        opened.author_agency != row->author_agency ||
        row->child != (opened.has_child ? key->alias : "")) {
      return keys_.Damaged("record");
    }
    if (opened.has_child) row->child = key->child;
    row->bytes = std::move(opened.bytes);
    return true;
  }

  // A full page although rows of forgotten children are passed over.
  template <class Read>
  absl::StatusOr<std::vector<StoredRecord>> OpenPage(std::int64_t after, int limit, Read read) {
    std::vector<StoredRecord> page;
    while (static_cast<int>(page.size()) < limit) {
      const int wanted = limit - static_cast<int>(page.size());
      TRUSTHUB_ASSIGN_OR_RETURN(std::vector<StoredRecord> rows, read(after, wanted));
      for (StoredRecord& row : rows) {
        after = row.position;
        TRUSTHUB_ASSIGN_OR_RETURN(const bool exists, OpenRecord(&row));
        if (exists) page.push_back(std::move(row));
      }
      if (static_cast<int>(rows.size()) < wanted) break;
    }
    return page;
  }

  // Key and value of a state; nothing when it is about a child who is forgotten.
  absl::StatusOr<std::optional<std::pair<std::string, std::string>>> OpenState(
      absl::string_view space, absl::string_view key_row, absl::string_view sealed) {
    TRUSTHUB_ASSIGN_OR_RETURN(const DataKeyPtr key, KeyOf(sealed, "state"));
    if (key == nullptr) return std::optional<std::pair<std::string, std::string>>();
    absl::StatusOr<std::string> opened = OpenValue(*key, Holds::kState, {space, key_row}, sealed);
    if (!opened.ok()) return keys_.Damaged("state");
    std::optional<std::string> name = UnpackPair(&*opened);
    if (!name.has_value()) return keys_.Damaged("state");
    return std::make_optional(std::make_pair(*std::move(name), *std::move(opened)));
  }

  const std::unique_ptr<Snapshot> engine_;
  DataKeys& keys_;
  std::optional<std::int64_t> destructions_;
};

}  // namespace

std::unique_ptr<Snapshot> OpenSealed(std::unique_ptr<Snapshot> engine, DataKeys* keys) {
  return std::make_unique<SealedSnapshot>(std::move(engine), keys);
}

}  // namespace trusthub::store::sealed
