#include "common/rpc/even_times.h"

#include <optional>
#include <vector>

#include "common/base/mutex.h"
#include "common/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::rpc {
namespace {

using ::testing::ElementsAre;

constexpr absl::Duration kStep = absl::Milliseconds(50);
// Longer than any test lasts.
constexpr absl::Duration kNever = absl::Hours(1);

class EvenTimesTest : public ::testing::Test {
 protected:
  EvenTimes::Task Note(int number) {
    return [this, number] {
      MutexLock lock(mutex_);
      ran_.push_back(number);
      ran_at_.push_back(MonotonicNow());
      ran_one_.NotifyAll();
    };
  }
  void WaitFor(std::size_t count) {
    MutexLock lock(mutex_);
    while (ran_.size() < count) ran_one_.Wait(mutex_);
  }

  Mutex mutex_;
  CondVar ran_one_;
  std::vector<int> ran_;
  std::vector<absl::Duration> ran_at_;
};

TEST_F(EvenTimesTest, WhatIsReadyAtOnceWaitsForTheFirstStep) {
  EvenTimes times(kStep);
  const absl::Duration came = MonotonicNow();
  times.Post(came, Note(1));
  WaitFor(1);
  EXPECT_GE(ran_at_[0] - came, kStep);
}

TEST_F(EvenTimesTest, WhatTookLongerThanAStepWaitsForTheNext) {
  EvenTimes times(kStep);
  const absl::Duration came = MonotonicNow() - kStep * 1.5;
  times.Post(came, Note(1));
  WaitFor(1);
  EXPECT_GE(ran_at_[0] - came, 2 * kStep);
}

TEST_F(EvenTimesTest, WhatIsDueFirstRunsFirst) {
  EvenTimes times(kStep);
  const absl::Duration now = MonotonicNow();
  times.Post(now, Note(3));
  times.Post(now - kStep * 0.4, Note(2));
  times.Post(now - kStep * 0.8, Note(1));
  WaitFor(3);
  EXPECT_THAT(ran_, ElementsAre(1, 2, 3));
}

TEST_F(EvenTimesTest, NothingIsLostAtTheEnd) {
  {
    std::optional<EvenTimes> times(kNever);
    times->Post(MonotonicNow(), Note(1));
    times->Post(MonotonicNow(), Note(2));
    times.reset();
  }
  EXPECT_THAT(ran_, ElementsAre(1, 2));
}

}  // namespace
}  // namespace trusthub::rpc
