// Retention over real calls: nothing is destroyed before its time, by one person, or against a
// hold; what is destroyed answers like what never was, leaves logs that verify and certificates,
// and is told to everyone who had received something.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/base/ids.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "common/testing/forwarding_store.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/hub_records.h"
#include "tests/integration/answers.h"
#include "tests/integration/family.h"
#include "tests/integration/local_hub.h"
#include "tests/integration/told_of.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"
#include "trusthub/retention/v1/retention_service.pb.h"

namespace trusthub::testing {
namespace {

using retention::v1::Destruction;
using retention::v1::LegalHold;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr absl::Duration kSoon = absl::Seconds(60);
constexpr char kReference[] = "RET-1";
constexpr char kGovernance[] = "governance";
constexpr char kChildren[] = "children";

// Lets nothing be forgotten while it is shut, as a disk that fails at that moment. It stands below
// the sealing, where the certificate in the log is what still can be read.
class Gate final : public ForwardingStore {
 public:
  Gate(std::unique_ptr<store::Store> inner, std::shared_ptr<std::atomic<bool>> shut)
      : ForwardingStore(std::move(inner)), shut_(std::move(shut)) {}
  void Commit(store::WriteSet set, store::CommitCallback done) override {
    const bool destroys = absl::c_any_of(set.leaves, [](const store::AppendLeaf& leaf) {
      return absl::StrContains(leaf.bytes, "retention.destroy");
    });
    if (*shut_ && destroys) return done(error::StoreUnavailable("shut"));
    inner().Commit(std::move(set), std::move(done));
  }

 private:
  const std::shared_ptr<std::atomic<bool>> shut_;
};

class RetentionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    LocalHubOptions options;
    options.wrap_store = [shut = shut_](absl::string_view service,
                                        std::unique_ptr<store::Store> store) {
      if (service == "health") store = std::make_unique<Gate>(std::move(store), shut);
      return store;
    };
    auto started = LocalHub::Start(options);
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    cast_ = std::make_unique<Cast>(&hub_->hub());
    family_ =
        std::make_unique<Family>(&hub_->hub(), cast_.get(), 1, LondonDay(hub_->clock().Now()));
    // A child whom the council referred to itself, so that it holds it and once was responsible.
    ASSERT_THAT(family_->Register(), IsOk());
    ASSERT_THAT(family_->Refer(), IsOk());
    Hold("lbr-screening-01");
    ASSERT_TRUE(hub_->WaitForNews(kSoon));
  }
  void Hold(absl::string_view worker) {
    ASSERT_THAT(OnceKnown<children::v1::RegisterChildResponse>([&] {
                  return cast_->At(worker).Call<children::v1::RegisterChildResponse>(
                      RegistrationOf(1, RandomUuid()), "screening", kReference);
                }),
                IsOk());
  }
  // Everything of the child is past its time: born in the 2000s, referred in 2010.
  void GoTo(int year) {
    hub_->clock().Set(absl::FromCivil(absl::CivilHour(year, 6, 1, 10), London()));
    ASSERT_TRUE(hub_->WaitForNews(kSoon));
  }

