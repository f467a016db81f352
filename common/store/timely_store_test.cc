#include "common/store/timely_store.h"

#include <atomic>
#include <vector>

#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/failing_store.h"
#include "common/testing/fake_leaf_sequencer.h"
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

class TimelyStoreTest : public ::testing::Test {
 protected:
  TimelyStoreTest() {
    SqliteOptions options;
    options.path = folder_.File("store.db");
    options.sequencer = &sequencer_;
    inner_ = std::make_unique<testing::FailingStore>(*OpenSqlite(options));
    timely_ = MakeTimely(inner_.get(), kBound, [this] { ++recovered_; });
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
  std::unique_ptr<Store> timely_;
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
