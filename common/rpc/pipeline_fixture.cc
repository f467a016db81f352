#include "common/rpc/pipeline_fixture.h"

#include <future>
#include <thread>
#include <utility>

#include "common/audit/entry.h"
#include "common/audit/tree.h"
#include "common/base/status_macros.h"
#include "common/events/facts.h"
#include "common/rpc/paging.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/counting_store.h"
#include "common/testing/paths.h"
#include "common/time/civil_date.h"

namespace trusthub::rpc {

using referrals::v1::GetReferralRequest;
using referrals::v1::GetReferralResponse;
using referrals::v1::Referral;
using referrals::v1::SubmitReferralRequest;
using referrals::v1::SubmitReferralResponse;

absl::StatusOr<SubmitReferralResponse> TinyReferrals::Submit(Call& call,
                                                             const SubmitReferralRequest& request) {
  ++runs;
  SubmitReferralResponse response;
  Referral referral = request.referral();
  referral.set_state(referrals::v1::REFERRAL_STATE_RECEIVED);
  referral.set_decision_rationale("for the council only");
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(&referral, request.to_agency(), call.caller.agency));
  if (fail_after_write) return error::StateForbids("referral", "DECIDED", "decided");
  *response.mutable_referral() = referral;
  return response;
}

absl::StatusOr<GetReferralResponse> TinyReferrals::Get(Call& call,
                                                       const GetReferralRequest& request) {
  ++runs;
  GetReferralResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_referral(), call.tx.Get<Referral>(request.name()));
  return response;
}

