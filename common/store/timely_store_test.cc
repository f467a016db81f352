#include "common/store/timely_store.h"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/counting_store.h"
#include "common/testing/failing_store.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "common/testing/gate.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "common/testing/write_sets.h"
#include "common/time/clock.h"
#include "gtest/gtest.h"

namespace trusthub::store {
namespace {

using testing::IsOk;
using testing::LeafSet;
using testing::RecordSet;

constexpr absl::Duration kBound = absl::Milliseconds(30);

// What a hook was told, for another thread that waits for it.
class Told {
 public:
  void Add(const absl::Status& what) {
    MutexLock lock(mutex_);
    told_.push_back(what);
    changed_.NotifyAll();
  }
  std::vector<absl::Status> Await(std::size_t count) {
    MutexLock lock(mutex_);
    while (told_.size() < count) changed_.Wait(mutex_);
    return told_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<absl::Status> told_ ABSL_GUARDED_BY(mutex_);
};

class TimelyStoreTest : public ::testing::Test {
 protected:
  TimelyStoreTest() {
    SqliteOptions options;
    options.path = folder_.File("store.db");
    options.sequencer = &sequencer_;
    auto gated = std::make_unique<testing::CountingStore>(
        *OpenSqlite(options), [] { return [](const testing::Work&) {}; },
        [this](absl::string_view) { finds_.Pass(); });
    inner_ = std::make_unique<testing::FailingStore>(std::move(gated));
    TimelyStore::Hooks hooks;
    hooks.reads_hang = [this](const absl::Status& why) { hung_.Add(why); };
    hooks.recovered = [this] { ++recovered_; };
    timely_ = MakeTimely(inner_.get(), kBound, std::move(hooks));
  }
  ~TimelyStoreTest() override {
    inner_->ReleaseCommits();
    inner_->Close();
  }

  // The status with which a commit comes back, and how long it took.
  absl::Status Commit(WriteSet set) {
    const absl::Duration began = MonotonicNow();
    const absl::Status status = CommitAndWait(*timely_, std::move(set)).status();
    took_ = MonotonicNow() - began;
    return status;
  }