  template <class Response>
  absl::StatusOr<Response> Do(absl::string_view worker, const google::protobuf::Message& request) {
    return cast_->At(worker).Call<Response>(request, kGovernance, kReference, kChildren);
  }
  absl::StatusOr<Destruction> Propose(absl::string_view worker) {
    retention::v1::ProposeDestructionRequest request;
    request.set_request_id(RandomUuid());
    request.set_child(family_->child());
    const auto answer = Do<retention::v1::ProposeDestructionResponse>(worker, request);
    if (!answer.ok()) return answer.status();
    return answer->destruction();
  }
  absl::StatusOr<Destruction> Approve(absl::string_view worker, const Destruction& destruction) {
    retention::v1::ApproveDestructionRequest request;
    request.set_request_id(RandomUuid());
    request.set_name(destruction.name());
    request.set_etag(destruction.etag());
    const auto answer = Do<retention::v1::ApproveDestructionResponse>(worker, request);
    if (!answer.ok()) return answer.status();
    return answer->destruction();
  }
  absl::StatusOr<Destruction> Order(absl::string_view worker, const Destruction& destruction) {
    retention::v1::OrderDestructionRequest request;
    request.set_request_id(RandomUuid());
    request.set_name(destruction.name());
    request.set_etag(destruction.etag());
    const auto answer = Do<retention::v1::OrderDestructionResponse>(worker, request);
    if (!answer.ok()) return answer.status();
    return answer->destruction();
  }
  absl::StatusOr<Destruction> Get(absl::string_view worker, const std::string& name) {
    retention::v1::GetDestructionRequest request;
    request.set_name(name);
    const auto answer = cast_->At(worker).Call<retention::v1::GetDestructionResponse>(
        request, kGovernance, kReference, kChildren);
    if (!answer.ok()) return answer.status();
    return answer->destruction();
  }
  // Proposed and approved by two officers of the council.
  Destruction Approved() {
    auto destruction = Propose("lbr-dpo-01");
    EXPECT_THAT(destruction, IsOk());
    for (const char* officer : {"lbr-dpo-01", "lbr-caldicott-01"}) {
      if (destruction.ok()) destruction = Approve(officer, *destruction);
      EXPECT_THAT(destruction, IsOk()) << officer;
    }
    return destruction.ok() ? *destruction : Destruction();
  }
  absl::StatusOr<LegalHold> PlaceHold(absl::string_view worker) {
    retention::v1::PlaceLegalHoldRequest request;
    request.set_request_id(RandomUuid());
    request.mutable_legal_hold()->set_child(family_->child());
    request.mutable_legal_hold()->set_reason("A claim of 2047 against the council.");
    *request.mutable_legal_hold()->mutable_review_date() =
        DateToProto(LondonDay(hub_->clock().Now()) + 365);
    const auto answer = Do<retention::v1::PlaceLegalHoldResponse>(worker, request);
    if (!answer.ok()) return answer.status();
    return answer->legal_hold();
  }
  retention::v1::ExamineRetentionResponse Examine() {
    retention::v1::ExamineRetentionRequest request;
    request.set_child(family_->child());
    const auto answer = Do<retention::v1::ExamineRetentionResponse>("lbr-dpo-01", request);
    EXPECT_THAT(answer, IsOk());
    return answer.value_or(retention::v1::ExamineRetentionResponse());
  }
  Destruction AwaitDestroyed(const std::string& name) {
    Destruction destruction;
    EXPECT_TRUE(Within(kSoon, [&] {
      const auto now = Get("lbr-dpo-01", name);
      if (now.ok()) destruction = *now;
      return destruction.state() == retention::v1::DESTRUCTION_STATE_DESTROYED;
    })) << destruction.certificates_size();
    return destruction;
  }
  error::Reason ReasonOfRead(absl::string_view worker, absl::string_view purpose) {
    referrals::v1::GetReferralRequest get;
    get.set_name(family_->path().referral.name());
    return error::ReasonOf(Ask(cast_->At(worker), get, purpose, kReference).status);
  }

  // Whether the health service cannot forget.
  const std::shared_ptr<std::atomic<bool>> shut_ = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<LocalHub> hub_;
  std::unique_ptr<Cast> cast_;
  std::unique_ptr<Family> family_;
};

