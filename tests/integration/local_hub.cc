#include "tests/integration/local_hub.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "deploy/hubctl/loading.h"
#include "services/assessments/service.h"
#include "services/children/service.h"
#include "services/directory/service.h"
#include "services/health/service.h"
#include "services/plans/service.h"
#include "services/referrals/service.h"
#include "tests/e2e/case_path.h"

namespace trusthub::testing {
namespace {

constexpr int kPortAttempts = 8;

const rpc::MakeService& MakerOf(const std::string& service) {
  static const auto& makers =
      *new std::map<std::string, rpc::MakeService>{{"assessments", assessments::MakeAssessments},
                                                   {"children", children::MakeChildren},
                                                   {"directory", directory::MakeDirectory},
                                                   {"health", health::MakeHealth},
                                                   {"plans", plans::MakePlans},
                                                   {"referrals", referrals::MakeReferrals}};
  return makers.at(service);
}

}  // namespace

LocalHub::LocalHub(LocalHubOptions options) : options_(std::move(options)), clock_(CaseStart()) {}

LocalHub::~LocalHub() {
  for (auto& [name, host] : hosts_) host->Drain(absl::ZeroDuration());
}

absl::StatusOr<std::unique_ptr<LocalHub>> LocalHub::Start(LocalHubOptions options) {
  absl::Status status;
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    auto hub = std::unique_ptr<LocalHub>(new LocalHub(options));
    status = hub->Init();
    if (status.ok()) return hub;
    if (!absl::StrContains(status.message(), "listen:")) break;
  }
  return status;
}

absl::Status LocalHub::Init() {
  hubctl::InitOptions init;
  init.folder = folder_.File("hub");
  init.config_folder = absl::StrCat(TRUSTHUB_SOURCE_DIR, "/deploy/config");
  TRUSTHUB_ASSIGN_OR_RETURN(ports_, PortBlock::Take());
  init.base_port = ports_->first();
  init.domain_now = CaseStart();
  TRUSTHUB_RETURN_IF_ERROR(hubctl::InitHub(init));
  TRUSTHUB_ASSIGN_OR_RETURN(hub_, hubctl::Hub::Open(init.folder));
  for (const char* service : hubctl::kServices) TRUSTHUB_RETURN_IF_ERROR(StartService(service));
  return hubctl::LoadDirectory(*hub_, nullptr).status();
}

absl::Status LocalHub::StartService(absl::string_view service) {
  const std::string name(service);
  TRUSTHUB_ASSIGN_OR_RETURN(
      config::Config config,
      config::Load(absl::StrCat(hub_->folder(), "/config/", service, ".yaml")));
  if (options_.adjust) options_.adjust(name, &config);
  rpc::HostOverrides overrides;
  overrides.clocks = Clocks{&RealClock(), &clock_};
  if (options_.observer) {
    overrides.observer = [this, name](rpc::Step step) { options_.observer(name, step); };
  }
  TRUSTHUB_ASSIGN_OR_RETURN(hosts_[name], rpc::Host::Start(config, MakerOf(name), overrides));
  return absl::OkStatus();
}

void LocalHub::StopService(absl::string_view service) {
  hosts_.at(std::string(service))->Drain(absl::Seconds(20));
  hosts_.erase(std::string(service));
}

}  // namespace trusthub::testing
