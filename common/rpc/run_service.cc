// main() of every service.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/crypto/secret.h"
#include "common/log/log.h"
#include "common/rpc/host.h"
#include "google/protobuf/stubs/logging.h"

namespace trusthub::rpc {
namespace {

constexpr absl::Duration kDrainLimit = absl::Seconds(20);
constexpr int kExitUsage = 64;
constexpr int kExitConfiguration = 78;

// What would let data or keys out of the process by a side door.
const char* ForbiddenEnvironment() {
  for (const char* name : {"GRPC_TRACE", "SSLKEYLOGFILE"}) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet.
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return name;
  }
  return nullptr;
}

void ForbidCoreDumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

void RaiseFileLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Data keys in use (store::SealedOptions::cached_keys_max), and others beside them.
constexpr std::size_t kSecrets = 16'384 + 1'024;

// Without it keys are locked into memory as far as the system lets, and a machine that swaps may
// write the others down: worth a line, not worth a service that A&E waits for.
void LockKeys() {
  const absl::Status locked = crypto::LockMemoryForSecrets(kSecrets);
  if (!locked.ok()) log::Warning("keys may be swapped out", {{"why", locked.message()}});
}

int Fail(const char* service, absl::string_view why, int code) {
  std::fprintf(stderr, "trusthub-%s: %s\n", service, std::string(why).c_str());
  return code;
}

}  // namespace

int RunService(int argc, char** argv, const char* service, const MakeService& make) {
  const bool check = argc == 4 && absl::string_view(argv[3]) == "--check";
  if ((argc != 3 && !check) || absl::string_view(argv[1]) != "--config") {
    return Fail(service, absl::StrCat("usage: trusthub-", service, " --config FILE [--check]"),
                kExitUsage);
  }
  if (const char* name = ForbiddenEnvironment(); name != nullptr) {
    return Fail(service, absl::StrCat("refuses to start with ", name, " set: unset it"),
                kExitConfiguration);
  }
  ForbidCoreDumps();
  RaiseFileLimit();
  // What the libraries would print is not ours to vouch for, and no line of our log.
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  // TLS 1.2 cannot be switched off in gRPC 1.51. Left with this suite alone it needs an RSA
  // certificate, which no service has (TlsSource); the suites of TLS 1.3 are not affected.
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread runs yet.
  setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-RSA-AES256-GCM-SHA384", /*overwrite=*/1);
  google::protobuf::SetLogHandler(nullptr);
  log::SetService(service);
  // Debian's Abseil looks for lock cycles at every lock by default; gRPC's locks pay for it in each
  // call.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);

  // Blocked before any thread starts, so that only sigwait below takes them.
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  signal(SIGPIPE, SIG_IGN);

  absl::StatusOr<config::Config> config = config::Load(argv[2]);
  if (!config.ok()) return Fail(service, config.status().message(), kExitConfiguration);
  if (config->service != service) {
    return Fail(service, absl::StrCat(argv[2], ": is the configuration of ", config->service),
                kExitConfiguration);
  }
  if (check) {
    std::fputs(config::Dump(*config).c_str(), stdout);
    return 0;
  }
  LockKeys();
  absl::StatusOr<std::unique_ptr<Host>> host = Host::Start(*config, make);
  if (!host.ok()) return Fail(service, host.status().message(), kExitConfiguration);
  log::Info("serving", {{"port", (*host)->port()}, {"sandbox", config->sandbox}});

  int received = 0;
  sigwait(&stop, &received);
  log::Info("draining", {{"signal", received}});
  (*host)->Drain(kDrainLimit);
  log::Info("stopped");
  return 0;
}

}  // namespace trusthub::rpc
