#include "common/audit/timely_spool.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/testing/matchers.h"
#include "common/time/clock.h"
#include "gtest/gtest.h"

namespace trusthub::audit {
namespace {

using testing::IsOk;
using testing::StatusIs;

constexpr absl::Duration kBound = absl::Milliseconds(40);

// A spool whose disk hangs on request.
class HangingSpool final : public Spool {
 public:
  void Hang(bool hang) {
    MutexLock lock(mutex_);
    hang_ = hang;
    changed_.NotifyAll();
  }
  void Fail() {
    MutexLock lock(mutex_);
    fails_ = true;
  }
  // Waits until so many were taken.
  std::vector<std::string> Taken(std::size_t count) {
    MutexLock lock(mutex_);
    while (leaves_.size() < count) changed_.Wait(mutex_);
    return leaves_;
  }

  absl::Status Add(absl::string_view leaf) override {
    MutexLock lock(mutex_);
    while (hang_) changed_.Wait(mutex_);
    if (fails_) return absl::UnavailableError("disk");
    leaves_.emplace_back(leaf);
    changed_.NotifyAll();
    return absl::OkStatus();
  }
  absl::Status Drain(store::Store&) override { return absl::OkStatus(); }
  bool empty() const override {
    MutexLock lock(mutex_);
    return leaves_.empty();
  }

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  bool hang_ ABSL_GUARDED_BY(mutex_) = false;
  bool fails_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> leaves_ ABSL_GUARDED_BY(mutex_);
};

class TimelySpoolTest : public ::testing::Test {
 protected:
  TimelySpoolTest() {
    auto inner = std::make_unique<HangingSpool>();
    inner_ = inner.get();
    spool_ = MakeTimelySpool(std::move(inner), kBound);
  }
  HangingSpool* inner_;
  std::unique_ptr<Spool> spool_;
};

TEST_F(TimelySpoolTest, GivesTheDisksAnswerWhenItComesInTime) {
  EXPECT_TRUE(spool_->empty());
  EXPECT_THAT(spool_->Add("a"), IsOk());
  EXPECT_FALSE(spool_->empty());
  inner_->Fail();
  EXPECT_THAT(spool_->Add("b"), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(TimelySpoolTest, NobodyWaitsForADiskThatHangsAndNothingIsLostInOrder) {
  inner_->Hang(true);
  const absl::Duration began = MonotonicNow();
  std::vector<std::string> added;
  for (int i = 0; i < 50; ++i) {
    added.push_back(absl::StrCat(i));
    EXPECT_THAT(spool_->Add(added.back()), StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_LT(MonotonicNow() - began, 50 * kBound) << "each waited in vain";
  EXPECT_FALSE(spool_->empty());
  inner_->Hang(false);
  EXPECT_EQ(inner_->Taken(50), added);
  EXPECT_THAT(spool_->Add("after"), IsOk());
}

TEST_F(TimelySpoolTest, WhatWaitsIsBounded) {
  inner_->Hang(true);
  for (std::size_t i = 0; i < kSpoolWaitingMax; ++i) {
    EXPECT_THAT(spool_->Add("x"), StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_THAT(spool_->Add("x"), StatusIs(absl::StatusCode::kResourceExhausted));
  inner_->Hang(false);
  EXPECT_EQ(inner_->Taken(kSpoolWaitingMax).size(), kSpoolWaitingMax);
}

}  // namespace
}  // namespace trusthub::audit
