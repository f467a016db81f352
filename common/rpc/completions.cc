#include "common/rpc/completions.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace trusthub::rpc {
namespace {

// Tasks that one thread takes at a time; when more wait, another thread is asked to help.
constexpr std::size_t kShare = 16;

}  // namespace

void Completions::Post(Executor::Task task) {
  MutexLock lock(mutex_);
  ready_.push_back(std::move(task));
  if (posted_) return;
  posted_ = true;
  executor_->PostAdmitted([this] { Run(); });
}

void Completions::Run() {
  std::vector<Executor::Task> share;
  {
    MutexLock lock(mutex_);
    const auto count = static_cast<std::ptrdiff_t>(std::min(kShare, ready_.size()));
    std::move(ready_.begin(), ready_.begin() + count, std::back_inserter(share));
    ready_.erase(ready_.begin(), ready_.begin() + count);
    posted_ = !ready_.empty();
    if (posted_) executor_->PostAdmitted([this] { Run(); });
  }
  for (Executor::Task& task : share) task();
}

}  // namespace trusthub::rpc
