#include "common/testing/forgetting_store.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "trusthub/events/v1/event.pb.h"

namespace trusthub::testing {
namespace {

using store::Snapshot;
using store::Store;
using store::StoredEvent;
using store::StoredRecord;

constexpr char kSpace[] = "test/forgotten";

class ForgettingSnapshot final : public Snapshot {
 public:
  explicit ForgettingSnapshot(std::unique_ptr<Snapshot> inner) : inner_(std::move(inner)) {}

  absl::StatusOr<std::optional<StoredRecord>> Find(absl::string_view name) override {
    TRUSTHUB_ASSIGN_OR_RETURN(std::optional<StoredRecord> record, inner_->Find(name));
    if (!record.has_value()) return record;
    TRUSTHUB_ASSIGN_OR_RETURN(const bool forgotten, IsForgotten(record->child));
    return forgotten ? std::optional<StoredRecord>() : record;
  }
  absl::StatusOr<std::vector<StoredRecord>> ListByIndex(store::RecordKind kind,
                                                        absl::string_view field,
                                                        absl::string_view key, std::int64_t after,
                                                        int limit) override {
    return Known(
        [&](std::int64_t from) { return inner_->ListByIndex(kind, field, key, from, limit); },
        after, limit);
  }
  absl::StatusOr<std::vector<StoredRecord>> ListByChild(store::RecordKind kind,
                                                        absl::string_view child, std::int64_t after,
                                                        int limit) override {
    return Known([&](std::int64_t from) { return inner_->ListByChild(kind, child, from, limit); },
                 after, limit);
  }
  absl::StatusOr<std::vector<StoredRecord>> ListByKind(store::RecordKind kind, std::int64_t after,
                                                       int limit) override {
    return Known([&](std::int64_t from) { return inner_->ListByKind(kind, from, limit); }, after,
                 limit);
  }
  absl::StatusOr<std::vector<store::StoredVersion>> Versions(absl::string_view name) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<StoredRecord> record, Find(name));
    if (!record.has_value()) return std::vector<store::StoredVersion>();
    return inner_->Versions(name);
  }
  absl::StatusOr<std::int64_t> Sequence(absl::string_view key) override {
    return inner_->Sequence(key);
  }
  absl::StatusOr<std::optional<store::StoredAnswer>> FindAnswer(absl::string_view key,
                                                                absl::Time now) override {
    return inner_->FindAnswer(key, now);
  }
  absl::StatusOr<std::optional<std::string>> FindState(absl::string_view space,
                                                       absl::string_view key) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const bool forgotten, IsForgotten(key));
    if (forgotten) return std::optional<std::string>();
    return inner_->FindState(space, key);
  }
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ListState(
      absl::string_view space, absl::string_view after_key, int limit) override {
    TRUSTHUB_ASSIGN_OR_RETURN(auto rows, inner_->ListState(space, after_key, limit));
    std::vector<std::pair<std::string, std::string>> known;
    for (auto& row : rows) {
      TRUSTHUB_ASSIGN_OR_RETURN(const bool forgotten, IsForgotten(row.first));
      if (!forgotten) known.push_back(std::move(row));
    }
    return known;
  }
  absl::StatusOr<std::vector<StoredEvent>> ReadEvents(std::int64_t after, int limit) override {
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<StoredEvent> rows,
                                inner_->ReadEvents(after, limit));
      std::vector<StoredEvent> known;
      for (const StoredEvent& row : rows) {
        after = row.sequence;
        events::v1::Event event;
        if (!event.ParseFromString(row.bytes)) return absl::DataLossError("an event is broken");
        TRUSTHUB_ASSIGN_OR_RETURN(const bool forgotten, IsForgotten(event.child()));
        if (!forgotten) known.push_back(row);
      }
      if (!known.empty() || static_cast<int>(rows.size()) < limit) return known;
    }
  }
  absl::StatusOr<std::int64_t> LastEventSequence() override { return inner_->LastEventSequence(); }
  absl::StatusOr<std::vector<store::StoredLeaf>> ReadLeaves(std::int64_t first,
                                                            int limit) override {
    return inner_->ReadLeaves(first, limit);
  }
  absl::StatusOr<std::int64_t> LeafCount() override { return inner_->LeafCount(); }
  absl::StatusOr<std::vector<store::StoredLeaf>> ListLeavesByKey(absl::string_view key,
                                                                 std::int64_t first,
                                                                 int limit) override {
    return inner_->ListLeavesByKey(key, first, limit);
  }
  absl::StatusOr<std::vector<store::Tile>> ReadTiles(int level, std::int64_t first,
                                                     int limit) override {
    return inner_->ReadTiles(level, first, limit);
  }
  absl::StatusOr<std::shared_ptr<const store::SealedHead>> Head() override {
    return inner_->Head();
  }

 private:
  absl::StatusOr<bool> IsForgotten(absl::string_view child) {
    if (child.empty()) return false;
    TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> row,
                              inner_->FindState(kSpace, child));
    return row.has_value();
  }
  // A full page although forgotten children's records are passed over.
  template <class Read>
  absl::StatusOr<std::vector<StoredRecord>> Known(Read read, std::int64_t after, int limit) {
    std::vector<StoredRecord> known;
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(std::vector<StoredRecord> rows, read(after));
      const bool more = static_cast<int>(rows.size()) == limit;
      for (StoredRecord& row : rows) {
        after = row.position;
        TRUSTHUB_ASSIGN_OR_RETURN(const bool forgotten, IsForgotten(row.child));
        if (!forgotten && static_cast<int>(known.size()) < limit) known.push_back(std::move(row));
      }
      if (!more || static_cast<int>(known.size()) == limit) return known;
    }
  }

  const std::unique_ptr<Snapshot> inner_;
};

class ForgettingStore final : public Store {
 public:
  explicit ForgettingStore(std::unique_ptr<Store> inner) : inner_(std::move(inner)) {}

  absl::StatusOr<std::unique_ptr<Snapshot>> Open(absl::Time deadline) override {
    TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<Snapshot> inner, inner_->Open(deadline));
    return std::make_unique<ForgettingSnapshot>(std::move(inner));
  }
  void Commit(store::WriteSet set, store::CommitCallback done) override {
    for (const std::string& child : set.forgotten) {
      for (const store::PutRecord& record : set.records) {
        if (record.head.child == child) return done(store::Conflict());
      }
      set.states.push_back({kSpace, child, "forgotten"});
    }
    set.forgotten.clear();
    inner_->Commit(std::move(set), std::move(done));
  }
  void SetEventListener(std::function<void(std::int64_t)> listener) override {
    inner_->SetEventListener(std::move(listener));
  }
  void Close() override { inner_->Close(); }

 private:
  const std::unique_ptr<Store> inner_;
};

}  // namespace

std::unique_ptr<Store> MakeForgettingStore(std::unique_ptr<Store> inner) {
  return std::make_unique<ForgettingStore>(std::move(inner));
}

}  // namespace trusthub::testing
