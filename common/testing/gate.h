// File: gate.h
//
// A gate that a test shuts: whoever comes to it waits until it is opened again.
#ifndef TRUSTHUB_COMMON_TESTING_GATE_H_
#define TRUSTHUB_COMMON_TESTING_GATE_H_

#include "common/base/mutex.h"

namespace trusthub::testing {

// Thread-safe. Open at first.
class Gate {
 public:
  void Shut() {
    MutexLock lock(mutex_);
    shut_ = true;
  }
  void Open() {
    MutexLock lock(mutex_);
    shut_ = false;
    changed_.NotifyAll();
  }
  void Pass() {
    MutexLock lock(mutex_);
    ++waiting_;
    changed_.NotifyAll();
    while (shut_) changed_.Wait(mutex_);
    --waiting_;
  }
  // Returns when `count` wait at the gate.
  void AwaitWaiting(int count) {
    MutexLock lock(mutex_);
    while (waiting_ < count) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool shut_ ABSL_GUARDED_BY(mutex_) = false;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_GATE_H_
