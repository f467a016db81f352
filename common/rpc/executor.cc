#include "common/rpc/executor.h"

#include <utility>

namespace trusthub::rpc {

Executor::Executor(int threads, int queued_max) : queued_max_(queued_max) {
  threads_.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

Executor::~Executor() { Stop(); }

bool Executor::TryPost(Task task) {
  bool wake = false;
  {
    MutexLock lock(mutex_);
    if (stopping_ || static_cast<int>(waiting_.size()) >= queued_max_) return false;
    waiting_.push_back(std::move(task));
    wake = TakeWakeUp();
  }
  if (wake) ready_.NotifyOne();
  return true;
}

void Executor::PostAdmitted(Task task) {
  bool wake = false;
  {
    MutexLock lock(mutex_);
    admitted_.push_back(std::move(task));
    wake = TakeWakeUp();
  }
  if (wake) ready_.NotifyOne();
}

// A busy thread takes the next task by itself; a wake-up that finds nothing costs a switch.
bool Executor::TakeWakeUp() {
  if (idle_ == 0 || waking_ || (admitted_.empty() && waiting_.empty())) return false;
  waking_ = true;
  return true;
}

void Executor::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    ready_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Executor::Work() {
  while (true) {
    Task task;
    bool wake = false;
    {
      MutexLock lock(mutex_);
      while (admitted_.empty() && waiting_.empty()) {
        if (stopping_) return;
        ++idle_;
        ready_.Wait(mutex_);
        --idle_;
        waking_ = false;
      }
      auto& queue = admitted_.empty() ? waiting_ : admitted_;
      task = std::move(queue.front());
      queue.pop_front();
      wake = TakeWakeUp();
    }
    if (wake) ready_.NotifyOne();
    task();
  }
}

}  // namespace trusthub::rpc
