#include "tests/fuzz/one_hub.h"

#include <atomic>
#include <filesystem>
#include <future>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/audit/answer.h"
#include "common/audit/log_check.h"
#include "common/audit/receipt.h"
#include "common/audit/tree.h"
#include "common/base/ids.h"
#include "common/error/error.h"
#include "common/rpc/metrics.h"
#include "common/rpc/standing_rules.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/paths.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/directory_file.h"
#include "services/assessments/service.h"
#include "services/children/service.h"
#include "services/directory/service.h"
#include "services/health/service.h"
#include "services/plans/service.h"
#include "services/referrals/service.h"
#include "tests/fuzz/target.h"
#include "trusthub/directory/v1/directory_service.pb.h"

namespace trusthub::fuzz {
namespace {

using testing::SourcePath;

constexpr char kTree[] = "auditTrees/fuzz";
constexpr char kService[] = "service:";
constexpr char kAdministrator[] = "hub-admin-01";
// The story's first morning.
absl::Time Start() { return absl::FromCivil(absl::CivilHour(2010, 1, 11, 10), London()); }

store::IndexHash Hash() {
  return [](absl::string_view value) { return crypto::HmacSha256(std::string(32, 'i'), value); };
}

template <class T>
T Ready(absl::StatusOr<T> value, absl::string_view what) {
  RequireReady(value.ok(), absl::StrCat(what, ": ", value.status().ToString()));
  return *std::move(value);
}

}  // namespace

// Knows every worker of the directory file, and the hub's own services, by their names alone.
class OneHub::Authenticator final : public auth::Authenticator {
 public:
  absl::StatusOr<std::shared_ptr<const auth::Principal>> Authenticate(
      const auth::Connection&, const auth::Credentials& credentials, absl::Time) override {
    const auto found = callers.find(credentials.authorization);
    if (found == callers.end()) {
      return error::Unauthenticated(errors::v1::ERROR_REASON_TOKEN_MISSING);
    }
    return found->second;
  }

  std::map<std::string, std::shared_ptr<const auth::Principal>, std::less<>> callers;
};

// One service asks another: on the same path, for the same user.
class OneHub::Services final : public rpc::Services {
 public:
  explicit Services(OneHub* hub) : hub_(*hub) {}

  absl::Status Ask(const rpc::Call& call, const google::protobuf::Message& request,
                   google::protobuf::Message* response) override {
    std::string purpose = options::v1::Purpose_Name(call.purpose);
    purpose = absl::AsciiStrToLower(absl::StripPrefix(purpose, "PURPOSE_"));
    for (const auto& method : hub_.methods()) {
      if (method->route.request_prototype->GetDescriptor() != request.GetDescriptor()) continue;
      const Answer answer =
          hub_.Call({method.get(), std::string(call.authorization), purpose,
                     std::string(call.case_reference), request.SerializeAsString()});
      if (answer.status.ok()) Require(response->ParseFromString(answer.bytes), "answers parse");
      return answer.status;
    }
    return error::Internal("no service serves this");
  }

