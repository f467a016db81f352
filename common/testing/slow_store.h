// File: slow_store.h
//
// A store on a slow disk, around a real one: commits are answered, and records found, only when a
// given time has passed. (One that hangs until it is let go: failing_store.h, gate.h.)
#ifndef TRUSTHUB_COMMON_TESTING_SLOW_STORE_H_
#define TRUSTHUB_COMMON_TESTING_SLOW_STORE_H_

#include <deque>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/store/store.h"
#include "common/testing/counting_store.h"
#include "common/testing/forwarding_store.h"
#include "common/time/clock.h"

namespace trusthub::testing {

// Thread-safe. As fast as the inner store at first.
class SlowStore final : public ForwardingStore {
 public:
  explicit SlowStore(std::unique_ptr<store::Store> inner)
      : ForwardingStore(std::make_unique<CountingStore>(
            std::move(inner), [] { return [](const Work&) {}; },
            [this](absl::string_view) { WaitBeforeFind(); })),
        answers_([this] { Answer(); }) {}
  ~SlowStore() override { Close(); }

  // From now on each commit is answered after `commit` at the earliest, and applied by then; each
  // record is looked for after `find`.
  void TakeTime(absl::Duration commit, absl::Duration find) {
    MutexLock lock(mutex_);
    commit_ = commit;
    find_ = find;
    changed_.NotifyAll();
  }

  void Commit(store::WriteSet set, store::CommitCallback done) override {
    const absl::Duration came = MonotonicNow();
    inner().Commit(std::move(set), [this, came, done = std::move(done)](
                                       absl::StatusOr<store::Committed> result) mutable {
      MutexLock lock(mutex_);
      late_.push_back({came, std::move(result), std::move(done)});
      changed_.NotifyAll();
    });
  }
  void Close() override {
    ForwardingStore::Close();
    {
      MutexLock lock(mutex_);
      closing_ = true;
      changed_.NotifyAll();
    }
    if (answers_.joinable()) answers_.join();
  }

 private:
  struct Late {
    absl::Duration came;
    absl::StatusOr<store::Committed> result;
    store::CommitCallback done;
  };

  // Answers in the order of application, each in its time, on a thread of its own.
  void Answer() {
    MutexLock lock(mutex_);
    while (!closing_ || !late_.empty()) {
      if (late_.empty()) {
        changed_.Wait(mutex_);
        continue;
      }
      const absl::Duration left = late_.front().came + commit_ - MonotonicNow();
      if (left > absl::ZeroDuration()) {
        changed_.WaitFor(mutex_, left);
        continue;
      }
      Late late = std::move(late_.front());
      late_.pop_front();
      mutex_.Unlock();
      std::move(late.done)(std::move(late.result));
      mutex_.Lock();
    }
  }
  void WaitBeforeFind() {
    const absl::Duration came = MonotonicNow();
    MutexLock lock(mutex_);
    while (MonotonicNow() - came < find_) changed_.WaitFor(mutex_, came + find_ - MonotonicNow());
  }

  Mutex mutex_;
  CondVar changed_;
  absl::Duration commit_ ABSL_GUARDED_BY(mutex_);
  absl::Duration find_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Late> late_ ABSL_GUARDED_BY(mutex_);
  std::thread answers_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_SLOW_STORE_H_
