#include "tests/e2e/eventually.h"

#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/time/clock.h"

namespace trusthub::testing {
namespace {

constexpr absl::Duration kLookInterval = absl::Milliseconds(20);

}  // namespace

bool Within(absl::Duration limit, absl::FunctionRef<bool()> condition) {
  const absl::Duration until = MonotonicNow() + limit;
  Mutex mutex;
  CondVar never;
  MutexLock lock(mutex);
  while (!condition()) {
    if (MonotonicNow() >= until) return false;
    never.WaitFor(mutex, kLookInterval);
  }
  return true;
}

bool MayBecomeKnown(const absl::Status& status) {
  switch (error::ReasonOf(status)) {
    case errors::v1::ERROR_REASON_REQUEST_INVALID:  // names an agency that is new in the directory
    case errors::v1::ERROR_REASON_RECORD_NOT_FOUND:
    case errors::v1::ERROR_REASON_BASIS_MISSING:
    case errors::v1::ERROR_REASON_WORKER_NOT_QUALIFIED:
    case errors::v1::ERROR_REASON_PROJECTION_STALE:
    case errors::v1::ERROR_REASON_SERVICE_UNAVAILABLE:
      return true;
    default:
      return false;
  }
}

}  // namespace trusthub::testing