 private:
  OneHub& hub_;
};

OneHub::OneHub()
    : key_(crypto::SigningKey::Generate()),
      pseudonyms_(audit::MakeKeyedPseudonyms(std::string(32, 'p'))),
      authenticator_(std::make_unique<Authenticator>()),
      services_(std::make_unique<Services>(this)),
      metrics_(Ready(rpc::MakeMetrics(""), "metrics that nobody fetches")) {
  agreements_ =
      Ready(policy::LoadAgreements(SourcePath("deploy/config/redbridge/agreements")), "agreements");
  sets_ = std::make_unique<rpc::AgreementSets>(
      rpc::AgreementSets::Options{"fuzz", {&real_, &domain_}, metrics_.get()}, agreements_);
  standing_rules_ = Ready(rpc::LoadStandingRules(SourcePath("deploy/config/redbridge/policy.yaml")),
                          "standing rules");
  MakeMethods();
  spool_ = Ready(audit::OpenSpool(folder_.File("spool")), "a spool");
  // Two threads more than there are callers: a handler may wait for another service's answer.
  executor_ = std::make_unique<rpc::Executor>(3, 8);
  LoadDirectory();
}

OneHub::~OneHub() {
  CloseStore();
  executor_->Stop();
}

void OneHub::MakeMethods() {
  config_.service = "fuzz";
  config_.rules_folder = SourcePath("deploy/config");
  config_.settings_folder = SourcePath("deploy/config/redbridge");
  const auto code_sets =
      Ready(proto::LoadCodeSets(SourcePath("deploy/config/code_sets")), "code sets");
  const auto rules =
      Ready(timescales::LoadRules(SourcePath("deploy/config/timescales")), "timescales");
  erasure_ = std::make_shared<const rpc::Erasure>(
      rpc::Erasure::Options{"fuzz", {&real_, &domain_}, pseudonyms_.get()});
  const rpc::Environment environment{config_, rules, code_sets, services_.get(), nullptr, erasure_};
  std::vector<rpc::Routes> routes;
  for (const rpc::MakeService& make :
       {rpc::MakeService(directory::MakeDirectory), rpc::MakeService(children::MakeChildren),
        rpc::MakeService(referrals::MakeReferrals), rpc::MakeService(assessments::MakeAssessments),
        rpc::MakeService(plans::MakePlans), rpc::MakeService(health::MakeHealth)}) {
    parts_.push_back(Ready(make(environment), "a service"));
    routes.insert(routes.end(), parts_.back().routes.begin(), parts_.back().routes.end());
  }
  evidence_ = std::make_unique<rpc::Evidence>(key_->public_key(), rpc::WitnessRules(), &real_);
  rpc::Disclosures::Options disclosures;
  disclosures.tree = kTree;
  disclosures.public_key = key_->public_key();
  disclosures.agreements = sets_.get();
  disclosures.pseudonyms = pseudonyms_.get();
  disclosures.subject_access =
      Ready(rpc::LoadSubjectAccess(SourcePath("deploy/config/redbridge/subject_access.yaml")),
            "subject access");
  disclosures_ = std::make_unique<rpc::Disclosures>(std::move(disclosures));
  decisions_ = std::make_unique<rpc::Decisions>(kTree, sets_.get(), standing_rules_);
  routes.push_back(rpc::EvidenceRoutes(evidence_.get(), disclosures_.get()));
  routes.push_back(rpc::DecisionsRoutes(decisions_.get()));
  methods_ = Ready(rpc::MethodTable::Compile(routes, code_sets), "methods");
  for (const auto& method : methods()) {
    // Destruction asks the other services over the wire, and here there is none.
    if (absl::StartsWith(method->descriptor->full_name(), "trusthub.retention.")) continue;
    const bool added = by_name_.emplace(method->descriptor->name(), method.get()).second;
    RequireReady(added, "no two methods have one name");
  }
}

// The directory file, as its administrator would enter it.
void OneHub::LoadDirectory() {
  const auto file = Ready(
      hubctl::ReadDirectoryFile(SourcePath("deploy/config/redbridge/directory.yaml")), "directory");
  std::map<std::string, directory::v1::AgencyKind> kinds;
  for (const auto& listed : file.agencies) {
    kinds["agencies/" + listed.id] = listed.agency.kind();
  }
  for (const auto& listed : file.workers) {
    auto who = std::make_shared<auth::Principal>();
    who->agency = listed.worker.agency();
    who->agency_kind = kinds[who->agency];
    who->worker = "workers/" + listed.id;
    who->role = listed.worker.role();
    authenticator_->callers[listed.id] = std::move(who);
    worker_ids_.push_back(listed.id);
  }
  for (const char* service :
       {"directory", "children", "referrals", "assessments", "plans", "health"}) {
    auto who = std::make_shared<auth::Principal>();
    who->agency = "agencies/trust-hub";
    who->agency_kind = directory::v1::AGENCY_KIND_HUB;
    who->system = absl::StrCat("/service/", service);
    who->role = options::v1::ROLE_HUB_SERVICE;
    const std::string id = absl::StrCat(kService, service);
    authenticator_->callers[id] = std::move(who);
    worker_ids_.push_back(id);
  }
  real_.Set(Start());
  domain_.Set(Start());
  OpenStore();
  const auto enter = [this](absl::string_view method, const google::protobuf::Message& request) {
    const Answer answer = Run({MethodNamed(method), kAdministrator, "directory_administration",
                               "fuzz", request.SerializeAsString()});
    RequireReady(answer.status.ok(), absl::StrCat("directory: ", answer.status.ToString()));
  };
  for (const auto& listed : file.agencies) {
    directory::v1::CreateAgencyRequest request;
    request.set_agency_id(listed.id);
    *request.mutable_agency() = listed.agency;
    request.set_request_id(StableUuid(absl::StrCat("agency", listed.id)));
    enter("CreateAgency", request);
  }
  for (const auto& listed : file.workers) {
    directory::v1::CreateWorkerRequest request;
    request.set_worker_id(listed.id);
    *request.mutable_worker() = listed.worker;
    request.set_request_id(StableUuid(absl::StrCat("worker", listed.id)));
    enter("CreateWorker", request);
  }
  CloseStore();
  std::filesystem::rename(folder_.File("store.db"), folder_.File("built.db"));
}

const rpc::Method* OneHub::MethodNamed(absl::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

options::v1::Role OneHub::RoleOf(absl::string_view worker) const {
  const auto found = authenticator_->callers.find(worker);
  return found == authenticator_->callers.end() ? options::v1::ROLE_UNSPECIFIED
                                                : found->second->role;
}

void OneHub::OpenStore() {
  tree_ = audit::MakeTree(kTree, key_.get(), &real_);
  store::SqliteOptions options;
  options.path = folder_.File("store.db");
  options.sequencer = tree_.get();
  options.clock = &real_;
  store_ = Ready(store::OpenSqlite(options), "a store");
  rpc::Stages stages;
  stages.executor = executor_.get();
  stages.authenticator = authenticator_.get();
  stages.agreements = sets_.get();
  stages.standing_rules = standing_rules_;
  stages.store = store_.get();
  stages.index_hash = Hash();
  stages.clocks = {&real_, &domain_};
  stages.page_tokens = &page_tokens_;
  stages.spool = spool_.get();
  stages.pseudonyms = pseudonyms_.get();
  stages.metrics = metrics_.get();
  pipeline_ = std::make_unique<rpc::Pipeline>(std::move(stages));
}

void OneHub::CloseStore() {
  if (store_ == nullptr) return;
  // Who waits is told of the last call's end only after this.
  pipeline_->BeginDrain();
  Require(pipeline_->WaitIdle(absl::Seconds(30)), "every call ends");
  store_->Close();
  pipeline_.reset();
  store_.reset();
  tree_.reset();
}

void OneHub::Reset() {
  CloseStore();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::remove(folder_.File(absl::StrCat("store.db", suffix)));
  }
  std::filesystem::copy_file(folder_.File("built.db"), folder_.File("store.db"));
  real_.Set(Start());
  domain_.Set(Start());
  sets_->PutInForce(agreements_);
  OpenStore();
  events_taken_up_ = EventCount();
  RequireReady(events_taken_up_ > 0, "the directory is there");
}

void OneHub::Advance(absl::Duration by) {
  real_.Advance(by);
  domain_.Advance(by);
}

std::int64_t OneHub::LeafCount() {
  return Ready(Ready(store_->Open(absl::InfiniteFuture()), "a snapshot")->LeafCount(), "leaves");
}
std::int64_t OneHub::EventCount() {
  return Ready(Ready(store_->Open(absl::InfiniteFuture()), "a snapshot")->LastEventSequence(),
               "events");
}

Answer OneHub::Call(const SentCall& sent) {
  // Shared with the completion, which a second call of it may outlive.
  struct Result {
    std::promise<Answer> answer;
    std::atomic<int> completions = 0;
  };
  auto result = std::make_shared<Result>();
  auto incoming = std::make_unique<rpc::Incoming>();
  incoming->method = sent.method;
  incoming->credentials.authorization = sent.worker;
  incoming->purpose = sent.purpose;
  incoming->case_reference = sent.case_reference;
  incoming->request_bytes = sent.request;
  incoming->trace_id = "fuzz";
  incoming->done = [result](absl::Status status, std::string bytes) {
    Require(++result->completions == 1, "a call is completed once");
    result->answer.set_value({std::move(status), std::move(bytes)});
  };
  pipeline_->Start(std::move(incoming));
  return result->answer.get_future().get();
}

void OneHub::CheckLeaf(const SentCall& sent, const Answer& answer, std::int64_t before) {
  const std::int64_t after = LeafCount();
  Require(after > before, "no answer and no refusal without a durable leaf");
  if (!answer.status.ok()) return;
  std::unique_ptr<google::protobuf::Message> response(sent.method->route.response_prototype->New());
  Require(response->ParseFromString(answer.bytes), "an answer parses");
  const auto* field = sent.method->disclosure;
  if (field == nullptr) return;
  const auto& disclosure = static_cast<const types::v1::Disclosure&>(
      response->GetReflection()->GetMessage(*response, field));
  const types::v1::Receipt& receipt = disclosure.receipt();
  auto snapshot = Ready(store_->Open(absl::InfiniteFuture()), "a snapshot");
  const auto leaves = Ready(snapshot->ReadLeaves(receipt.entry_index(), 1), "leaves");
  Require(leaves.size() == 1 && receipt.entry_index() >= before, "the receipt is this call's");
  Require(audit::VerifyReceiptOfEntry(receipt, leaves[0].bytes, key_->public_key()).ok(),
          "the receipt verifies");
  Require(audit::VerifyAnswer(answer.bytes, {{key_->public_key(), ""}}).ok(),
          "the leaf is over exactly what was delivered");
}

Answer OneHub::Run(const SentCall& sent) {
  const std::int64_t before = LeafCount();
  Answer answer = Call(sent);
  const std::string name = sent.method->descriptor->name();
  Require(answer.status.code() != absl::StatusCode::kInternal &&
              answer.status.code() != absl::StatusCode::kUnknown &&
              answer.status.code() != absl::StatusCode::kDataLoss &&
              answer.status.code() != absl::StatusCode::kUnavailable,
          absl::StrCat(name, ": no request is the hub's own fault: ", answer.status.ToString()));
  CheckLeaf(sent, answer, before);
  if (!answer.status.ok()) {
    Require(answer.bytes.empty(), "a refusal discloses nothing");
    bool echoes = absl::StrContains(answer.status.message(), kMarker);
    answer.status.ForEachPayload([&echoes](absl::string_view, const absl::Cord& payload) {
      echoes = echoes || absl::StrContains(std::string(payload), kMarker);
    });
    Require(!echoes, absl::StrCat(name, ": no error repeats what was sent"));
    return answer;
  }
  TakeUpEvents();
  if (!sent.method->rule.mutates()) return answer;
  const std::int64_t events = EventCount();
  const Answer again = Call(sent);
  TakeUpEvents();
  Require(EventCount() == events, absl::StrCat(name, ": what is sent twice changes nothing more"));
  // What the caller may see may have changed by the call itself; not that it was done.
  Require(
      again.status.ok() || absl::IsNotFound(again.status) || absl::IsPermissionDenied(again.status),
      absl::StrCat(name, ": a repeated call is answered: ", again.status.ToString()));
  return answer;
}

// As projections would: what a service takes from the others' events beyond their facts.
void OneHub::TakeUpEvents() {
  auto snapshot = Ready(store_->Open(absl::InfiniteFuture()), "a snapshot");
  const auto rows = Ready(snapshot->ReadEvents(events_taken_up_, 100), "events");
  for (const store::StoredEvent& row : rows) {
    events_taken_up_ = row.sequence;
    events::v1::Event event;
    Require(event.ParseFromString(row.bytes), "an event parses");
    for (const rpc::ServiceParts& part : parts_) {
      if (!part.apply) continue;
      store::Transaction tx(Ready(store_->Open(absl::InfiniteFuture()), "a snapshot"), Hash(),
                            domain_.Now());
      const absl::Status applied = part.apply(tx, event);
      Require(applied.ok(), absl::StrCat("every event can be taken up: ", applied.ToString()));
      Require(store::CommitAndWait(*store_, tx.TakeWrites()).ok(), "what an event says is kept");
    }
  }
}

void OneHub::CheckSound(bool reopen) {
  Require(spool_->empty(), "nothing waits in the spool of a healthy store");
  std::int64_t leaves = LeafCount();
  if (reopen) {
    CloseStore();
    OpenStore();
    Require(LeafCount() == leaves, "what was acknowledged is there after a restart");
  }
  auto snapshot = Ready(store_->Open(absl::InfiniteFuture()), "a snapshot");
  const auto head = Ready(snapshot->Head(), "a head");
  if (head == nullptr) return;
  const audit::LogCheck check = audit::VerifyLog(
      [&snapshot](std::int64_t first, int limit) { return snapshot->ReadLeaves(first, limit); },
      *head, key_->public_key());
  Require(check.status.ok() && check.checked == leaves, "the log verifies");
}

}  // namespace trusthub::fuzz
