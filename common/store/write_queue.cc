#include "common/store/write_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/error/error.h"

namespace trusthub::store {

void WriteQueue::Start() {
  thread_ = std::thread([this] { Run(); });
}

void WriteQueue::Commit(WriteSet set, CommitCallback done) {
  absl::Status refusal;
  {
    MutexLock lock(mutex_);
    if (stopping_) {
      refusal = error::ServerStopping();
    } else if (static_cast<int>(waiting_.size()) >= options_.queued_sets_max) {
      refusal = error::ServerBusy();
    } else {
      waiting_.push_back({std::move(set), std::move(done), absl::OkStatus(), Committed()});
      if (waiting_.size() == 1) arrived_.NotifyOne();
      return;
    }
  }
  std::move(done)(std::move(refusal));
}

void WriteQueue::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    arrived_.NotifyOne();
  }
  MutexLock lock(stop_mutex_);
  if (thread_.joinable()) thread_.join();
}

void WriteQueue::Run() {
  SetGroup group;
  while (Take(&group)) {
    if (!group.empty()) options_.write(group);
    for (PendingSet& pending : group) {
      CommitCallback done = std::move(pending.done);
      if (pending.status.ok()) {
        std::move(done)(std::move(pending.result));
      } else {
        std::move(done)(std::move(pending.status));
      }
    }
    group.clear();
    options_.after();
  }
}

bool WriteQueue::Take(SetGroup* group) {
  MutexLock lock(mutex_);
  while (waiting_.empty() && !stopping_) {
    if (options_.idle == absl::InfiniteDuration()) {
      arrived_.Wait(mutex_);
    } else if (!arrived_.WaitFor(mutex_, options_.idle)) {
      return true;
    }
  }
  Move(group);
  return !group->empty();
}

void WriteQueue::TakeMore(SetGroup* group) {
  MutexLock lock(mutex_);
  Move(group);
}

void WriteQueue::Move(SetGroup* group) {
  const std::size_t room = static_cast<std::size_t>(options_.group_sets_max) - group->size();
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(room, waiting_.size()));
  std::move(waiting_.begin(), end, std::back_inserter(*group));
  waiting_.erase(waiting_.begin(), end);
}

}  // namespace trusthub::store
