// File: fake_clock.h
//
// A clock that stands still until a test moves it.
#ifndef TRUSTHUB_COMMON_TESTING_FAKE_CLOCK_H_
#define TRUSTHUB_COMMON_TESTING_FAKE_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/time/clock.h"

namespace trusthub::testing {

// Thread-safe.
class FakeClock final : public Clock {
 public:
  // 16 March 2010, 10:00 UTC, a Tuesday: an ordinary working morning, in London as in UTC.
  FakeClock()
      : FakeClock(absl::FromCivil(absl::CivilSecond(2010, 3, 16, 10), absl::UTCTimeZone())) {}
  explicit FakeClock(absl::Time now) : now_(now) {}

  absl::Time Now() const override {
    MutexLock lock(mutex_);
    return now_;
  }
  void Set(absl::Time now) {
    MutexLock lock(mutex_);
    now_ = now;
  }
  // Backwards too: real clocks step back.
  void Advance(absl::Duration by) {
    MutexLock lock(mutex_);
    now_ += by;
  }

 private:
  mutable Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_FAKE_CLOCK_H_
