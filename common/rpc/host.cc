#include "common/rpc/host.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/audit/pseudonyms.h"
#include "common/audit/timely_spool.h"
#include "common/audit/tree.h"
#include "common/base/ids.h"
#include "common/base/limits.h"
#include "common/base/periodic.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/crypto/keys/key_ring_file.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/rpc/agreement_sets.h"
#include "common/rpc/channel.h"
#include "common/rpc/cosigned_heads.h"
#include "common/rpc/data_keys.h"
#include "common/rpc/decisions.h"
#include "common/rpc/disclosures.h"
#include "common/rpc/evidence.h"
#include "common/rpc/front.h"
#include "common/rpc/holdings.h"
#include "common/rpc/listener.h"
#include "common/rpc/projection_watch.h"
#include "common/rpc/record_types.h"
#include "common/rpc/restored_file.h"
#include "common/rpc/standing_rules.h"
#include "common/rpc/subject_access.h"
#include "common/rpc/tls_source.h"
#include "common/rpc/witness_rules.h"
#include "common/rpc/witness_watch.h"
#include "common/store/open.h"
#include "common/store/sealed/sealed_store.h"
#include "common/store/timely_store.h"
#include "trusthub/events/v1/events_service.pb.h"

namespace trusthub::rpc {
namespace {

// From the last answer to the end of all connections: time for answers to leave. Health watches
// would stay for ever.
constexpr absl::Duration kLastAnswers = absl::Seconds(1);

// How often a replica looks which agreements are in force: a set counts on all of them within a
// second.
constexpr absl::Duration kTakeUpEvery = absl::Milliseconds(250);

absl::Status InFile(absl::string_view setting, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(setting, ": ", status.message()));
}

// Writes a small file whole and for good, or not at all: a crash at any moment leaves the old one,
// or none.
bool WriteForGood(const std::string& folder, const std::string& path, const std::string& text) {
  const std::string partial = path + ".new";
  const int fd = open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = fd >= 0 &&
                       write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  if (!written || rename(partial.c_str(), path.c_str()) != 0) return false;
  const int of_folder = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool kept = of_folder >= 0 && fsync(of_folder) == 0;
  if (of_folder >= 0) close(of_folder);
  return kept;
}

// The name of this store's audit tree: made once, kept beside the store for its life.
absl::StatusOr<std::string> TreeName(const std::string& folder) {
  const std::string path = folder + "/audit-tree";
  std::string name;
  if (std::ifstream file(path); file && std::getline(file, name)) {
    if (IsNameIn("auditTrees", name)) return name;
    return absl::DataLossError(
        absl::StrCat("data_folder: ", path, ": names no audit tree; restore it from a backup"));
  }
  name = NewName("auditTrees");
  if (WriteForGood(folder, path, name + "\n")) return name;
  return absl::UnavailableError(absl::StrCat("data_folder: cannot make ", path, ": ",
                                             std::generic_category().message(errno)));
}

// Which restore the store came of; empty when none.
absl::StatusOr<std::string> RestoreOf(const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/", kRestoredFile);
  std::string restore;
  if (!std::filesystem::exists(path)) return restore;
  if (std::ifstream file(path); file && std::getline(file, restore)) return restore;
  return absl::DataLossError(
      absl::StrCat("data_folder: ", path, ": names no restore; run hubctl restore again"));
}

class HostImpl final : public Host {
 public:
  absl::Status Init(const config::Config& config, const MakeService& make,
                    const HostOverrides& overrides) {
    config_ = config;
    TRUSTHUB_RETURN_IF_ERROR(InitClocks(overrides));
    TRUSTHUB_RETURN_IF_ERROR(InitSecrets());
    TRUSTHUB_RETURN_IF_ERROR(InitRules());
    TRUSTHUB_RETURN_IF_ERROR(InitStore(overrides));
    TRUSTHUB_RETURN_IF_ERROR(InitDomain(make));
    return InitServer(overrides);
  }

