// File: executor.h
//
// Our own bounded pool. gRPC 1.51 runs every callback of the process on two threads; a handler that
// blocked one would stall the server, so each call hops here (reliability_security.md,
// style.md 5.5).
#ifndef TRUSTHUB_COMMON_RPC_EXECUTOR_H_
#define TRUSTHUB_COMMON_RPC_EXECUTOR_H_

#include <deque>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "common/base/mutex.h"

namespace trusthub::rpc {

// Thread-safe. Tasks run in the order in which they were posted, on any thread, exactly once.
class Executor {
 public:
  using Task = absl::AnyInvocable<void()>;
  Executor(int threads, int queued_max);
  ~Executor();  // as Stop

  // False, and the task is dropped, when queued_max tasks wait or the pool stops.
  [[nodiscard]] bool TryPost(Task task);
  // For the rest of a call that was admitted: never refused, runs before what waits for admission.
  void PostAdmitted(Task task);
  // Runs what waits, then ends the threads. Must not be called from a task.
  void Stop();

 private:
  void Work();
  // Whether a thread is to be woken for what waits; whoever is told so wakes one, without the lock,
  // which the woken thread needs at once. One is on its way at a time, and when it finds more than
  // it takes it has the next one woken: a burst of small tasks costs no thread a task, and is still
  // shared.
  bool TakeWakeUp() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int queued_max_;
  Mutex mutex_;
  CondVar ready_;
  std::deque<Task> admitted_ ABSL_GUARDED_BY(mutex_);
  std::deque<Task> waiting_ ABSL_GUARDED_BY(mutex_);
  int idle_ ABSL_GUARDED_BY(mutex_) = 0;
  bool waking_ ABSL_GUARDED_BY(mutex_) = false;  // an idle thread was notified and is not back yet
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_EXECUTOR_H_