  testing::TempFolder folder_;
  testing::FakeLeafSequencer sequencer_;
  std::unique_ptr<testing::FailingStore> inner_;
  testing::Gate finds_;
  Told hung_;
  std::unique_ptr<TimelyStore> timely_;
  std::atomic<int> recovered_ = 0;
  absl::Duration took_;
};

TEST_F(TimelyStoreTest, PassesOnWhatComesInTime) {
  EXPECT_THAT(Commit(RecordSet("referrals/r1", 1, "x")), IsOk());
  EXPECT_TRUE(IsConflict(Commit(RecordSet("referrals/r1", 1, "y"))));
  inner_->RefuseCommits(1);
  EXPECT_EQ(error::ReasonOf(Commit(LeafSet("x"))), errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
  auto snapshot = timely_->Open(absl::InfiniteFuture());
  ASSERT_THAT(snapshot, IsOk());
  EXPECT_EQ((*(*snapshot)->Find("referrals/r1"))->bytes, "x");
}

TEST_F(TimelyStoreTest, WhatHangsIsAnsweredInItsSteadAndMayBeAppliedYet) {
  inner_->HoldCommits();
  EXPECT_EQ(error::ReasonOf(Commit(RecordSet("referrals/r1", 1, "x"))),
            errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_GE(took_, kBound);
  inner_->ReleaseCommits();
  EXPECT_THAT(CommitAndWait(*inner_, WriteSet()), IsOk());
  EXPECT_TRUE(IsConflict(Commit(RecordSet("referrals/r1", 1, "x")))) << "it was applied";
  EXPECT_EQ(recovered_, 1);
}

TEST_F(TimelyStoreTest, WhileItHangsAllIsRefusedAtOnceAndServedAgainAfterwards) {
  inner_->HoldCommits();
  Commit(LeafSet("x")).IgnoreError();
  const absl::Duration began = MonotonicNow();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(error::ReasonOf(Commit(LeafSet("y"))), errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
    EXPECT_EQ(error::ReasonOf(timely_->Open(absl::InfiniteFuture()).status()),
              errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
  }
  EXPECT_LT(MonotonicNow() - began, 100 * kBound) << "each waited in vain";
  EXPECT_EQ(inner_->commits(), 1) << "nothing is heaped up on a store that hangs";
  inner_->ReleaseCommits();
  EXPECT_THAT(CommitAndWait(*inner_, WriteSet()), IsOk());
  EXPECT_THAT(Commit(LeafSet("z")), IsOk());
  EXPECT_THAT(timely_->Open(absl::InfiniteFuture()), IsOk());
}

TEST_F(TimelyStoreTest, AReadThatHangsIsToldOfAndNothingElseIsBegunUntilItIsBack) {
  ASSERT_THAT(Commit(RecordSet("referrals/r1", 1, "x")), IsOk());
  auto snapshot = timely_->Open(absl::InfiniteFuture());
  ASSERT_THAT(snapshot, IsOk());
  finds_.Shut();
  absl::Status came_back;
  std::thread reader([&] { came_back = (*snapshot)->Find("referrals/r1").status(); });
  EXPECT_EQ(error::ReasonOf(hung_.Await(1)[0]), errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_TRUE(timely_->reads_hang());
  EXPECT_EQ(error::ReasonOf(timely_->Open(absl::InfiniteFuture()).status()),
            errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_EQ(error::ReasonOf(Commit(LeafSet("y"))), errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_LT(took_, kBound) << "it waited in vain";
  EXPECT_EQ(recovered_, 0);
  finds_.Open();
  reader.join();
  EXPECT_EQ(error::ReasonOf(came_back), errors::v1::ERROR_REASON_STORE_UNAVAILABLE)
      << "nobody waits for what it found";
  EXPECT_FALSE(timely_->reads_hang());
  EXPECT_EQ(recovered_, 1);
  EXPECT_THAT((*snapshot)->Find("referrals/r1"), IsOk()) << "as good as before";
  EXPECT_THAT(Commit(LeafSet("z")), IsOk());
  EXPECT_EQ(hung_.Await(1).size(), 1u);
}

TEST_F(TimelyStoreTest, AViewThatIsOnlyKeptOpenIsNotLate) {
  auto snapshot = timely_->Open(absl::InfiniteFuture());
  ASSERT_THAT(snapshot, IsOk());
  finds_.Shut();
  auto late = timely_->Open(absl::InfiniteFuture());
  ASSERT_THAT(late, IsOk());
  std::thread reader([&] { (*late)->Find("referrals/r1").status().IgnoreError(); });
  // When the one that hangs was found, the other had been open for longer.
  hung_.Await(1);
  finds_.Open();
  reader.join();
  EXPECT_THAT((*snapshot)->Find("referrals/r1"), IsOk());
  EXPECT_EQ(hung_.Await(1).size(), 1u);
}

// Every callback runs once, whoever is first.
TEST_F(TimelyStoreTest, AtTheBoundEachIsAnsweredOnce) {
  constexpr int kCommits = 300;
  Mutex mutex;
  CondVar changed;
  std::vector<int> answers(kCommits);
  int answered = 0;
  for (int i = 0; i < kCommits; ++i) {
    if (i % 10 == 0) inner_->HoldCommits();
    timely_->Commit(LeafSet("x"), [&, i](absl::StatusOr<Committed>) {
      MutexLock lock(mutex);
      ++answers[static_cast<std::size_t>(i)];
      ++answered;
      changed.NotifyAll();
    });
    // Released about when the first of the ten is due.
    if (i % 10 == 9) {
      MutexLock lock(mutex);
      const absl::Duration until = MonotonicNow() + kBound - absl::Milliseconds(i % 3);
      while (MonotonicNow() < until) changed.WaitFor(mutex, until - MonotonicNow());
    }
    if (i % 10 == 9) inner_->ReleaseCommits();
  }
  CommitAndWait(*inner_, WriteSet()).status().IgnoreError();
  MutexLock lock(mutex);
  while (answered < kCommits) changed.Wait(mutex);
  for (const int times : answers) EXPECT_EQ(times, 1);
}

}  // namespace
}  // namespace trusthub::store