  ~HostImpl() override { Drain(absl::ZeroDuration()); }

  int port() const override { return listener_->port(); }
  store::Store& store() override { return *store_; }
  const MethodTable& methods() const override { return *methods_; }

  void Drain(absl::Duration limit) override {
    if (drained_) return;
    drained_ = true;
    // Started in part: only what exists is ended, in the reverse order of its making.
    const absl::Duration until = MonotonicNow() + limit;
    // In this order: whoever reads NOT_SERVING finds the door closed.
    if (pipeline_ != nullptr) pipeline_->BeginDrain();
    if (projection_watch_ != nullptr) projection_watch_->Stop();
    if (listener_ != nullptr) listener_->SetServing(false);
    if (watches_ != nullptr) watches_->Stop();
    // gRPC answers what comes after its shutdown with CANCELLED, which no client tries again. Until
    // our calls are done it therefore goes on, and new ones are refused by us.
    if (pipeline_ != nullptr) pipeline_->WaitIdle(limit);
    if (listener_ != nullptr) {
      listener_->Shutdown(std::clamp(until - MonotonicNow(), absl::ZeroDuration(), kLastAnswers));
    }
    if (projections_ != nullptr) projections_->Stop();
    if (background_ != nullptr) background_->Stop();
    if (witness_watch_ != nullptr) witness_watch_->Stop();
    if (take_up_ != nullptr) take_up_->Stop();
    if (data_keys_ != nullptr) data_keys_->Stop();
    if (executor_ != nullptr && store_ != nullptr) store_->Close();
    if (executor_ != nullptr) executor_->Stop();
    watches_.reset();
  }

 private:
  absl::Status InitClocks(const HostOverrides& overrides) {
    clocks_ = Clocks{&RealClock(), &RealClock()};
    if (!config_.clock_file.empty()) {
      TRUSTHUB_ASSIGN_OR_RETURN(sandbox_clock_, FileClock(config_.clock_file));
      clocks_.domain = sandbox_clock_.get();
    }
    if (overrides.clocks.has_value()) clocks_ = *overrides.clocks;
    return absl::OkStatus();
  }

  absl::Status InitSecrets() {
    auto master = crypto::LoadKeyFile(config_.master_key);
    if (!master.ok()) return InFile("master_key", master.status());
    index_key_ = std::make_shared<const crypto::Secret>(
        crypto::DeriveKey(master->view(), "trusthub/index/v1"));
    cursor_key_ = crypto::DeriveKey(master->view(), "trusthub/cursor/v1");
    page_tokens_ = std::make_unique<proto::PageTokens>(
        crypto::DeriveKey(master->view(), "trusthub/page-token/v1").view());
    auto audit_key = crypto::SigningKey::Load(config_.audit_key);
    if (!audit_key.ok()) return InFile("audit_key", audit_key.status());
    audit_key_ = *std::move(audit_key);
    auto data_keys = crypto::KeyRingFile::Open(config_.data_keys);
    if (!data_keys.ok()) return InFile("data_keys", data_keys.status());
    data_keys_ = *std::move(data_keys);
    auto authenticator = auth::MakeAuthenticator({config_.trust_file, config_.audience});
    if (!authenticator.ok()) return InFile("trust_file", authenticator.status());
    authenticator_ = *std::move(authenticator);
    TRUSTHUB_ASSIGN_OR_RETURN(metrics_, MakeMetrics(config_.metrics));
    return InitTls();
  }

  absl::Status InitTls() {
    TlsSource::Options options;
    options.certificates = config_.certificate;
    options.key = config_.key;
    // Towards other services, which the client reads for itself.
    options.authorities = config_.server_ca;
    TRUSTHUB_RETURN_IF_ERROR(TlsSource::Open(options).status());
    options.authorities = config_.client_ca;
    options.authorities_setting = "client_ca";
    options.needs_elliptic_key = true;
    options.clock = clocks_.real;
    options.metrics = metrics_.get();
    TRUSTHUB_ASSIGN_OR_RETURN(tls_, TlsSource::Open(std::move(options)));
    return absl::OkStatus();
  }