TEST_F(RetentionTest, NothingIsDestroyedBeforeItsTime) {
  EXPECT_THAT(Propose("lbr-dpo-01"), StatusIs(absl::StatusCode::kFailedPrecondition,
                                              errors::v1::ERROR_REASON_RETENTION_NOT_OVER));
  const retention::v1::ExamineRetentionResponse examined = Examine();
  EXPECT_FALSE(examined.due());
  EXPECT_THAT(examined.kept(), Not(IsEmpty()));
  EXPECT_THAT(examined.held_back_by(), Contains(HasSubstr("`referral`")));
  EXPECT_THAT(examined.held_back_by(), Contains(HasSubstr("`identity`")));
  retention::v1::ListDueChildrenRequest due;
  auto listed = Do<retention::v1::ListDueChildrenResponse>("lbr-dpo-01", due);
  ASSERT_THAT(listed, IsOk());
  EXPECT_THAT(listed->due_children(), IsEmpty());

  GoTo(2050);
  EXPECT_TRUE(Examine().due());
  listed = Do<retention::v1::ListDueChildrenResponse>("lbr-dpo-01", due);
  ASSERT_THAT(listed, IsOk());
  EXPECT_THAT(listed->due_children(), Contains(family_->child()));
  // A school that holds the child does not answer for it.
  EXPECT_THAT(Propose("uphall-dpo-01"),
              StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
}

TEST_F(RetentionTest, TwoDifferentPeopleApproveAndNobodyOrdersBefore) {
  GoTo(2050);
  auto destruction = Propose("lbr-dpo-01");
  ASSERT_THAT(destruction, IsOk());
  const auto forbidden =
      StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS);
  EXPECT_THAT(Order("lbr-dpo-01", *destruction), forbidden);
  destruction = Approve("lbr-dpo-01", *destruction);
  ASSERT_THAT(destruction, IsOk());
  EXPECT_THAT(Order("lbr-caldicott-01", *destruction), forbidden) << "one person's";
  EXPECT_THAT(Approve("lbr-dpo-01", *destruction),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       errors::v1::ERROR_REASON_SECOND_PERSON_MISSING));
  EXPECT_THAT(Approve("met-ig-01", *destruction),
              StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND))
      << "another agency's officer";
  EXPECT_THAT(Propose("lbr-caldicott-01"),
              StatusIs(absl::StatusCode::kAlreadyExists, errors::v1::ERROR_REASON_RECORD_EXISTS));
  EXPECT_EQ(ReasonOfRead("lbr-screening-01", "screening"), errors::v1::ERROR_REASON_UNSPECIFIED)
      << "nothing was destroyed";
}

TEST_F(RetentionTest, AHoldOverridesEverything) {
  GoTo(2050);
  const Destruction destruction = Approved();
  const auto hold = PlaceHold("met-ig-01");
  ASSERT_THAT(hold, IsOk());
  EXPECT_THAT(Order("lbr-dpo-01", destruction),
              StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_LEGAL_HOLD));
  EXPECT_THAT(Examine().held_back_by(), Contains("A legal hold of another agency is in force."));
  retention::v1::ReleaseLegalHoldRequest release;
  release.set_request_id(RandomUuid());
  release.set_name(hold->name());
  release.set_etag(hold->etag());
  release.set_reason("The claim was settled.");
  EXPECT_THAT(Do<retention::v1::ReleaseLegalHoldResponse>("lbr-caldicott-01", release),
              StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND))
      << "whoever placed it lifts it";
  release.set_request_id(RandomUuid());
  ASSERT_THAT(Do<retention::v1::ReleaseLegalHoldResponse>("met-ig-01", release), IsOk());
  // The hold itself is a record that is kept for six years.
  EXPECT_THAT(
      Order("lbr-dpo-01", destruction),
      StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_RETENTION_NOT_OVER));
  GoTo(2057);
  EXPECT_THAT(Order("lbr-dpo-01", destruction), IsOk());
}

TEST_F(RetentionTest, NothingIsDestroyedDuringAMoratorium) {
  // Younger records would hold it back as well; the inquiry is named beside them.
  GoTo(2016);
  EXPECT_THAT(Examine().held_back_by(), Contains(HasSubstr("`child-abuse-inquiry`")));
}

