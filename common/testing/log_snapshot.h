// File: log_snapshot.h
//
// A snapshot of a log alone, in memory, that counts what is read of it: for tests of proofs and of
// recovery.
#ifndef TRUSTHUB_COMMON_TESTING_LOG_SNAPSHOT_H_
#define TRUSTHUB_COMMON_TESTING_LOG_SNAPSHOT_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/store/store.h"

namespace trusthub::testing {

// Holds leaves and tiles as a store does that commits them; nothing else can be read.
class LogSnapshot final : public store::Snapshot {
 public:
  void Append(const std::vector<std::string>& leaves,
              const store::LeafSequencer::Extension& extension) {
    leaves_.insert(leaves_.end(), leaves.begin(), leaves.end());
    for (const store::Tile& tile : extension.tiles) tiles_[{tile.level, tile.index}] = tile.bytes;
    head_ = extension.head;
    state_ = extension.state;
  }

  // Calls that read leaves or tiles, and rows that they gave.
  int reads() const { return reads_; }
  std::int64_t rows() const { return rows_; }
  void ForgetReads() { rows_ = reads_ = 0; }

  // For tests that damage a log.
  std::vector<std::string>& leaves() { return leaves_; }
  std::map<std::pair<int, std::int64_t>, std::string>& tiles() { return tiles_; }
  const std::string& state() const { return state_; }

  absl::StatusOr<std::vector<store::StoredLeaf>> ReadLeaves(std::int64_t first_index,
                                                            int limit) override {
    ++reads_;
    std::vector<store::StoredLeaf> read;
    const auto size = static_cast<std::int64_t>(leaves_.size());
    for (std::int64_t i = first_index; i < std::min<std::int64_t>(size, first_index + limit); ++i) {
      read.push_back({i, leaves_[static_cast<std::size_t>(i)]});
    }
    rows_ += static_cast<std::int64_t>(read.size());
    return read;
  }
  absl::StatusOr<std::int64_t> LeafCount() override {
    return static_cast<std::int64_t>(leaves_.size());
  }
  absl::StatusOr<std::vector<store::Tile>> ReadTiles(int level, std::int64_t first_index,
                                                     int limit) override {
    ++reads_;
    std::vector<store::Tile> read;
    for (auto tile = tiles_.lower_bound({level, first_index});
         tile != tiles_.end() && tile->first.first == level &&
         static_cast<int>(read.size()) < limit;
         ++tile) {
      read.push_back({level, tile->first.second, tile->second});
    }
    rows_ += static_cast<std::int64_t>(read.size());
    return read;
  }
  absl::StatusOr<std::shared_ptr<const store::SealedHead>> Head() override { return head_; }
  absl::StatusOr<std::vector<std::string>> Trees() override {
    if (head_ == nullptr) return std::vector<std::string>();
    return std::vector<std::string>{head_->tree};
  }
  absl::Status TurnTo(absl::string_view tree) override {
    if (head_ != nullptr && head_->tree == tree) return absl::OkStatus();
    return absl::NotFoundError("no such audit tree");
  }

  absl::StatusOr<std::optional<store::StoredRecord>> Find(absl::string_view) override {
    return Nothing();
  }
  absl::StatusOr<std::vector<store::StoredRecord>> ListByIndex(store::RecordKind, absl::string_view,
                                                               absl::string_view, std::int64_t,
                                                               int) override {
    return Nothing();
  }
  absl::StatusOr<std::vector<store::StoredRecord>> ListByChild(store::RecordKind, absl::string_view,
                                                               std::int64_t, int) override {
    return Nothing();
  }
  absl::StatusOr<std::vector<store::StoredRecord>> ListByKind(store::RecordKind, std::int64_t,
                                                              int) override {
    return Nothing();
  }
  absl::StatusOr<std::vector<store::StoredVersion>> Versions(absl::string_view) override {
    return Nothing();
  }
  absl::StatusOr<std::int64_t> Sequence(absl::string_view) override { return Nothing(); }
  absl::StatusOr<std::optional<store::StoredAnswer>> FindAnswer(absl::string_view,
                                                                absl::Time) override {
    return Nothing();
  }
  absl::StatusOr<std::optional<std::string>> FindState(absl::string_view,
                                                       absl::string_view) override {
    return Nothing();
  }
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ListState(absl::string_view,
                                                                             absl::string_view,
                                                                             int) override {
    return Nothing();
  }
  absl::StatusOr<std::vector<store::StoredEvent>> ReadEvents(std::int64_t, int) override {
    return Nothing();
  }
  absl::StatusOr<std::int64_t> LastEventSequence() override { return Nothing(); }
  absl::StatusOr<std::vector<store::StoredLeaf>> ListLeavesByKey(absl::string_view, std::int64_t,
                                                                 int) override {
    return Nothing();
  }

 private:
  static absl::Status Nothing() { return absl::UnimplementedError("a log has leaves and tiles"); }

  std::vector<std::string> leaves_;
  std::map<std::pair<int, std::int64_t>, std::string> tiles_;
  std::shared_ptr<const store::SealedHead> head_;
  std::string state_;
  int reads_ = 0;
  std::int64_t rows_ = 0;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_LOG_SNAPSHOT_H_
