// File: counting_store.h
//
// A store that writes down which reads its snapshots are asked for, around a real one: what work a
// call made, exactly, on a machine whose clock is noise.
#ifndef TRUSTHUB_COMMON_TESTING_COUNTING_STORE_H_
#define TRUSTHUB_COMMON_TESTING_COUNTING_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/store/store.h"
#include "common/testing/forwarding_store.h"
#include "common/time/clock.h"

namespace trusthub::testing {

// What was done with one snapshot.
struct Work {
  // Its reads in their order, each by its name and what it looks in, never what for: "Find",
  // "FindState child".
  std::vector<std::string> reads;
  // From its opening to its closing.
  absl::Duration time;
};
// Gets the work when the snapshot is closed, on the thread that closes it.
using TakeWork = std::function<void(Work)>;

// One thread at a time, as its snapshot.
class CountingSnapshot final : public store::Snapshot {
 public:
  // `before_find` is called with the name of each record that is looked for; may be null.
  CountingSnapshot(std::unique_ptr<store::Snapshot> inner, TakeWork take,
                   std::function<void(absl::string_view)> before_find)
      : inner_(std::move(inner)), take_(std::move(take)), before_find_(std::move(before_find)) {}
  ~CountingSnapshot() override {
    work_.time = MonotonicNow() - opened_;
    take_(std::move(work_));
  }

  absl::StatusOr<std::optional<store::StoredRecord>> Find(absl::string_view name) override {
    Note("Find");
    if (before_find_) before_find_(name);
    return inner_->Find(name);
  }
  absl::StatusOr<std::vector<store::StoredRecord>> ListByIndex(store::RecordKind kind,
                                                               absl::string_view field,
                                                               absl::string_view key,
                                                               std::int64_t after_position,
                                                               int limit) override {
    Note(absl::StrCat("ListByIndex ", field));
    return inner_->ListByIndex(kind, field, key, after_position, limit);
  }
  absl::StatusOr<std::vector<store::StoredRecord>> ListByChild(store::RecordKind kind,
                                                               absl::string_view child,
                                                               std::int64_t after_position,
                                                               int limit) override {
    Note(absl::StrCat("ListByChild ", kind));
    return inner_->ListByChild(kind, child, after_position, limit);
  }
  absl::StatusOr<std::vector<store::StoredRecord>> ListByKind(store::RecordKind kind,
                                                              std::int64_t after_position,
                                                              int limit) override {
    Note(absl::StrCat("ListByKind ", kind));
    return inner_->ListByKind(kind, after_position, limit);
  }
  absl::StatusOr<std::vector<store::StoredVersion>> Versions(absl::string_view name) override {
    Note("Versions");
    return inner_->Versions(name);
  }
  absl::StatusOr<std::int64_t> Sequence(absl::string_view key) override {
    Note("Sequence");
    return inner_->Sequence(key);
  }
  absl::StatusOr<std::optional<store::StoredAnswer>> FindAnswer(absl::string_view key,
                                                                absl::Time now) override {
    Note("FindAnswer");
    return inner_->FindAnswer(key, now);
  }
  absl::StatusOr<std::optional<std::string>> FindState(absl::string_view space,
                                                       absl::string_view key) override {
    Note(absl::StrCat("FindState ", KindOf(space)));
    return inner_->FindState(space, key);
  }
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ListState(
      absl::string_view space, absl::string_view after_key, int limit) override {
    Note(absl::StrCat("ListState ", KindOf(space)));
    return inner_->ListState(space, after_key, limit);
  }
  absl::StatusOr<std::vector<store::StoredEvent>> ReadEvents(std::int64_t after_sequence,
                                                             int limit) override {
    Note("ReadEvents");
    return inner_->ReadEvents(after_sequence, limit);
  }
  absl::StatusOr<std::int64_t> LastEventSequence() override {
    Note("LastEventSequence");
    return inner_->LastEventSequence();
  }
  absl::StatusOr<std::vector<store::StoredLeaf>> ReadLeaves(std::int64_t first_index,
                                                            int limit) override {
    Note("ReadLeaves");
    return inner_->ReadLeaves(first_index, limit);
  }
  absl::StatusOr<std::int64_t> LeafCount() override {
    Note("LeafCount");
    return inner_->LeafCount();
  }
  absl::StatusOr<std::vector<store::StoredLeaf>> ListLeavesByKey(absl::string_view key,
                                                                 std::int64_t first_index,
                                                                 int limit) override {
    Note("ListLeavesByKey");
    return inner_->ListLeavesByKey(key, first_index, limit);
  }
  absl::StatusOr<std::vector<store::Tile>> ReadTiles(int level, std::int64_t first_index,
                                                     int limit) override {
    Note("ReadTiles");
    return inner_->ReadTiles(level, first_index, limit);
  }
  absl::StatusOr<std::shared_ptr<const store::SealedHead>> Head() override {
    Note("Head");
    return inner_->Head();
  }
  absl::StatusOr<std::vector<std::string>> Trees() override {
    Note("Trees");
    return inner_->Trees();
  }
  absl::Status TurnTo(absl::string_view tree) override {
    Note("TurnTo");
    return inner_->TurnTo(tree);
  }

 private:
  // A space of one child or record is named "kind/which".
  static absl::string_view KindOf(absl::string_view space) {
    return space.substr(0, space.find('/'));
  }
  void Note(std::string read) { work_.reads.push_back(std::move(read)); }

  const std::unique_ptr<store::Snapshot> inner_;
  const TakeWork take_;
  const std::function<void(absl::string_view)> before_find_;
  const absl::Duration opened_ = MonotonicNow();
  Work work_;
};

// Thread-safe.
class CountingStore final : public ForwardingStore {
 public:
  // `who` is asked for each snapshot that is opened, on the thread that opens it: who takes its
  // work; null for nobody.
  CountingStore(std::unique_ptr<store::Store> inner, std::function<TakeWork()> who,
                std::function<void(absl::string_view)> before_find = nullptr)
      : ForwardingStore(std::move(inner)),
        who_(std::move(who)),
        before_find_(std::move(before_find)) {}

  absl::StatusOr<std::unique_ptr<store::Snapshot>> Open(absl::Time deadline) override {
    absl::StatusOr<std::unique_ptr<store::Snapshot>> snapshot = inner().Open(deadline);
    TakeWork take = who_();
    if (!snapshot.ok() || take == nullptr) return snapshot;
    return std::make_unique<CountingSnapshot>(*std::move(snapshot), std::move(take), before_find_);
  }

 private:
  const std::function<TakeWork()> who_;
  const std::function<void(absl::string_view)> before_find_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_COUNTING_STORE_H_
