#include "common/rpc/executor.h"

#include <utility>

namespace trusthub::rpc {

Executor::Executor(int threads, int queued_max) : queued_max_(queued_max) {
  threads_.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

Executor::~Executor() { Stop(); }

bool Executor::TryPost(Task task) {
  MutexLock lock(mutex_);
  if (stopping_ || static_cast<int>(waiting_.size()) >= queued_max_) return false;
  waiting_.push_back(std::move(task));
  // A busy thread takes the next task by itself; a wake-up that finds nothing costs a switch.
  if (idle_ > 0) ready_.NotifyOne();
  return true;
}

void Executor::PostAdmitted(Task task) {
  MutexLock lock(mutex_);
  admitted_.push_back(std::move(task));
  if (idle_ > 0) ready_.NotifyOne();
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
    {
      MutexLock lock(mutex_);
      while (admitted_.empty() && waiting_.empty()) {
        if (stopping_) return;
        ++idle_;
        ready_.Wait(mutex_);
        --idle_;
      }
      auto& queue = admitted_.empty() ? waiting_ : admitted_;
      task = std::move(queue.front());
      queue.pop_front();
    }
    task();
  }
}

}  // namespace trusthub::rpc
