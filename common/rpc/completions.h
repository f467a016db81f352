// File: completions.h
//
// Hands the commits of a group over to the executor together. The store's thread reports dozens of
// commits at once; a task and a wake-up for each would cost more than the answers themselves.
#ifndef TRUSTHUB_COMMON_RPC_COMPLETIONS_H_
#define TRUSTHUB_COMMON_RPC_COMPLETIONS_H_

#include <vector>

#include "common/base/mutex.h"
#include "common/rpc/executor.h"

namespace trusthub::rpc {

// Thread-safe. Runs every task once, on the executor, soon.
class Completions {
 public:
  explicit Completions(Executor* executor) : executor_(executor) {}
  void Post(Executor::Task task);

 private:
  void Run();

  Executor* const executor_;
  Mutex mutex_;
  std::vector<Executor::Task> ready_ ABSL_GUARDED_BY(mutex_);
  bool posted_ ABSL_GUARDED_BY(mutex_) = false;  // a Run waits for a thread
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_COMPLETIONS_H_
