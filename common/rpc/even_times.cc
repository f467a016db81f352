#include "common/rpc/even_times.h"

#include <utility>

#include "common/time/clock.h"

namespace trusthub::rpc {

EvenTimes::EvenTimes(absl::Duration step) : step_(step), thread_([this] { Work(); }) {}

EvenTimes::~EvenTimes() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyOne();
  }
  thread_.join();
}

void EvenTimes::Post(absl::Duration came, Task task) {
  const absl::Duration due = came + absl::Ceil(MonotonicNow() - came, step_);
  MutexLock lock(mutex_);
  const bool is_first = waiting_.empty() || due < waiting_.begin()->first;
  waiting_.emplace(due, std::move(task));
  if (is_first) changed_.NotifyOne();
}

void EvenTimes::Work() {
  while (true) {
    Task task;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) changed_.Wait(mutex_);
      if (waiting_.empty()) return;
      const auto first = waiting_.begin();
      const absl::Duration left = first->first - MonotonicNow();
      if (left > absl::ZeroDuration() && !stopping_) {
        changed_.WaitFor(mutex_, left);
        continue;
      }
      task = std::move(first->second);
      waiting_.erase(first);
    }
    task();
  }
}

}  // namespace trusthub::rpc
