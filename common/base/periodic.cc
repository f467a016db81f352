#include "common/base/periodic.h"

namespace trusthub {

void Periodic::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Periodic::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Periodic::Run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (!stopping_) wake_.WaitFor(mutex_, every_);
      if (stopping_) return;
    }
    work_();
  }
}

}  // namespace trusthub