  absl::Status InitRules() {
    TRUSTHUB_ASSIGN_OR_RETURN(code_sets_, proto::LoadCodeSets(config_.rules_folder + "/code_sets"));
    TRUSTHUB_ASSIGN_OR_RETURN(rules_, timescales::LoadRules(config_.rules_folder + "/timescales"));
    TRUSTHUB_ASSIGN_OR_RETURN(standing_rules_,
                              LoadStandingRules(config_.settings_folder + "/policy.yaml"));
    TRUSTHUB_ASSIGN_OR_RETURN(witness_rules_,
                              LoadWitnessRules(config_.settings_folder + "/witnesses.yaml"));
    TRUSTHUB_ASSIGN_OR_RETURN(subject_access_,
                              LoadSubjectAccess(config_.settings_folder + "/subject_access.yaml"));
    // Unusable files stop a service only while it has not stored a set that was activated: without
    // a store, before anything is made.
    agreement_files_ = ReadAgreementFiles(config_.agreements_folder);
    if (HadStore()) return absl::OkStatus();
    return agreement_files_.status();
  }

  // The spool is made after the store: where it stands a store stood.
  std::string SpoolPath() const { return config_.data_folder + "/refusals.spool"; }
  bool HadStore() const {
    return store::HoldsStore(config_.data_folder) || std::filesystem::exists(SpoolPath());
  }

  store::OpenOptions StoreOptions() const {
    store::OpenOptions options;
    options.url = config_.store;
    options.url_folder = config_.folder;
    options.folder = config_.data_folder;
    options.service = config_.service;
    options.tree = tree_name_;
    options.sequencer = tree_.get();
    options.clock = clocks_.real;
    // A new store in the place of one that stood would begin a second log under the first's name.
    options.create = !std::filesystem::exists(SpoolPath());
    options.sandbox = config_.sandbox;
    return options;
  }

