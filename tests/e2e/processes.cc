#include "tests/e2e/processes.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/testing/paths.h"
#include "deploy/hubctl/loading.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/health_probe.h"

namespace trusthub::testing {
namespace {

constexpr absl::Duration kServingLimit = absl::Seconds(60);  // sanitizers are slow to start
constexpr absl::Duration kStopLimit = absl::Seconds(40);
constexpr int kPortAttempts = 8;
constexpr std::size_t kLogLines = 20;
constexpr char kPortTaken[] = "listen:";

std::string LastLines(const std::string& path) {
  const std::vector<std::string> lines = LinesOf(path);
  const std::size_t first = lines.size() > kLogLines ? lines.size() - kLogLines : 0;
  return absl::StrJoin(lines.begin() + static_cast<std::ptrdiff_t>(first), lines.end(), "\n");
}

}  // namespace

std::string ServiceBinary(absl::string_view service) {
  return absl::StrCat(testing::BuildPath("bin/trusthub-"), service);
}

std::vector<std::string> LinesOf(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

absl::StatusOr<std::unique_ptr<RunningHub>> RunningHub::Start(const Options& options) {
  absl::Status status;
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    auto hub = std::unique_ptr<RunningHub>(new RunningHub());
    hub->options_ = options;
    status = hub->Init();
    if (status.ok()) return hub;
    if (!absl::StrContains(status.message(), kPortTaken)) break;
  }
  return status;
}

RunningHub::~RunningHub() {
  if (::testing::Test::HasFailure()) PrintLogs();
}

absl::Status RunningHub::Init() {
  folder_ = std::make_unique<TempFolder>();
  hubctl::InitOptions init;
  init.folder = folder_->File("hub");
  init.config_folder = testing::SourcePath("deploy/config");
  TRUSTHUB_ASSIGN_OR_RETURN(ports_, PortBlock::Take());
  init.base_port = ports_->first();
  init.domain_now = options_.domain_now;
  init.sandbox = options_.sandbox;
  TRUSTHUB_RETURN_IF_ERROR(hubctl::InitHub(init));
  TRUSTHUB_ASSIGN_OR_RETURN(hub_, hubctl::Hub::Open(init.folder));
  for (const std::string& service : options_.services) {
    if (const std::string store = databases_.StoreOf(service); !store.empty()) {
      std::ofstream(ConfigOf(service), std::ios::app) << "store: " << store << "\n";
    }
    TRUSTHUB_RETURN_IF_ERROR(Spawn(service));
  }
  for (const std::string& service : options_.services) {
    TRUSTHUB_RETURN_IF_ERROR(WaitServing(service));
  }
  return absl::OkStatus();
}

absl::Status RunningHub::Spawn(const std::string& service) {
  ChildProcess::Options options;
  options.program = ServiceBinary(service);
  options.arguments = {"--config", ConfigOf(service)};
  options.output = LogOf(service);
  TRUSTHUB_ASSIGN_OR_RETURN(processes_[service], ChildProcess::Start(options));
  return absl::OkStatus();
}

absl::Status RunningHub::WaitServing(const std::string& service) {
  const auto channel = ChannelTo(hub_->addresses().at(service), hub_->TlsOf("agencies/trust-hub"));
  const bool serves = Within(kServingLimit, [&] {
    return !processes_.at(service)->running() ||
           CheckHealth(*channel, absl::Milliseconds(500)) == Health::kServing;
  });
  if (const auto ended = Wait(service, absl::ZeroDuration()); ended.has_value()) {
    return Failed(service, absl::StrCat("ended with ", *ended));
  }
  return serves ? absl::OkStatus() : Failed(service, "does not serve");
}

absl::Status RunningHub::Failed(const std::string& service, absl::string_view what) const {
  return absl::UnavailableError(
      absl::StrCat("trusthub-", service, " ", what, ":\n", LastLines(LogOf(service))));
}

absl::Status RunningHub::LoadDirectory() { return hubctl::LoadDirectory(*hub_, nullptr).status(); }

std::unique_ptr<hubctl::Desk> RunningHub::DeskOf(absl::string_view worker) const {
  auto desk = hub_->DeskOf(worker);
  if (!desk.ok()) {
    std::fprintf(stderr, "%s\n", desk.status().ToString().c_str());
    std::abort();
  }
  return *std::move(desk);
}

std::optional<int> RunningHub::Kill(absl::string_view service, int signal) {
  Signal(service, signal);
  return Wait(service, kStopLimit);
}

void RunningHub::Signal(absl::string_view service, int signal) {
  processes_.at(std::string(service))->Signal(signal);
}

std::optional<int> RunningHub::Wait(absl::string_view service, absl::Duration limit) {
  return processes_.at(std::string(service))->Wait(limit);
}

absl::Status RunningHub::Restart(absl::string_view service) {
  const std::string name(service);
  if (processes_.at(name)->running()) return Failed(name, "still runs");
  TRUSTHUB_RETURN_IF_ERROR(Spawn(name));
  return WaitServing(name);
}

absl::Status RunningHub::Stop() {
  for (const auto& [service, process] : processes_) process->Signal(SIGTERM);
  absl::Status status;
  for (const auto& [service, process] : processes_) {
    const std::optional<int> ended = process->Wait(kStopLimit);
    if (ended == 0) continue;
    status.Update(Failed(service, ended.has_value() ? absl::StrCat("ended with ", *ended)
                                                    : std::string("does not end")));
  }
  return status;
}

pid_t RunningHub::PidOf(absl::string_view service) const {
  return processes_.at(std::string(service))->pid();
}

std::string RunningHub::ConfigOf(absl::string_view service) const {
  return absl::StrCat(hub_->folder(), "/config/", service, ".yaml");
}

std::string RunningHub::LogOf(absl::string_view service) const {
  return absl::StrCat(hub_->folder(), "/log/", service, ".log");
}

std::string RunningHub::DataOf(absl::string_view service) const {
  return absl::StrCat(hub_->folder(), "/data/", service);
}

void RunningHub::PrintLogs() const {
  if (hub_ == nullptr) return;
  for (const std::string& service : options_.services) {
    std::fprintf(stderr, "--- trusthub-%s, last lines\n%s\n", service.c_str(),
                 LastLines(LogOf(service)).c_str());
  }
}

}  // namespace trusthub::testing
