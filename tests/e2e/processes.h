// File: processes.h
//
// A whole hub as it is deployed: six processes, mutual TLS on loopback, SQLite files, in a folder
// of its own that is gone afterwards.
//
//   absl::StatusOr<std::unique_ptr<RunningHub>> hub = RunningHub::Start();
//   ASSERT_THAT(hub, IsOk());
//   ASSERT_THAT((*hub)->LoadDirectory(), IsOk());
//   auto desk = (*hub)->DeskOf("uphall-lead-01");
#ifndef TRUSTHUB_TESTS_E2E_PROCESSES_H_
#define TRUSTHUB_TESTS_E2E_PROCESSES_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/testing/service_databases.h"
#include "common/testing/temp_folder.h"
#include "deploy/hubctl/hub_folder.h"
#include "tests/e2e/child_process.h"
#include "tests/e2e/port_block.h"

namespace trusthub::testing {

// Path of trusthub-<service> of this build.
std::string ServiceBinary(absl::string_view service);
// Lines of a text file; none when it cannot be read.
std::vector<std::string> LinesOf(const std::string& path);

// Not thread-safe; desks of it are. To be used from the test's main thread, which its processes end
// with. When the test failed, the last lines of every service are printed at the end.
class RunningHub {
 public:
  struct Options {
    absl::Time domain_now = absl::InfinitePast();  // start of the domain clock; past: real time
    bool sandbox = true;                           // hubctl::InitOptions
    std::vector<std::string> services = {hubctl::kServices.begin(), hubctl::kServices.end()};
  };
  // Returns when every service serves; an error says which one does not, with what it said.
  static absl::StatusOr<std::unique_ptr<RunningHub>> Start() { return Start(Options()); }
  static absl::StatusOr<std::unique_ptr<RunningHub>> Start(const Options& options);
  ~RunningHub();

  // Adds the agencies and workers of the directory file as the directory administrator. The other
  // services learn them a moment later: see eventually.h.
  absl::Status LoadDirectory();

  const hubctl::Hub& hub() const { return *hub_; }
  // Ends the test program when the directory file has no such worker.
  std::unique_ptr<hubctl::Desk> DeskOf(absl::string_view worker) const;

  // Sends `signal` and waits for the end; as ChildProcess::Wait.
  std::optional<int> Kill(absl::string_view service, int signal);
  void Signal(absl::string_view service, int signal);
  // Exit code, or -signal; nothing when the service still runs after `limit`.
  std::optional<int> Wait(absl::string_view service, absl::Duration limit);
  // Starts a service that ended and waits until it serves.
  absl::Status Restart(absl::string_view service);
  // SIGTERM to all at once, then waits; the first that did not exit with 0 is the error.
  absl::Status Stop();

  pid_t PidOf(absl::string_view service) const;
  std::string ConfigOf(absl::string_view service) const;
  std::string LogOf(absl::string_view service) const;
  std::string DataOf(absl::string_view service) const;

 private:
  RunningHub() = default;
  absl::Status Init();
  absl::Status Spawn(const std::string& service);
  absl::Status WaitServing(const std::string& service);
  // An error that ends with the last lines of the service.
  absl::Status Failed(const std::string& service, absl::string_view what) const;
  void PrintLogs() const;

  Options options_;
  std::unique_ptr<TempFolder> folder_;
  std::unique_ptr<PortBlock> ports_;
  std::unique_ptr<hubctl::Hub> hub_;
  ServiceDatabases databases_;
  std::map<std::string, std::unique_ptr<ChildProcess>> processes_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_PROCESSES_H_
