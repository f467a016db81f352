// File: retry.h
//
// How often, and after how long, a transaction that another one overtook is tried again.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_RETRY_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_RETRY_H_

#include <limits>

#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace trusthub::store::postgres {

// Tries again at once, for who was overtaken waited for the other one already; then after random
// waits that double up to `longest`, so that processes which met do not meet again.
class Retry {
 public:
  // `deadline` is of MonotonicNow().
  explicit Retry(absl::Duration deadline, absl::Duration longest = absl::Milliseconds(100),
                 int attempts_max = std::numeric_limits<int>::max())
      : deadline_(deadline), longest_(longest), left_(attempts_max - 1) {}

  // Waits, unless there were attempts enough or there is no time left: false then.
  bool Wait();

 private:
  const absl::Duration deadline_;
  const absl::Duration longest_;
  int left_;
  absl::Duration next_ = absl::ZeroDuration();
  Mutex mutex_;
  CondVar never_;  // what nobody notifies
};

}  // namespace trusthub::store::postgres

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_RETRY_H_