  absl::Status InitStore(const HostOverrides& overrides) {
    std::error_code error;
    std::filesystem::create_directories(config_.data_folder, error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("data_folder: cannot make ", config_.data_folder, ": ", error.message()));
    }
    TRUSTHUB_ASSIGN_OR_RETURN(tree_name_, TreeName(config_.data_folder));
    tree_ = audit::MakeTree(tree_name_, audit_key_.get(), clocks_.real);
    TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<store::Store> engine,
                              store::OpenStore(StoreOptions()));
    if (overrides.wrap_store) engine = overrides.wrap_store(std::move(engine));
    TRUSTHUB_RETURN_IF_ERROR(SealStore(std::move(engine)));
    TRUSTHUB_RETURN_IF_ERROR(CheckWitnessedLog());
    store::TimelyStore::Hooks hooks;
    hooks.reads_hang = [this](const absl::Status& why) { pipeline_->AnswerForStore(why); };
    hooks.recovered = [this] { executor_->PostAdmitted([this] { TakeUpLateActivation(); }); };
    timely_store_ = store::MakeTimely(store_.get(), store::kAnswersWithin, std::move(hooks));
    TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<audit::Spool> spool, audit::OpenSpool(SpoolPath()));
    spool_ = audit::MakeTimelySpool(std::move(spool));
    TRUSTHUB_ASSIGN_OR_RETURN(
        agreements_,
        AgreementSets::Open({config_.service, clocks_, metrics_.get()}, *store_, agreement_files_));
    agreement_files_ = absl::CancelledError("taken up");  // texts are of no more use in memory
    return absl::OkStatus();
  }

  absl::Status CheckWitnessedLog() {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto snapshot, store_->Open(absl::InfiniteFuture()));
    return InFile("data_folder", CheckAgainstCosigned(*snapshot, tree_name_, witness_rules_));
  }

  absl::Status SealStore(std::unique_ptr<store::Store> engine) {
    store::SealedOptions options;
    options.service = config_.service;
    options.ring = data_keys_->first();
    options.damaged = [this] { metrics_->CountDamaged(); };
    options.shared = is_replica();
    options.clock = clocks_.real;
    auto sealed = store::SealedStore::Over(std::move(engine), std::move(options));
    if (!sealed.ok())
      return InFile(absl::StrCat("store ", store::StoreName(StoreOptions())), sealed.status());
    store_ = *std::move(sealed);
    pseudonyms_ = audit::MakeChildPseudonyms(store_.get());
    data_keys_->Watch([this](absl::StatusOr<crypto::KeyRingFile::Ring> ring) {
      if (ring.ok()) {
        log::Info("key ring taken", {{"key", (*ring)->current().id()}});
        return store_->SetRing(*std::move(ring));
      }
      metrics_->CountKeyRingRefused();
      log::Error("key ring not taken", {{"why", ring.status().message()}});
    });
    return absl::OkStatus();
  }

  store::IndexHash IndexHash() const {
    return [key = index_key_](absl::string_view value) {
      return crypto::HmacSha256(key->view(), value);
    };
  }

  absl::Status InitDomain(const MakeService& make) {
    client_ = std::make_shared<Client>(
        Client::Options{config_.services, {config_.certificate, config_.key, config_.server_ca}});
    services_ = MakeServices(client_);
    erasure_ = std::make_shared<const Erasure>(
        Erasure::Options{config_.service, clocks_, pseudonyms_.get()});
    TRUSTHUB_ASSIGN_OR_RETURN(
        parts_, make(Environment{config_, rules_, code_sets_, services_.get(), client_, erasure_}));
    evidence_ = std::make_unique<Evidence>(audit_key_->public_key(), witness_rules_, clocks_.real);
    std::vector<Routes> routes = parts_.routes;
    Disclosures::Options disclosures;
    disclosures.tree = tree_name_;
    disclosures.public_key = audit_key_->public_key();
    disclosures.agreements = agreements_.get();
    disclosures.pseudonyms = pseudonyms_.get();
    disclosures.subject_access = std::move(subject_access_);
    disclosures_ = std::make_unique<Disclosures>(std::move(disclosures));
    routes.push_back(EvidenceRoutes(evidence_.get(), disclosures_.get()));
    data_key_counts_ = std::make_unique<DataKeyCounts>(store_.get());
    routes.push_back(DataKeysRoutes(data_key_counts_.get()));
    decisions_ = std::make_unique<Decisions>(tree_name_, agreements_.get(), standing_rules_);
    routes.push_back(DecisionsRoutes(decisions_.get()));
    holdings_ = std::make_unique<Holdings>(RecordTypesOf(parts_.routes));
    routes.push_back(HoldingsRoutes(holdings_.get()));
    routes.emplace_back(events::v1::WatchRequest::descriptor()->file());
    TRUSTHUB_ASSIGN_OR_RETURN(methods_, MethodTable::Compile(routes, code_sets_));
    for (const auto& method : methods_->methods()) {
      if (method->route.handler != nullptr) metrics_->Announce(method->path);
    }
    std::vector<events::Subscription> subscriptions;
    for (const std::string& source : parts_.sources) {
      if (config_.services.count(source) == 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("services.", source, ": is missing; this service follows its events"));
      }
      subscriptions.push_back({source, MakeEventSource(client_, source)});
    }
    const auto apply = [this](store::Transaction& tx, const events::v1::Event& event) {
      TRUSTHUB_RETURN_IF_ERROR(agreements_->Apply(tx, event));
      TRUSTHUB_RETURN_IF_ERROR(erasure_->ApplyEvent(tx, event));
      // Late news of a child whose key is destroyed: nothing may be written about it any more. By
      // the key, for a store that was restored may have that and no tombstone.
      if (!event.child().empty()) {
        const auto pseudonym = pseudonyms_->Of(event.child(), tx.snapshot());
        if (absl::IsNotFound(pseudonym.status())) return absl::OkStatus();
        TRUSTHUB_RETURN_IF_ERROR(pseudonym.status());
      }
      return parts_.apply ? parts_.apply(tx, event) : absl::OkStatus();
    };
    projections_ = events::MakeProjections(
        store_.get(), IndexHash(), clocks_, std::move(subscriptions), apply,
        [this](const events::v1::Event& event) { agreements_->Applied(event); });
    return absl::OkStatus();
  }

  absl::Status InitServer(const HostOverrides& overrides) {
    // More would take turns on the cores: a call waits for nothing but the disk, and for that not
    // here.
    const int cores = std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
    executor_ =
        std::make_unique<Executor>(config_.threads == 0 ? cores : config_.threads,
                                   config_.queue == 0 ? limits::kQueuedCallsMax : config_.queue);
    Stages stages;
    stages.executor = executor_.get();
    stages.authenticator = authenticator_.get();
    stages.agreements = agreements_.get();
    stages.standing_rules = standing_rules_;
    stages.store = timely_store_.get();
    stages.store_hangs = [this] { return timely_store_->reads_hang(); };
    stages.index_hash = IndexHash();
    stages.clocks = clocks_;
    stages.page_tokens = page_tokens_.get();
    stages.spool = spool_.get();
    stages.pseudonyms = pseudonyms_.get();
    stages.metrics = metrics_.get();
    stages.observer = overrides.observer;
    // A service that does not follow the children service has no facts of children to grow old.
    const bool follows =
        std::find(parts_.sources.begin(), parts_.sources.end(), "children") != parts_.sources.end();
    if (!parts_.owns_child_facts && follows) {
      stages.child_facts_age = [projections = projections_.get()] {
        return projections->AgeOf("children");
      };
    }
    witness_watch_ = std::make_unique<WitnessWatch>(&witness_rules_, store_.get(), tree_name_,
                                                    clocks_.real, metrics_.get());
    TRUSTHUB_RETURN_IF_ERROR(witness_watch_->Look());
    if (witness_rules_.stop_after != absl::InfiniteDuration()) {
      stages.witnesses_overdue = [watch = witness_watch_.get()] { return watch->Overdue(); };
    }
    pipeline_ = std::make_unique<Pipeline>(std::move(stages));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string store_id, StoreId());
    watches_ = std::make_unique<WatchHub>(pipeline_.get(), store_id);
    store_->SetEventListener([this](std::int64_t) { watches_->EventsAdded(); });
    if (!spool_->empty()) TRUSTHUB_RETURN_IF_ERROR(spool_->Drain(*store_));
    if (parts_.prepare) TRUSTHUB_RETURN_IF_ERROR(parts_.prepare(MakeBackstage()));
    front_ = std::make_unique<Front>(*methods_, pipeline_.get(), watches_.get());
    TRUSTHUB_ASSIGN_OR_RETURN(listener_, Listener::Start(config_, tls_, front_.get()));
    projections_->Start();
    take_up_ = std::make_unique<Periodic>(kTakeUpEvery, [this] { TakeUpLateActivation(); });
    projection_watch_ = std::make_unique<ProjectionWatch>(
        projections_.get(), parts_.sources, metrics_.get(),
        [this](bool fresh) { listener_->SetServing(kProjectionsHealth, fresh); });
    witness_watch_->Start();
    if (parts_.start_background) background_ = parts_.start_background(MakeBackstage());
    listener_->SetServing(true);
    projection_watch_->Start();
    if (is_replica()) take_up_->Start();
    return absl::OkStatus();
  }

  // Whether other processes may serve the same store.
  bool is_replica() const { return !config_.store.empty(); }

  // What cursors of this store's events begin with, whichever replica gave them. Receipts name the
  // trees, so they are no secret by themselves.
  absl::StatusOr<std::string> StoreId() const {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string restore, RestoreOf(config_.data_folder));
    TRUSTHUB_ASSIGN_OR_RETURN(const auto snapshot, store_->Open(absl::InfiniteFuture()));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> trees, snapshot->Trees());
    const std::string& first = trees.empty() ? tree_name_ : trees.front();
    return crypto::HmacSha256(cursor_key_.view(), absl::StrCat(first, restore));
  }

  // A set of agreements that the store activated after its call had been answered in its stead, or
  // for another replica, must be in force here as well.
  void TakeUpLateActivation() {
    const absl::Status taken = agreements_->TakeUpActive(*store_);
    if (taken.ok() || absl::IsUnavailable(taken)) return;  // it is looked for again
    log::Error("agreements_not_taken_up", {{"detail", taken.message()}});
  }

  Backstage MakeBackstage() const {
    Backstage backstage;
    backstage.store = store_.get();
    backstage.index_hash = IndexHash();
    backstage.clocks = clocks_;
    backstage.client = client_;
    backstage.audit_tree = tree_name_;
    backstage.pseudonyms = pseudonyms_.get();
    return backstage;
  }

  config::Config config_;
  std::unique_ptr<Clock> sandbox_clock_;
  Clocks clocks_{};
  std::shared_ptr<const crypto::Secret> index_key_;
  crypto::Secret cursor_key_;
  std::unique_ptr<proto::PageTokens> page_tokens_;
  std::unique_ptr<crypto::SigningKey> audit_key_;
  std::unique_ptr<auth::Authenticator> authenticator_;
  std::unique_ptr<Metrics> metrics_;
  std::shared_ptr<TlsSource> tls_;
  std::shared_ptr<const proto::CodeSets> code_sets_;
  std::shared_ptr<const timescales::Rules> rules_;
  events::StandingRules standing_rules_;
  WitnessRules witness_rules_;
  SubjectAccess subject_access_;
  absl::StatusOr<AgreementFiles> agreement_files_;
  std::string tree_name_;
  std::unique_ptr<store::LeafSequencer> tree_;
  std::unique_ptr<store::SealedStore> store_;
  std::unique_ptr<audit::Pseudonyms> pseudonyms_;
  std::unique_ptr<crypto::KeyRingFile> data_keys_;    // ends before the store that it tells
  std::unique_ptr<store::TimelyStore> timely_store_;  // the same, for calls
  std::unique_ptr<audit::Spool> spool_;
  std::unique_ptr<AgreementSets> agreements_;
  std::unique_ptr<WitnessWatch> witness_watch_;
  std::shared_ptr<Client> client_;
  std::unique_ptr<Services> services_;
  ServiceParts parts_;
  std::unique_ptr<Evidence> evidence_;
  std::unique_ptr<Disclosures> disclosures_;
  std::unique_ptr<DataKeyCounts> data_key_counts_;
  std::unique_ptr<Decisions> decisions_;
  std::unique_ptr<Holdings> holdings_;
  std::shared_ptr<const Erasure> erasure_;
  std::unique_ptr<MethodTable> methods_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<events::Projections> projections_;
  std::unique_ptr<Background> background_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<WatchHub> watches_;
  std::unique_ptr<Front> front_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<ProjectionWatch> projection_watch_;
  std::unique_ptr<Periodic> take_up_;  // of agreements that another replica activated
  bool drained_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Host>> Host::Start(const config::Config& config,
                                                  const MakeService& make,
                                                  const HostOverrides& overrides) {
  auto host = std::make_unique<HostImpl>();
  TRUSTHUB_RETURN_IF_ERROR(host->Init(config, make, overrides));
  return host;
}

}  // namespace trusthub::rpc
