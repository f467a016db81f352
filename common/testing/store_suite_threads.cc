// The part of the suite about order, threads and closing.

#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/testing/store_suite.h"
#include "common/time/clock.h"

namespace trusthub::testing {

using store::Committed;
using store::IsConflict;
using store::WriteSet;

void LinkStoreSuiteThreads() {}

// Adds one to the number under ("counter", key), guarded; conflicts are run again, as the pipeline
// does. Returns how many conflicts there were.
int AddOne(store::Store& store, const std::string& key) {
  for (int conflicts = 0;; ++conflicts) {
    auto snapshot = store.Open(absl::InfiniteFuture());
    if (!snapshot.ok()) return -1;
    WriteSet set;
    set.guards.push_back({key, *(*snapshot)->Sequence(key)});
    const auto now = *(*snapshot)->FindState("counter", key);
    const int next = now.has_value() ? std::stoi(*now) + 1 : 1;
    set.states.push_back({"counter", key, absl::StrCat(next)});
    set.touches.push_back(key);
    set.events.push_back({key, absl::StrCat(next)});
    set.leaves.push_back(absl::StrCat(key, next));
    snapshot->reset();
    const auto committed = CommitAndWait(store, std::move(set));
    if (committed.ok()) return conflicts;
    if (!IsConflict(committed.status())) return -1;
  }
}

TEST_P(StoreSuite, EightWritersLoseNoCount) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 25;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        if (AddOne(store(), "children/shared") < 0) ++failures;
        if (AddOne(store(), absl::StrCat("children/own", t)) != 0) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  Reopen();

