// File: tampering_engine.h
//
// An engine whose rows are changed on their way out: what whoever holds the database file can do.
// For tests.
#ifndef TRUSTHUB_COMMON_STORE_SEALED_TAMPERING_ENGINE_H_
#define TRUSTHUB_COMMON_STORE_SEALED_TAMPERING_ENGINE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/store/store.h"

namespace trusthub::testing {

// Each is called with every row that the thread which made this reads; none by default. The store's
// own threads see rows as they are.
struct Tampering {
  const std::thread::id thread = std::this_thread::get_id();
  std::function<void(store::StoredRecord*)> record;
  std::function<void(absl::string_view name, store::StoredVersion*)> version;
  std::function<void(store::StoredEvent*)> event;
  std::function<void(store::StoredAnswer*)> answer;
  std::function<void(absl::string_view space, absl::string_view key, std::string* value)> state;

  void Clear() {
    record = nullptr;
    version = nullptr;
    event = nullptr;
    answer = nullptr;
    state = nullptr;
  }
};

class TamperingSnapshot final : public store::Snapshot {
 public:
  TamperingSnapshot(std::unique_ptr<store::Snapshot> engine, const Tampering* tampering)
      : engine_(std::move(engine)), tampering_(*tampering) {}

  absl::StatusOr<std::optional<store::StoredRecord>> Find(absl::string_view name) override {
    TRUSTHUB_ASSIGN_OR_RETURN(auto found, engine_->Find(name));
    if (found.has_value() && Tampers(tampering_.record)) tampering_.record(&*found);
    return found;
  }
  absl::StatusOr<std::vector<store::StoredRecord>> ListByIndex(store::RecordKind kind,
                                                               absl::string_view field,
                                                               absl::string_view key,
                                                               std::int64_t after,
                                                               int limit) override {
    return Changed(engine_->ListByIndex(kind, field, key, after, limit));
  }
  absl::StatusOr<std::vector<store::StoredRecord>> ListByChild(store::RecordKind kind,
                                                               absl::string_view child,
                                                               std::int64_t after,
                                                               int limit) override {
    return Changed(engine_->ListByChild(kind, child, after, limit));
  }
  absl::StatusOr<std::vector<store::StoredRecord>> ListByKind(store::RecordKind kind,
                                                              std::int64_t after,
                                                              int limit) override {
    return Changed(engine_->ListByKind(kind, after, limit));
  }
  absl::StatusOr<std::vector<store::StoredVersion>> Versions(absl::string_view name) override {
    TRUSTHUB_ASSIGN_OR_RETURN(auto rows, engine_->Versions(name));
    for (auto& row : rows) {
      if (Tampers(tampering_.version)) tampering_.version(name, &row);
    }
    return rows;
  }
  absl::StatusOr<std::int64_t> Sequence(absl::string_view key) override {
    return engine_->Sequence(key);
  }
  absl::StatusOr<std::optional<store::StoredAnswer>> FindAnswer(absl::string_view key,
                                                                absl::Time now) override {
    TRUSTHUB_ASSIGN_OR_RETURN(auto found, engine_->FindAnswer(key, now));
    if (found.has_value() && Tampers(tampering_.answer)) tampering_.answer(&*found);
    return found;
  }
  absl::StatusOr<std::optional<std::string>> FindState(absl::string_view space,
                                                       absl::string_view key) override {
    TRUSTHUB_ASSIGN_OR_RETURN(auto found, engine_->FindState(space, key));
    if (found.has_value() && Tampers(tampering_.state)) tampering_.state(space, key, &*found);
    return found;
  }
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ListState(
      absl::string_view space, absl::string_view after, int limit) override {
    TRUSTHUB_ASSIGN_OR_RETURN(auto rows, engine_->ListState(space, after, limit));
    for (auto& [key, value] : rows) {
      if (Tampers(tampering_.state)) tampering_.state(space, key, &value);
    }
    return rows;
  }
  absl::StatusOr<std::vector<store::StoredEvent>> ReadEvents(std::int64_t after,
                                                             int limit) override {
    TRUSTHUB_ASSIGN_OR_RETURN(auto rows, engine_->ReadEvents(after, limit));
    for (auto& row : rows) {
      if (Tampers(tampering_.event)) tampering_.event(&row);
    }
    return rows;
  }
  absl::StatusOr<std::int64_t> LastEventSequence() override { return engine_->LastEventSequence(); }
  absl::StatusOr<std::vector<store::StoredLeaf>> ReadLeaves(std::int64_t first,
                                                            int limit) override {
    return engine_->ReadLeaves(first, limit);
  }
  absl::StatusOr<std::int64_t> LeafCount() override { return engine_->LeafCount(); }
  absl::StatusOr<std::vector<store::StoredLeaf>> ListLeavesByKey(absl::string_view key,
                                                                 std::int64_t first,
                                                                 int limit) override {
    return engine_->ListLeavesByKey(key, first, limit);
  }
  absl::StatusOr<std::vector<store::Tile>> ReadTiles(int level, std::int64_t first,
                                                     int limit) override {
    return engine_->ReadTiles(level, first, limit);
  }
  absl::StatusOr<std::shared_ptr<const store::SealedHead>> Head() override {
    return engine_->Head();
  }
  absl::StatusOr<std::vector<std::string>> Trees() override { return engine_->Trees(); }
  absl::Status TurnTo(absl::string_view tree) override { return engine_->TurnTo(tree); }

 private:
  template <class Change>
  bool Tampers(const Change& change) const {
    return std::this_thread::get_id() == tampering_.thread && change;
  }
  absl::StatusOr<std::vector<store::StoredRecord>> Changed(
      absl::StatusOr<std::vector<store::StoredRecord>> rows) const {
    if (rows.ok() && Tampers(tampering_.record)) {
      for (auto& row : *rows) tampering_.record(&row);
    }
    return rows;
  }

  const std::unique_ptr<store::Snapshot> engine_;
  const Tampering& tampering_;
};

class TamperingEngine final : public store::Store {
 public:
  // `tampering` is not owned.
  TamperingEngine(std::unique_ptr<store::Store> engine, const Tampering* tampering)
      : engine_(std::move(engine)), tampering_(tampering) {}
  absl::StatusOr<std::unique_ptr<store::Snapshot>> Open(absl::Time deadline) override {
    TRUSTHUB_ASSIGN_OR_RETURN(auto snapshot, engine_->Open(deadline));
    return std::unique_ptr<store::Snapshot>(
        std::make_unique<TamperingSnapshot>(std::move(snapshot), tampering_));
  }
  void Commit(store::WriteSet set, store::CommitCallback done) override {
    engine_->Commit(std::move(set), std::move(done));
  }
  void SetEventListener(std::function<void(std::int64_t)> listener) override {
    engine_->SetEventListener(std::move(listener));
  }
  void Close() override { engine_->Close(); }

 private:
  const std::unique_ptr<store::Store> engine_;
  const Tampering* const tampering_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_STORE_SEALED_TAMPERING_ENGINE_H_
