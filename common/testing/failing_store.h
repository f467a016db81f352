// File: failing_store.h
//
// A store that refuses, overtakes or holds back commits on request, around a real one.
#ifndef TRUSTHUB_COMMON_TESTING_FAILING_STORE_H_
#define TRUSTHUB_COMMON_TESTING_FAILING_STORE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/store/store.h"
#include "common/testing/forwarding_store.h"

namespace trusthub::testing {

// Thread-safe.
class FailingStore final : public ForwardingStore {
 public:
  explicit FailingStore(std::unique_ptr<store::Store> inner) : ForwardingStore(std::move(inner)) {}

  // The next `count` commits are refused as a broken disk would.
  void RefuseCommits(int count) { refuse_ = count; }
  // The next `count` commits are refused as overtaken by another one.
  void OvertakeCommits(int count) { overtake_ = count; }
  // Commits are held back, as by a disk that hangs, until they are released.
  void HoldCommits() {
    MutexLock lock(mutex_);
    holding_ = true;
  }
  void ReleaseCommits() {
    std::vector<Held> held;
    {
      MutexLock lock(mutex_);
      holding_ = false;
      held.swap(held_);
    }
    for (Held& commit : held) inner().Commit(std::move(commit.set), std::move(commit.done));
  }
  int commits() const { return commits_; }

  void Commit(store::WriteSet set, store::CommitCallback done) override {
    ++commits_;
    if (refuse_ > 0) {
      --refuse_;
      return done(error::StoreUnavailable("injected"));
    }
    if (overtake_ > 0) {
      --overtake_;
      return done(store::Conflict());
    }
    {
      MutexLock lock(mutex_);
      if (holding_) {
        held_.push_back({std::move(set), std::move(done)});
        return;
      }
    }
    inner().Commit(std::move(set), std::move(done));
  }

 private:
  std::atomic<int> refuse_ = 0;
  std::atomic<int> overtake_ = 0;
  std::atomic<int> commits_ = 0;
  struct Held {
    store::WriteSet set;
    store::CommitCallback done;
  };
  Mutex mutex_;
  bool holding_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Held> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_FAILING_STORE_H_
