// File: even_times.h
//
// Answers that must not tell by their time what they came from are given at even times: at whole
// multiples of a step after the call came. A call whose work ends within a step is answered at its
// end, whatever the work was, so that microseconds more or less are gone; work that takes longer is
// answered a whole step later.
#ifndef TRUSTHUB_COMMON_RPC_EVEN_TIMES_H_
#define TRUSTHUB_COMMON_RPC_EVEN_TIMES_H_

#include <map>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace trusthub::rpc {

// Thread-safe.
class EvenTimes {
 public:
  // Must not block: all tasks run on one thread.
  using Task = absl::AnyInvocable<void()>;
  explicit EvenTimes(absl::Duration step);
  // Runs what waits, at once.
  ~EvenTimes();

  // Runs `task` once, at the next even time of a call that came at `came` (MonotonicNow).
  void Post(absl::Duration came, Task task);

 private:
  void Work();

  const absl::Duration step_;
  Mutex mutex_;
  CondVar changed_;
  std::multimap<absl::Duration, Task> waiting_ ABSL_GUARDED_BY(mutex_);  // by when they are due
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_EVEN_TIMES_H_