TEST_F(RetentionTest, WhatIsDestroyedAnswersLikeWhatNeverWas) {
  // Someone who is given something before it is destroyed.
  ASSERT_EQ(ReasonOfRead("uphall-lead-01", "safeguarding_referral"),
            errors::v1::ERROR_REASON_UNSPECIFIED);
  GoTo(2050);
  const Destruction approved = Approved();
  const auto ordered = Order("lbr-caldicott-01", approved);
  ASSERT_THAT(ordered, IsOk());
  EXPECT_EQ(ordered->state(), retention::v1::DESTRUCTION_STATE_ORDERED);
  const Destruction destroyed = AwaitDestroyed(approved.name());
  ASSERT_TRUE(hub_->WaitForNews(kSoon));

  // The same as for records and children that never were.
  for (const auto& [worker, purpose] : std::vector<std::pair<const char*, const char*>>{
           {"lbr-screening-01", "screening"}, {"uphall-lead-01", "safeguarding_referral"}}) {
    EXPECT_EQ(ReasonOfRead(worker, purpose), errors::v1::ERROR_REASON_RECORD_NOT_FOUND) << worker;
  }
  children::v1::GetChildRequest get;
  get.set_name(family_->child());
  const Answer gone = Ask(cast_->At("lbr-sw-01"), get, "assessment", kReference);
  get.set_name(absl::StrCat("children/", std::string(26, '0')));
  const Answer never = Ask(cast_->At("lbr-sw-01"), get, "assessment", kReference);
  EXPECT_EQ(error::WithDecision(gone.status, ""), error::WithDecision(never.status, ""));

  // Every service certified it, and the certificate is in its log, which still verifies.
  std::set<std::string> services;
  for (const retention::v1::Certificate& certificate : destroyed.certificates()) {
    services.insert(certificate.service());
    audit::v1::ListEntriesRequest list;
    const auto log = cast_->At("hub-auditor-01")
                         .Call<audit::v1::ListEntriesResponse>(list, "audit_review", kReference,
                                                               certificate.service());
    ASSERT_THAT(log, IsOk());
    EXPECT_TRUE(absl::c_any_of(log->entries(), [&](const audit::v1::LoggedEntry& entry) {
      return crypto::HexEncode(audit::EntryLeafHash(entry.leaf_input())) == certificate.leaf_hash();
    })) << certificate.service();
  }
  EXPECT_THAT(services,
              UnorderedElementsAre("referrals", "assessments", "plans", "health", "children"));
  for (const char* service : hubctl::kServices) {
    EXPECT_THAT(CheckAuditLog(hub_->hub(), service, {}), IsOk()) << service;
  }

  // Receivers are told, by an event of their own and by the record, which names nobody.
  EXPECT_THAT(destroyed.told_agencies(), Contains("agencies/uphall-primary"));
  EXPECT_THAT(Get("uphall-dpo-01", destroyed.name()), IsOk());
  EXPECT_THAT(Get("bhrut-caldicott-01", destroyed.name()),
              StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND))
      << "was given nothing";
  const auto events = EventsOf(hub_->hub(), kChildren);
  ASSERT_THAT(events, IsOk());
  std::set<std::string> told;
  for (const events::v1::Event& event : *events) {
    EXPECT_NE(event.child(), family_->child()) << "an event of a child who is forgotten";
    if (event.kind() == events::v1::EVENT_KIND_DESTRUCTION_TOLD) told.insert(event.owner_agency());
  }
  EXPECT_EQ(told.size(), static_cast<std::size_t>(destroyed.told_agencies_size()));
}

TEST_F(RetentionTest, ServicesThatWereAwayTakeTheOrderUpWhereTheyWere) {
  GoTo(2050);
  const Destruction approved = Approved();
  *shut_ = true;
  ASSERT_THAT(Order("lbr-caldicott-01", approved), IsOk());
  // The others do their part; health cannot, and this service waits for it.
  Destruction between;
  ASSERT_TRUE(Within(kSoon, [&] {
    const auto now = Get("lbr-dpo-01", approved.name());
    if (now.ok()) between = *now;
    return between.certificates_size() == 3;
  })) << between.certificates_size();
  EXPECT_EQ(between.state(), retention::v1::DESTRUCTION_STATE_ORDERED);
  EXPECT_THAT(PlaceHold("lbr-dpo-01"), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                errors::v1::ERROR_REASON_STATE_FORBIDS))
      << "too late";
  for (const char* service : {kChildren, "health", "plans"}) {
    hub_->StopService(service);
    ASSERT_THAT(hub_->StartService(service), IsOk());
  }
  *shut_ = false;
  const Destruction destroyed = AwaitDestroyed(approved.name());
  std::set<std::string> services;
  for (const auto& each : destroyed.certificates()) services.insert(each.service());
  EXPECT_EQ(services.size(), 5u);
  EXPECT_EQ(destroyed.certificates_size(), 5) << "once each";
}

TEST_F(RetentionTest, AServiceThatCannotBeAskedHoldsItBack) {
  GoTo(2050);
  hub_->StopService("plans");
  retention::v1::ProposeDestructionRequest request;
  request.set_request_id(RandomUuid());
  request.set_child(family_->child());
  const auto answer = cast_->At("lbr-dpo-01")
                          .Call<retention::v1::ProposeDestructionResponse>(request, kGovernance,
                                                                           kReference, kChildren);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable) << answer.status();
}

}  // namespace
}  // namespace trusthub::testing
