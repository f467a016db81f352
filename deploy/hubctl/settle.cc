#include "deploy/hubctl/settle.h"

#include <algorithm>

#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/time/clock.h"

namespace trusthub::hubctl {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(10);
constexpr absl::Duration kLongestPause = absl::Milliseconds(200);

// Nobody notifies: what is waited for happens in another process.
void Pause(absl::Duration length) {
  Mutex mutex;
  CondVar never;
  MutexLock lock(mutex);
  never.WaitFor(mutex, length);
}

}  // namespace

bool MayStillArrive(const absl::Status& status) {
  switch (error::ReasonOf(status)) {
    case errors::v1::ERROR_REASON_RECORD_NOT_FOUND:
    case errors::v1::ERROR_REASON_BASIS_MISSING:
    case errors::v1::ERROR_REASON_PROJECTION_STALE:
    case errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE:
    case errors::v1::ERROR_REASON_SERVER_BUSY:
      return true;
    default:
      return absl::IsUnavailable(status);
  }
}

absl::Status Settle(absl::Duration limit, const std::function<absl::Status()>& attempt,
                    const std::function<bool(const absl::Status&)>& again) {
  const absl::Duration end = MonotonicNow() + limit;
  for (absl::Duration pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    absl::Status status = attempt();
    if (!again(status) || MonotonicNow() >= end) return status;
    Pause(std::min(pause, end - MonotonicNow()));
  }
}

}  // namespace trusthub::hubctl
