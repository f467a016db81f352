#include "common/store/postgres/pool.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/store/postgres/fault.h"

namespace trusthub::store::postgres {

absl::StatusOr<std::unique_ptr<Connection>> ReaderPool::Take(absl::Time deadline) {
  std::unique_ptr<Connection> idle;
  TRUSTHUB_RETURN_IF_ERROR(TakePlace(deadline, &idle));
  // One to a host that serves no longer would give what that host last knew.
  if (idle != nullptr && idle->host() == *options_.address.serving && idle->IsSound()) return idle;
  idle.reset();
  absl::StatusOr<std::unique_ptr<Connection>> opened = Replace(deadline);
  if (!opened.ok()) GiveBack(nullptr);
  return opened;
}

absl::Status ReaderPool::TakePlace(absl::Time deadline, std::unique_ptr<Connection>* idle) {
  MutexLock lock(mutex_);
  if (free_ == 0 && waiting_ >= options_.waiting_max) return error::ServerBusy();
  while (free_ == 0) {
    const absl::Duration left = deadline - clock().Now();
    if (left <= absl::ZeroDuration()) return error::DeadlineExceeded();
    ++waiting_;
    // In steps: the clock of a test may jump.
    returned_.WaitFor(mutex_, std::min(left, absl::Seconds(1)));
    --waiting_;
  }
  --free_;
  if (idle_.empty()) return absl::OkStatus();
  *idle = std::move(idle_.back());
  idle_.pop_back();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Connection>> ReaderPool::Replace(absl::Time deadline) {
  const absl::Duration left = deadline - clock().Now();
  if (left <= absl::ZeroDuration()) return error::DeadlineExceeded();
  absl::StatusOr<std::unique_ptr<Connection>> opened =
      Connection::Open(options_.address, std::min(left, options_.connect_limit));
  if (opened.ok()) return opened;
  if (FaultOf(opened.status()) == Fault::kLate && left < options_.connect_limit) {
    return error::DeadlineExceeded();
  }
  return ToCaller(opened.status());
}

void ReaderPool::GiveBack(std::unique_ptr<Connection> connection) {
  MutexLock lock(mutex_);
  ++free_;
  if (connection != nullptr) idle_.push_back(std::move(connection));
  returned_.NotifyOne();
}

}  // namespace trusthub::store::postgres