absl::StatusOr<referrals::v1::ListReferralsResponse> TinyReferrals::List(
    Call& call, const referrals::v1::ListReferralsRequest& request) {
  referrals::v1::ListReferralsResponse response;
  TRUSTHUB_RETURN_IF_ERROR(FillPage<Referral>(
      call, request,
      [&](std::int64_t after, int size) {
        return request.child().empty()
                   ? call.tx.ListAll<Referral>(after, size)
                   : call.tx.ListByChild<Referral>(request.child(), after, size);
      },
      response.mutable_referrals(), response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<referrals::v1::DecideReferralResponse> TinyReferrals::Decide(
    Call& call, const referrals::v1::DecideReferralRequest& request) {
  if (decide) return decide(call, request);
  return error::Internal("not part of this test");
}

absl::StatusOr<referrals::v1::SubmitContactResponse> TinyReferrals::SubmitContact(
    Call&, const referrals::v1::SubmitContactRequest&) {
  return error::Internal("not part of this test");
}

absl::StatusOr<referrals::v1::GetContactResponse> TinyReferrals::GetContact(
    Call&, const referrals::v1::GetContactRequest&) {
  return error::Internal("not part of this test");
}

Routes TinyReferrals::MakeRoutes() {
  Routes routes(SubmitReferralRequest::descriptor()->file());
  routes.Add(&TinyReferrals::Submit, this)
      .Add(&TinyReferrals::Get, this)
      .Add(&TinyReferrals::List, this)
      .Add(&TinyReferrals::Decide, this)
      .Add(&TinyReferrals::SubmitContact, this)
      .Add(&TinyReferrals::GetContact, this);
  return routes;
}

FakeAuthenticator::FakeAuthenticator() {
  auth::Principal& school = callers["Bearer school"];
  school.agency = kSchool;
  school.agency_kind = directory::v1::AGENCY_KIND_SCHOOL;
  school.worker = kLead;
  school.role = options::v1::ROLE_DESIGNATED_LEAD;
  auth::Principal& council = callers["Bearer council"];
  council.agency = kCouncil;
  council.agency_kind = directory::v1::AGENCY_KIND_COUNCIL;
  council.worker = kScreening;
  council.role = options::v1::ROLE_SCREENING_MANAGER;
}

absl::StatusOr<std::shared_ptr<const auth::Principal>> FakeAuthenticator::Authenticate(
    const auth::Connection&, const auth::Credentials& credentials, absl::Time) {
  const auto found = callers.find(credentials.authorization);
  if (found == callers.end()) {
    return error::Unauthenticated(errors::v1::ERROR_REASON_TOKEN_MISSING);
  }
  return std::make_shared<const auth::Principal>(found->second);
}

policy::Decision ScriptedAgreements::Decide(const policy::Question& question) const {
  return decide ? decide(question) : policy::Decision();
}

policy::Explanation ScriptedAgreements::ExplainWithheld(const policy::Question& question,
                                                        policy::Category category) const {
  policy::Explanation explanation;
  explanation.reason = absl::StrCat(options::v1::Category_Name(category), " of ",
                                    options::v1::RecordKind_Name(question.record_kind),
                                    " with relations ", question.relations);
  return explanation;
}

bool ScriptedAgreements::Covers(const auth::Principal& caller, policy::Purpose purpose,
                                absl::CivilDay day) const {
  return !covers || covers(caller, purpose, day);
}

policy::Decision ScriptedAgreements::Everything() {
  policy::Decision decision;
  for (int value = 1; value <= options::v1::Category_MAX; ++value) {
    decision.granted.Add(static_cast<policy::Category>(value));
    decision.rules[static_cast<std::size_t>(value)] = "scripted/everything";
  }
  return decision;
}

void PipelineFixture::SetUp() {
  key_ = crypto::SigningKey::Generate();
  tree_ = audit::MakeTree("auditTrees/test", key_.get(), &RealClock());
  store::SqliteOptions options;
  options.path = folder_.path() + "/store.db";
  options.sequencer = tree_.get();
  auto opened = store::OpenSqlite(options);
  ASSERT_TRUE(opened.ok()) << opened.status();
  auto failing = std::make_unique<testing::FailingStore>(*std::move(opened));
  failing_ = failing.get();
  auto gated = std::make_unique<testing::CountingStore>(
      std::move(failing), [] { return [](const testing::Work&) {}; },
      [this](absl::string_view) { finds_.Pass(); });
  auto slow = std::make_unique<testing::SlowStore>(std::move(gated));
  slow_ = slow.get();
  store::TimelyStore::Hooks hooks;
  hooks.reads_hang = [this](const absl::Status& why) { pipeline_->AnswerForStore(why); };
  store_ = store::MakeTimely(std::move(slow), store::kAnswersWithin, std::move(hooks));
  auto spool = audit::OpenSpool(folder_.path() + "/spool");
  ASSERT_TRUE(spool.ok());
  spool_ = *std::move(spool);
  static const auto& agreements = *new absl::StatusOr<std::shared_ptr<const policy::Agreements>>(
      policy::LoadAgreements(testing::SourcePath("deploy/config/redbridge/agreements")));
  ASSERT_TRUE(agreements.ok()) << agreements.status();
  sets_ = std::make_unique<AgreementSets>(
      AgreementSets::Options{"referrals", {&RealClock(), &domain_clock_}, &metrics_}, *agreements);
  auto code_sets = proto::LoadCodeSets(testing::SourcePath("deploy/config/code_sets"));
  ASSERT_TRUE(code_sets.ok()) << code_sets.status();
  events::StandingRules rules;
  rules.closing_window = absl::Hours(24 * 14);
  decisions_ = std::make_unique<Decisions>("auditTrees/test", sets_.get(), rules);
  evidence_ = std::make_unique<Evidence>(key_->public_key());
  Disclosures::Options disclosures;
  disclosures.tree = "auditTrees/test";
  disclosures.public_key = key_->public_key();
  disclosures.agreements = sets_.get();
  disclosures.pseudonyms = pseudonyms_.get();
  auto subject_access =
      LoadSubjectAccess(testing::SourcePath("deploy/config/redbridge/subject_access.yaml"));
  ASSERT_TRUE(subject_access.ok()) << subject_access.status();
  disclosures.subject_access = *std::move(subject_access);
  disclosures_ = std::make_unique<Disclosures>(std::move(disclosures));
  auto methods = MethodTable::Compile({domain_.MakeRoutes(), DecisionsRoutes(decisions_.get()),
                                       EvidenceRoutes(evidence_.get(), disclosures_.get())},
                                      *code_sets);
  ASSERT_TRUE(methods.ok()) << methods.status();
  methods_ = *std::move(methods);

  Stages stages;
  executor_ = std::make_unique<Executor>(2, 8);
  stages.executor = executor_.get();
  stages.authenticator = &authenticator_;
  stages.agreements = sets_.get();
  stages.standing_rules = rules;
  stages.store = store_.get();
  stages.store_hangs = [this] { return store_->reads_hang(); };
  stages.index_hash = Hash();
  stages.clocks = {&RealClock(), &domain_clock_};
  stages.page_tokens = &page_tokens_;
  stages.spool = spool_.get();
  stages.pseudonyms = pseudonyms_.get();
  stages.metrics = &metrics_;
  stages.child_facts_age = [this] { return age_; };
  stages.witnesses_overdue = [this] { return overdue_.load(); };
  stages.observer = [this](Step step) {
    MutexLock lock(mutex_);
    steps_.push_back(step);
  };
  pipeline_ = std::make_unique<Pipeline>(stages);
  Involve(kChild, kSchool, "HOLDING");
  Involve(kStranger, "agencies/valentines-high", "HOLDING");
}

void PipelineFixture::TearDown() {
  store_->Close();
  executor_->Stop();
}

store::IndexHash PipelineFixture::Hash() {
  return [](absl::string_view value) { return crypto::HmacSha256(std::string(32, 'i'), value); };
}

void PipelineFixture::Know(const events::v1::Event& event) {
  auto snapshot = store_->Open(absl::InfiniteFuture());
  ASSERT_TRUE(snapshot.ok());
  store::Transaction tx(*std::move(snapshot), Hash(), domain_clock_.Now());
  ASSERT_TRUE(events::EmitAndApply(tx, event).ok());
  ASSERT_TRUE(store::CommitAndWait(*store_, tx.TakeWrites()).ok());
}

void PipelineFixture::Involve(const std::string& child, const std::string& agency,
                              const std::string& kind, absl::Time end) {
  events::v1::Event event;
  event.set_child(child);
  event.set_kind(events::v1::EVENT_KIND_INVOLVEMENT_CHANGED);
  event.mutable_involvement()->set_agency(agency);
  event.mutable_involvement()->set_kind(kind);
  event.mutable_involvement()->set_basis(child);
  *event.mutable_involvement()->mutable_start_time() = TimeToProto(domain_clock_.Now());
  if (end != absl::InfiniteFuture()) {
    *event.mutable_involvement()->mutable_end_time() = TimeToProto(end);
  }
  Know(event);
}

void PipelineFixture::Conflict(const std::string& child, const std::string& worker) {
  events::v1::Event event;
  event.set_child(child);
  event.set_kind(events::v1::EVENT_KIND_CONFLICT_CHANGED);
  event.mutable_conflict()->set_conflict(absl::StrCat("conflicts/", child, worker));
  event.mutable_conflict()->set_worker(worker);
  event.mutable_conflict()->set_kind("OWN_FAMILY");
  Know(event);
}

void PipelineFixture::Use(std::shared_ptr<const policy::Agreements> agreements) {
  sets_->PutInForce(std::move(agreements));
}

const Method* PipelineFixture::MethodNamed(absl::string_view name) {
  for (const auto& method : methods_->methods()) {
    if (method->descriptor->name() == name) return method.get();
  }
  return nullptr;
}

std::unique_ptr<Incoming> PipelineFixture::NewCall(absl::string_view method, std::string bytes,
                                                   absl::string_view who,
                                                   absl::string_view purpose) {
  auto incoming = std::make_unique<Incoming>();
  incoming->method = MethodNamed(method);
  incoming->credentials.authorization = who;
  incoming->purpose = purpose;
  incoming->case_reference = "CASE-1";
  incoming->request_bytes = std::move(bytes);
  incoming->trace_id = "trace";
  return incoming;
}

Answer PipelineFixture::Run(std::unique_ptr<Incoming> incoming) {
  auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> future = promise->get_future();
  incoming->done = [promise](absl::Status status, std::string bytes) {
    promise->set_value({std::move(status), std::move(bytes)});
  };
  {
    MutexLock lock(mutex_);
    steps_.clear();
  }
  pipeline_->Start(std::move(incoming));
  return future.get();
}

Answer PipelineFixture::Run(absl::string_view method, const google::protobuf::Message& request,
                            absl::string_view who, absl::string_view purpose) {
  return Run(NewCall(method, request.SerializeAsString(), who, purpose));
}

SubmitReferralRequest PipelineFixture::GoodReferral() {
  SubmitReferralRequest request;
  request.set_request_id(kRequestId);
  request.set_to_agency(kCouncil);
  request.mutable_referral()->set_child(kChild);
  request.mutable_referral()->set_source("2A");
  request.mutable_referral()->set_primary_need("N1");
  request.mutable_referral()->set_concern("Comes to school hungry and unwashed.");
  return request;
}

Referral PipelineFixture::Submit() {
  const Answer answer = Run(NewCall("SubmitReferral", GoodReferral().SerializeAsString()));
  EXPECT_TRUE(answer.status.ok()) << answer.status;
  return answer.As<SubmitReferralResponse>().referral();
}

GetReferralRequest PipelineFixture::GetOf(absl::string_view name) {
  GetReferralRequest request;
  request.set_name(std::string(name));
  return request;
}

std::vector<audit::v1::AuditEntry> PipelineFixture::Log() {
  auto snapshot = store_->Open(absl::InfiniteFuture());
  EXPECT_TRUE(snapshot.ok());
  auto leaves = (*snapshot)->ReadLeaves(0, 1000);
  EXPECT_TRUE(leaves.ok());
  std::vector<audit::v1::AuditEntry> entries;
  for (const auto& leaf : *leaves) {
    auto entry = audit::ParseEntry(leaf.bytes);
    EXPECT_TRUE(entry.ok()) << entry.status();
    entries.push_back(*entry);
  }
  return entries;
}

int PipelineFixture::CountReferrals() {
  auto snapshot = store_->Open(absl::InfiniteFuture());
  auto rows = (*snapshot)->ListByKind(options::v1::RECORD_KIND_REFERRAL, 0, 100);
  EXPECT_TRUE(rows.ok());
  return static_cast<int>(rows->size());
}

void PipelineFixture::WaitUntilStoreAnswers() {
  while (!store_->Open(absl::InfiniteFuture()).ok()) std::this_thread::yield();
}

}  // namespace trusthub::rpc
