#include "tests/integration/local_hub.h"

#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/events/facts.h"
#include "common/testing/paths.h"
#include "deploy/hubctl/loading.h"
#include "deploy/hubctl/readiness.h"
#include "services/assessments/service.h"
#include "services/children/service.h"
#include "services/directory/service.h"
#include "services/health/service.h"
#include "services/plans/service.h"
#include "services/referrals/service.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/eventually.h"
#include "trusthub/events/v1/event.pb.h"

namespace trusthub::testing {
namespace {

constexpr int kPortAttempts = 8;
constexpr absl::Duration kFreshWithin = absl::Seconds(30);

// Where a projection keeps how far it has come, as "<sequence> <cursor>" by source.
constexpr char kProjectionSpace[] = "projection";
constexpr int kSourcesMax = 10;
constexpr int kEventsRead = 200;

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
  for (auto& [name, host] : replicas_) host->Drain(absl::ZeroDuration());
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
  init.config_folder = options_.config_folder.empty() ? testing::SourcePath("deploy/config")
                                                      : options_.config_folder;
  TRUSTHUB_ASSIGN_OR_RETURN(ports_, PortBlock::Take());
  init.base_port = ports_->first();
  init.domain_now = CaseStart();
  TRUSTHUB_RETURN_IF_ERROR(hubctl::InitHub(init));
  TRUSTHUB_ASSIGN_OR_RETURN(hub_, hubctl::Hub::Open(init.folder));
  for (const char* service : hubctl::kServices) TRUSTHUB_RETURN_IF_ERROR(StartService(service));
  // Who started first has met nobody yet, and waits a moment before it tries again.
  TRUSTHUB_RETURN_IF_ERROR(hubctl::WaitUntilFresh(*hub_, kFreshWithin));
  return hubctl::LoadDirectory(*hub_, nullptr).status();
}

absl::StatusOr<config::Config> LocalHub::ConfigOf(const std::string& service) {
  TRUSTHUB_ASSIGN_OR_RETURN(
      config::Config config,
      config::Load(absl::StrCat(hub_->folder(), "/config/", service, ".yaml")));
  config.store = databases_.StoreOf(service);
  if (options_.adjust) options_.adjust(service, &config);
  return config;
}

absl::Status LocalHub::StartService(absl::string_view service) {
  const std::string name(service);
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Config config, ConfigOf(name));
  TRUSTHUB_ASSIGN_OR_RETURN(hosts_[name], StartHost(name, config));
  return absl::OkStatus();
}

absl::Status LocalHub::StartReplica(absl::string_view service) {
  const std::string name(service);
  TRUSTHUB_ASSIGN_OR_RETURN(config::Config config, ConfigOf(name));
  if (config.store.empty()) {
    return absl::FailedPreconditionError("replicas need a store that several may open");
  }
  config.data_folder += "-replica";
  config.listen = "127.0.0.1:0";
  config.metrics.clear();
  TRUSTHUB_ASSIGN_OR_RETURN(replicas_[name], StartHost(name, config));
  return absl::OkStatus();
}

void LocalHub::StopReplica(absl::string_view service) {
  replicas_.at(std::string(service))->Drain(absl::Seconds(20));
  replicas_.erase(std::string(service));
}

std::string LocalHub::AddressOfReplica(absl::string_view service) {
  return absl::StrCat("127.0.0.1:", replica(service).port());
}

absl::StatusOr<std::unique_ptr<rpc::Host>> LocalHub::StartHost(const std::string& name,
                                                               const config::Config& config) {
  rpc::HostOverrides overrides;
  overrides.clocks = Clocks{&RealClock(), &clock_};
  if (options_.wrap_store) {
    overrides.wrap_store = [this, name](std::unique_ptr<store::Store> store) {
      return options_.wrap_store(name, std::move(store));
    };
  }
  if (options_.observer) {
    overrides.observer = [this, name](rpc::Step step) { options_.observer(name, step); };
  }
  return rpc::Host::Start(config, MakerOf(name), overrides);
}

absl::StatusOr<std::map<std::string, std::int64_t>> LocalHub::LastFacts() {
  const auto& kinds = events::FactKinds();
  for (const auto& [name, host] : hosts_) {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto snapshot, host->store().Open(absl::InfiniteFuture()));
    std::int64_t& seen = seen_[name];
    std::vector<store::StoredEvent> rows;
    do {
      TRUSTHUB_ASSIGN_OR_RETURN(rows, snapshot->ReadEvents(seen, kEventsRead));
      for (const store::StoredEvent& row : rows) {
        seen = row.sequence;
        events::v1::Event event;
        if (!event.ParseFromString(row.bytes)) return absl::DataLossError("an event is broken");
        if (absl::c_linear_search(kinds, event.kind())) last_facts_[name] = row.sequence;
      }
    } while (!rows.empty());
  }
  return last_facts_;
}

absl::StatusOr<bool> LocalHub::HaveTakenUp(const std::map<std::string, std::int64_t>& ends) {
  for (const auto& [name, host] : hosts_) {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto snapshot, host->store().Open(absl::InfiniteFuture()));
    TRUSTHUB_ASSIGN_OR_RETURN(const auto sources,
                              snapshot->ListState(kProjectionSpace, "", kSourcesMax));
    for (const auto& [source, progress] : sources) {
      std::int64_t taken_up = 0;
      if (!absl::SimpleAtoi(progress.substr(0, progress.find(' ')), &taken_up)) {
        return absl::DataLossError("the progress of a projection is not what it used to be");
      }
      const auto end = ends.find(source);
      if (end != ends.end() && taken_up < end->second) return false;
    }
  }
  return true;
}

bool LocalHub::WaitForNews(absl::Duration limit) {
  return Within(limit, [&] {
    const auto before = LastFacts();
    if (!before.ok() || !HaveTakenUp(*before).value_or(false)) return false;
    // What was told meanwhile has yet to be taken up.
    const auto after = LastFacts();
    return after.ok() && *after == *before;
  });
}

void LocalHub::StopService(absl::string_view service) {
  hosts_.at(std::string(service))->Drain(absl::Seconds(20));
  hosts_.erase(std::string(service));
}

}  // namespace trusthub::testing
