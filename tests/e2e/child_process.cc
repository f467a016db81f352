#include "tests/e2e/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/time/clock.h"

namespace trusthub::testing {
namespace {

constexpr int kExitCannotRun = 127;

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWith(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string name(*entry, std::strcspn(*entry, "=") + 1);
    const bool replaced = std::any_of(added.begin(), added.end(), [&](const std::string& text) {
      return text.compare(0, name.size(), name) == 0;
    });
    if (!replaced) all.emplace_back(*entry);
  }
  return all;
}

// glibc 2.36 declares pidfd_open for C only.
int HandleOf(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(const Options& options) {
  std::vector<std::string> arguments = {options.program};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  const std::vector<std::string> environment = EnvironmentWith(options.environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const int output = open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const pid_t parent = getpid();
  const pid_t pid = output < 0 || nothing < 0 ? -1 : fork();
  if (pid == 0) {
    // The test has other threads: only calls that are safe after fork, up to the new program.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(kExitCannotRun);  // the test ended before prctl
    setpgid(0, 0);
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execve(argv[0], argv.data(), envp.data());
    _exit(kExitCannotRun);
  }
  const int error = errno;
  if (output >= 0) close(output);
  if (nothing >= 0) close(nothing);
  if (pid < 0) {
    return absl::UnavailableError(
        absl::StrCat(options.program, ": cannot be started: ", std::strerror(error)));
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, HandleOf(pid)));
}

ChildProcess::~ChildProcess() {
  if (!ended_.has_value()) {
    Signal(SIGKILL);
    Wait(absl::InfiniteDuration());
  }
  if (handle_ >= 0) close(handle_);
}

void ChildProcess::Signal(int signal) const {
  if (!ended_.has_value()) kill(pid_, signal);
}

std::optional<int> ChildProcess::Wait(absl::Duration limit) {
  const absl::Duration until = MonotonicNow() + limit;
  while (!ended_.has_value()) {
    const absl::Duration left = std::max(until - MonotonicNow(), absl::ZeroDuration());
    const std::int64_t millis =
        left == absl::InfiniteDuration() ? -1 : absl::ToInt64Milliseconds(left);
    pollfd waited{handle_, POLLIN, 0};
    const int ready = poll(&waited, 1, static_cast<int>(millis));
    if (ready < 0 && errno == EINTR) continue;
    int status = 0;
    if (ready > 0 && waitpid(pid_, &status, WNOHANG) == pid_) {
      ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    } else if (ready <= 0 && left == absl::ZeroDuration()) {
      return std::nullopt;
    }
  }
  return ended_;
}

}  // namespace trusthub::testing
