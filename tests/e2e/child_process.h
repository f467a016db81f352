// File: child_process.h
//
// A program run by a test: its own process group, what it says in a file, and dead when the test
// is.
#ifndef TRUSTHUB_TESTS_E2E_CHILD_PROCESS_H_
#define TRUSTHUB_TESTS_E2E_CHILD_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace trusthub::testing {

// Not thread-safe. Start it from a thread that lives as long as the process shall: the kernel kills
// it when that thread ends.
class ChildProcess {
 public:
  struct Options {
    std::string program;
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  // "NAME=value", beside that of the test
    std::string output;                    // file that stdout and stderr are added to
  };
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(const Options& options);
  ~ChildProcess();  // kills it when it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // Exit code, or -signal when one ended it; nothing when it still runs after `limit`.
  std::optional<int> Wait(absl::Duration limit);
  bool running() { return !Wait(absl::ZeroDuration()).has_value(); }

 private:
  ChildProcess(pid_t pid, int handle) : pid_(pid), handle_(handle) {}

  const pid_t pid_;
  const int handle_;  // of pidfd_open
  std::optional<int> ended_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_CHILD_PROCESS_H_
