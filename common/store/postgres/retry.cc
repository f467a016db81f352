#include "common/store/postgres/retry.h"

#include <algorithm>
#include <cstdint>

#include "common/base/ids.h"
#include "common/store/postgres/arguments.h"
#include "common/time/clock.h"

namespace trusthub::store::postgres {
namespace {

constexpr absl::Duration kFirstWait = absl::Milliseconds(1);
constexpr int kFractionBytes = 2;
constexpr std::int64_t kFractions = 1 << 16;

}  // namespace

bool Retry::Wait() {
  if (left_ <= 0) return false;
  --left_;
  const absl::Duration wait = next_ * IntOf(RandomBytes(kFractionBytes)) / kFractions;
  next_ = std::clamp(next_ * 2, kFirstWait, longest_);
  if (MonotonicNow() + wait >= deadline_) return false;
  const absl::Duration until = MonotonicNow() + wait;
  MutexLock lock(mutex_);
  while (MonotonicNow() < until) never_.WaitFor(mutex_, until - MonotonicNow());
  return true;
}

}  // namespace trusthub::store::postgres
