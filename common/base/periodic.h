// File: periodic.h
//
// Work that is done again and again on a thread of its own: looking at a file, at an age.
#ifndef TRUSTHUB_COMMON_BASE_PERIODIC_H_
#define TRUSTHUB_COMMON_BASE_PERIODIC_H_

#include <functional>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace trusthub {

// Not thread-safe; what it does may use anything that is.
class Periodic {
 public:
  Periodic(absl::Duration every, std::function<void()> work)
      : every_(every), work_(std::move(work)) {}
  ~Periodic() { Stop(); }

  // Works for the first time after one interval.
  void Start();
  // Returns when the work under way is done; nothing is done afterwards. May be called again.
  void Stop();

 private:
  void Run();

  const absl::Duration every_;
  const std::function<void()> work_;
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace trusthub

#endif  // TRUSTHUB_COMMON_BASE_PERIODIC_H_