  auto snapshot = Snap();
  EXPECT_EQ(*snapshot->FindState("counter", "children/shared"), absl::StrCat(kThreads * kRounds));
  EXPECT_EQ(*snapshot->FindState("counter", "children/own3"), absl::StrCat(kRounds));
  const auto events = snapshot->ReadEvents(0, 10'000);
  ASSERT_EQ(events->size(), 2u * kThreads * kRounds);
  std::int64_t shared = 0;
  for (std::size_t i = 0; i < events->size(); ++i) {
    EXPECT_EQ((*events)[i].sequence, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ((*events)[i].bytes, absl::StrCat((*events)[i].child_sequence));
    shared = std::max(shared, (*events)[i].child_sequence);
  }
  EXPECT_EQ(shared, kThreads * kRounds);
  std::vector<std::string> leaves;
  const auto stored = snapshot->ReadLeaves(0, 10'000);
  for (const store::StoredLeaf& leaf : *stored) leaves.push_back(leaf.bytes);
  EXPECT_EQ((*snapshot->Head())->root, FakeLeafSequencer::RootOf(leaves));
}

TEST_P(StoreSuite, SetsAreAppliedAndAnsweredInOrder) {
  constexpr int kSets = 500;
  Mutex mutex;
  std::vector<std::int64_t> order;
  for (int i = 0; i < kSets; ++i) {
    store().Commit(EventSet("children/c1", absl::StrCat(i)), [&](absl::StatusOr<Committed> done) {
      MutexLock lock(mutex);
      order.push_back(done.ok() ? done->last_event_sequence : -1);
    });
  }
  store().Close();
  MutexLock lock(mutex);
  ASSERT_EQ(order.size(), static_cast<std::size_t>(kSets));
  for (int i = 0; i < kSets; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i + 1);
  EXPECT_EQ(Snap()->ReadEvents(41, 1)->at(0).bytes, "41");
}

TEST_P(StoreSuite, ConflictWithinAGroupStrikesOnlyTheLaterSet) {
  // Held by the callback of the first set, the writer finds the other three together.
  Mutex mutex;
  CondVar changed;
  bool go = false;
  store().Commit(EventSet("", "gate"), [&](absl::StatusOr<Committed>) {
    MutexLock lock(mutex);
    while (!go) changed.Wait(mutex);
  });
  std::vector<absl::Status> results(3);
  for (std::size_t i = 0; i < 3; ++i) {
    WriteSet set = LeafSet(absl::StrCat("leaf", i));
    if (i < 2) set.guards.push_back({"key", 0});
    set.touches.emplace_back("key");
    store().Commit(std::move(set),
                   [&results, i](absl::StatusOr<Committed> done) { results[i] = done.status(); });
  }
  {
    MutexLock lock(mutex);
    go = true;
    changed.NotifyOne();
  }
  store().Close();
  EXPECT_TRUE(results[0].ok());
  EXPECT_TRUE(IsConflict(results[1]));
  EXPECT_TRUE(results[2].ok());
  const auto leaves = Snap()->ReadLeaves(0, 9);
  ASSERT_EQ(leaves->size(), 2u);
  EXPECT_EQ((*leaves)[1].bytes, "leaf2");
}

TEST_P(StoreSuite, SnapshotSeesOneMoment) {
  ASSERT_TRUE(Commit(RecordSet("referrals/a", 1, "one")).ok());
  auto before = Snap();
  EXPECT_EQ((*before->Find("referrals/a"))->version, 1);  // the view begins here
  ASSERT_TRUE(Commit(RecordSet("referrals/a", 2, "two")).ok());
  ASSERT_TRUE(Commit(RecordSet("referrals/b", 1, "b")).ok());
  EXPECT_EQ((*before->Find("referrals/a"))->version, 1);
  EXPECT_FALSE(before->Find("referrals/b")->has_value());
  EXPECT_EQ(before->Versions("referrals/a")->size(), 1u);
  EXPECT_EQ((*Snap()->Find("referrals/a"))->version, 2);
}

TEST_P(StoreSuite, SnapshotEndsAtItsDeadline) {
  auto late = store().Open(RealClock().Now() - absl::Seconds(1));
  if (late.ok()) {
    EXPECT_EQ((*late)->Find("referrals/a").status().code(), absl::StatusCode::kDeadlineExceeded);
  } else {
    EXPECT_EQ(late.status().code(), absl::StatusCode::kDeadlineExceeded);
  }
}

TEST_P(StoreSuite, ListenerHearsOfEventsOnly) {
  std::vector<std::int64_t> heard;
  store().SetEventListener([&](std::int64_t last) { heard.push_back(last); });
  ASSERT_TRUE(Commit(LeafSet("leaf")).ok());
  ASSERT_TRUE(Commit(EventSet("children/c1", "a")).ok());
  WriteSet set = EventSet("children/c1", "b");
  set.events.push_back({"", "c"});
  ASSERT_TRUE(Commit(std::move(set)).ok());
  ASSERT_TRUE(Commit(LeafSet("leaf")).ok());
  store().Close();
  EXPECT_EQ(heard, (std::vector<std::int64_t>{1, 3}));
}

TEST_P(StoreSuite, CloseDrainsThenRefuses) {
  constexpr int kSets = 200;
  std::atomic<int> done{0};
  for (int i = 0; i < kSets; ++i) {
    store().Commit(LeafSet(absl::StrCat(i)), [&](absl::StatusOr<Committed> result) {
      if (result.ok()) ++done;
    });
  }
  store().Close();
  EXPECT_EQ(done, kSets);
  EXPECT_EQ(Commit(LeafSet("late")).status().code(), absl::StatusCode::kUnavailable);
  store().Close();  // again is nothing
  Reopen();
  EXPECT_EQ(*Snap()->LeafCount(), kSets);
}

TEST_P(StoreSuite, TooManyWaitingSetsAreRefusedAtOnce) {
  store_.reset();
  sequencer_ = std::make_unique<FakeLeafSequencer>();
  store_ = *factory_->Open(sequencer_.get(), 3);
  Mutex mutex;
  CondVar changed;
  bool held = false;
  bool go = false;
  store().Commit(LeafSet("gate"), [&](absl::StatusOr<Committed>) {
    MutexLock lock(mutex);
    held = true;
    changed.NotifyAll();
    while (!go) changed.Wait(mutex);
  });
  {
    MutexLock lock(mutex);
    while (!held) changed.Wait(mutex);
  }
  std::atomic<int> good{0};
  for (int i = 0; i < 3; ++i) {
    store().Commit(LeafSet("fits"), [&](absl::StatusOr<Committed> done) { good += done.ok(); });
  }
  absl::Status refused;
  store().Commit(LeafSet("too many"),
                 [&](absl::StatusOr<Committed> done) { refused = done.status(); });
  EXPECT_EQ(error::ReasonOf(refused), errors::v1::ERROR_REASON_SERVER_BUSY);
  {
    MutexLock lock(mutex);
    go = true;
    changed.NotifyAll();
  }
  store().Close();
  EXPECT_EQ(good, 3);
  EXPECT_EQ(*Snap()->LeafCount(), 4);
}

}  // namespace trusthub::testing
