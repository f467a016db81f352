// File: write_queue.h
//
// The one thread of a store that writes, and what waits for it. It takes every set that waits as
// one group: while a group is on its way to the disk, the next one gathers.
#ifndef TRUSTHUB_COMMON_STORE_WRITE_QUEUE_H_
#define TRUSTHUB_COMMON_STORE_WRITE_QUEUE_H_

#include <deque>
#include <functional>
#include <thread>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/store/set_group.h"
#include "common/store/store.h"

namespace trusthub::store {

// Thread-safe.
class WriteQueue {
 public:
  struct Options {
    int queued_sets_max = 0;  // sets that may wait; the next one is refused
    int group_sets_max = 0;
    // Applies and commits; afterwards every member has its status and result.
    std::function<void(SetGroup&)> write;
    // Called when the callbacks of a group have run and, when nothing comes, every `idle`.
    std::function<void()> after;
    absl::Duration idle = absl::InfiniteDuration();
  };

  explicit WriteQueue(Options options) : options_(std::move(options)) {}
  ~WriteQueue() { Stop(); }
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;

  // Begins to write.
  void Start();
  void Commit(WriteSet set, CommitCallback done);
  // For `write`: adds to its group what has come meanwhile, as far as there is room.
  void TakeMore(SetGroup* group);
  // Applies what waits, refuses all else, ends the thread.
  void Stop();

 private:
  void Run();
  // False when stopped and nothing waits. May give an empty group.
  bool Take(SetGroup* group);
  void Move(SetGroup* group) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  Mutex mutex_;
  CondVar arrived_;
  std::deque<PendingSet> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Mutex stop_mutex_;  // held by the one that joins
  std::thread thread_;
};

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_WRITE_QUEUE_H_
