#include "common/store/timely_snapshot.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/time/clock.h"

namespace trusthub::store {
namespace {

class TimelySnapshot final : public Snapshot {
 public:
  TimelySnapshot(std::unique_ptr<Snapshot> inner, TimelyReads reads)
      : inner_(std::move(inner)), reads_(std::move(reads)) {}
  ~TimelySnapshot() override {
    inner_.reset();
    reads_.closed();
  }

  absl::StatusOr<std::optional<StoredRecord>> Find(absl::string_view name) override {
    return Timed([&] { return inner_->Find(name); });
  }
  absl::StatusOr<std::vector<StoredRecord>> ListByIndex(RecordKind kind, absl::string_view field,
                                                        absl::string_view key,
                                                        std::int64_t after_position,
                                                        int limit) override {
    return Timed([&] { return inner_->ListByIndex(kind, field, key, after_position, limit); });
  }
  absl::StatusOr<std::vector<StoredRecord>> ListByChild(RecordKind kind, absl::string_view child,
                                                        std::int64_t after_position,
                                                        int limit) override {
    return Timed([&] { return inner_->ListByChild(kind, child, after_position, limit); });
  }
  absl::StatusOr<std::vector<StoredRecord>> ListByKind(RecordKind kind, std::int64_t after_position,
                                                       int limit) override {
    return Timed([&] { return inner_->ListByKind(kind, after_position, limit); });
  }
  absl::StatusOr<std::vector<StoredVersion>> Versions(absl::string_view name) override {
    return Timed([&] { return inner_->Versions(name); });
  }
  absl::StatusOr<std::int64_t> Sequence(absl::string_view key) override {
    return Timed([&] { return inner_->Sequence(key); });
  }
  absl::StatusOr<std::optional<StoredAnswer>> FindAnswer(absl::string_view key,
                                                         absl::Time now) override {
    return Timed([&] { return inner_->FindAnswer(key, now); });
  }
  absl::StatusOr<std::optional<std::string>> FindState(absl::string_view space,
                                                       absl::string_view key) override {
    return Timed([&] { return inner_->FindState(space, key); });
  }
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ListState(
      absl::string_view space, absl::string_view after_key, int limit) override {
    return Timed([&] { return inner_->ListState(space, after_key, limit); });
  }
  absl::StatusOr<std::vector<StoredEvent>> ReadEvents(std::int64_t after_sequence,
                                                      int limit) override {
    return Timed([&] { return inner_->ReadEvents(after_sequence, limit); });
  }
  absl::StatusOr<std::int64_t> LastEventSequence() override {
    return Timed([&] { return inner_->LastEventSequence(); });
  }
  absl::StatusOr<std::vector<StoredLeaf>> ReadLeaves(std::int64_t first_index, int limit) override {
    return Timed([&] { return inner_->ReadLeaves(first_index, limit); });
  }
  absl::StatusOr<std::int64_t> LeafCount() override {
    return Timed([&] { return inner_->LeafCount(); });
  }
  absl::StatusOr<std::vector<StoredLeaf>> ListLeavesByKey(absl::string_view key,
                                                          std::int64_t first_index,
                                                          int limit) override {
    return Timed([&] { return inner_->ListLeavesByKey(key, first_index, limit); });
  }
  absl::StatusOr<std::vector<Tile>> ReadTiles(int level, std::int64_t first_index,
                                              int limit) override {
    return Timed([&] { return inner_->ReadTiles(level, first_index, limit); });
  }
  absl::StatusOr<std::shared_ptr<const SealedHead>> Head() override {
    return Timed([&] { return inner_->Head(); });
  }
  absl::StatusOr<std::vector<std::string>> Trees() override {
    return Timed([&] { return inner_->Trees(); });
  }
  absl::Status TurnTo(absl::string_view tree) override {
    return Timed([&] { return inner_->TurnTo(tree); });
  }

 private:
  template <class Read>
  auto Timed(Read read) -> decltype(read()) {
    reads_.timer->Begin();
    auto result = read();
    if (!reads_.timer->End()) return result;
    reads_.late();
    return reads_.overdue;
  }

  std::unique_ptr<Snapshot> inner_;
  const TimelyReads reads_;
};

}  // namespace

void ReadTimer::Begin() { state_ = absl::ToInt64Nanoseconds(MonotonicNow()); }

bool ReadTimer::End() { return state_.exchange(kIdle) == kOverdue; }

bool ReadTimer::FindOverdue(absl::Duration bound) {
  std::int64_t began = state_;
  if (began == kIdle || began == kOverdue) return false;
  if (MonotonicNow() - absl::Nanoseconds(began) < bound) return false;
  return state_.compare_exchange_strong(began, kOverdue);
}

std::unique_ptr<Snapshot> MakeTimely(std::unique_ptr<Snapshot> inner, TimelyReads reads) {
  return std::make_unique<TimelySnapshot>(std::move(inner), std::move(reads));
}

}  // namespace trusthub::store
