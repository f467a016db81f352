// Who stands how to a child, and what follows for calls: conflicts, ended relations, consent,
// leavers, agreements that cover nobody.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/pipeline_fixture.h"
#include "common/rpc/released.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::rpc {
namespace {

using referrals::v1::DecideReferralRequest;
using referrals::v1::DecideReferralResponse;
using referrals::v1::GetReferralResponse;
using referrals::v1::ListReferralsRequest;
using referrals::v1::ListReferralsResponse;
using referrals::v1::Referral;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StandingTest : public PipelineFixture {
 protected:
  static std::shared_ptr<ScriptedAgreements> GrantAll() {
    auto agreements = std::make_shared<ScriptedAgreements>();
    agreements->decide = [](const policy::Question&) { return ScriptedAgreements::Everything(); };
    return agreements;
  }
  // Gives everything of a record, nothing outside records, and keeps the questions about records.
  std::shared_ptr<ScriptedAgreements> GrantAndKeep() {
    auto agreements = std::make_shared<ScriptedAgreements>();
    agreements->decide = [this](const policy::Question& question) {
      MutexLock lock(mutex_);
      questions_.push_back(question);
      providers_.emplace_back(question.provider);
      return ScriptedAgreements::Everything();
    };
    return agreements;
  }
  static DecideReferralRequest DecideOf(absl::string_view name) {
    DecideReferralRequest request;
    request.set_request_id("0d9b1c6e-3f0a-4c55-9a0e-333333333333");
    request.set_name(std::string(name));
    request.set_etag("1");
    request.set_decision(referrals::v1::REFERRAL_DECISION_ASSESS);
    request.set_rationale("because");
    return request;
  }
  // The etag is the hub's to give: the one that it gave.
  DecideReferralRequest DecideOf(const Referral& referral) {
    DecideReferralRequest request = DecideOf(referral.name());
    request.set_etag(referral.etag());
    return request;
  }
  void ExpectLikeMissing(const Answer& answer) {
    const Answer missing =
        Run("GetReferral", GetOf("referrals/00000000000000000000000000"), "Bearer school");
    EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
    EXPECT_EQ(error::WireDetails(error::WithDecision(answer.status, "")),
              error::WireDetails(error::WithDecision(missing.status, "")));
    EXPECT_THAT(answer.bytes, IsEmpty());
  }
  static audit::v1::AuditEntry LastBut(const std::vector<audit::v1::AuditEntry>& log,
                                       std::size_t back) {
    return log.at(log.size() - 1 - back);
  }
  std::string Pseudonym(absl::string_view child) {
    return crypto::HmacSha256(std::string(32, 'p'), child);
  }

  std::vector<policy::Question> questions_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> providers_ ABSL_GUARDED_BY(mutex_);
};

// --- Conflicts ---------------------------------------------------------------------------------

TEST_F(StandingTest, AConflictedWorkerFindsNothingAndOnlyTheLogSaysWhy) {
  const Referral referral = Submit();
  EXPECT_TRUE(Run("GetReferral", GetOf(referral.name())).status.ok());
  Conflict(kChild, kLead);
  const int runs = domain_.runs;
  const Answer answer = Run("GetReferral", GetOf(referral.name()));
  ExpectLikeMissing(answer);
  EXPECT_EQ(domain_.runs, runs) << "the author's agency or not";
  const auto log = Log();
  EXPECT_EQ(LastBut(log, 1).reason(), "WORKER_CONFLICTED");
  EXPECT_THAT(LastBut(log, 1).child_pseudonyms(), ElementsAre(Pseudonym(kChild)));
  EXPECT_EQ(LastBut(log, 0).reason(), "RECORD_NOT_FOUND");

  // Nor by way of the child itself.
  ExpectLikeMissing(Run("SubmitReferral", GoodReferral()));
  ListReferralsRequest list;
  list.set_child(kChild);
  Involve(kChild, kCouncil, "RESPONSIBLE");
  EXPECT_TRUE(Run("ListReferrals", list, "Bearer council", "screening").status.ok());
  Conflict(kChild, kScreening);
  ExpectLikeMissing(Run("ListReferrals", list, "Bearer council", "screening"));

  // No metric tells it from a missing record.
  const auto counts = metrics_.counts();
  EXPECT_EQ(counts.count("refusal WORKER_CONFLICTED"), 0u);
  EXPECT_EQ(counts.at("refusal RECORD_NOT_FOUND"), 6);
}

TEST_F(StandingTest, AnotherWorkerOfTheAgencyReadsOn) {
  const Referral referral = Submit();
  Conflict(kChild, kLead);
  auth::Principal colleague = authenticator_.callers["Bearer school"];
  colleague.worker = "workers/dsl-2";
  authenticator_.callers["Bearer colleague"] = colleague;
  EXPECT_TRUE(Run("GetReferral", GetOf(referral.name()), "Bearer colleague").status.ok());
}

TEST_F(StandingTest, AConflictDropsRecordsOfAnswersAboutOthers) {
  Involve(kChild, kCouncil, "RESPONSIBLE");
  const Referral referral = Submit();
  Conflict(kStranger, kScreening);
  domain_.decide = [&](Call&, const DecideReferralRequest&) {
    DecideReferralResponse response;
    response.mutable_referral()->set_name("referrals/other");
    response.mutable_referral()->set_child(kStranger);
    response.mutable_referral()->set_owner_agency(kCouncil);
    return response;
  };
  const Answer answer = Run("DecideReferral", DecideOf(referral), "Bearer council", "screening");
  ASSERT_TRUE(answer.status.ok()) << answer.status;
  const auto response = answer.As<DecideReferralResponse>();
  EXPECT_FALSE(response.has_referral());
  EXPECT_THAT(response.disclosure().withheld(), IsEmpty());
}

// --- Released records --------------------------------------------------------------------------

TEST_F(StandingTest, ARecordReleasedByNameIsThereForWhoHasNoTieToTheChild) {
  Use(GrantAll());
  const Referral referral = Submit();
  auth::Principal clinic = authenticator_.callers["Bearer school"];
  clinic.agency = "agencies/nelft";
  clinic.worker = "workers/camhs";
  authenticator_.callers["Bearer clinic"] = clinic;
  ExpectLikeMissing(Run("GetReferral", GetOf(referral.name()), "Bearer clinic"));
  auto snapshot = store_->Open(absl::InfiniteFuture());
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  store::Transaction tx(*std::move(snapshot), Hash(), domain_clock_.Now());
  ReleaseTo(tx, referral.name(), "agencies/nelft");
  ASSERT_TRUE(store::CommitAndWait(*store_, tx.TakeWrites()).ok());
  EXPECT_TRUE(Run("GetReferral", GetOf(referral.name()), "Bearer clinic").status.ok());
  // Not another agency, not another record, and nobody who must not see the child.
  authenticator_.callers["Bearer clinic"].agency = "agencies/nelf";
  ExpectLikeMissing(Run("GetReferral", GetOf(referral.name()), "Bearer clinic"));
  authenticator_.callers["Bearer clinic"].agency = "agencies/nelft";
  ExpectLikeMissing(Run("GetReferral", GetOf(Submit().name() + "0"), "Bearer clinic"));
  Conflict(kChild, "workers/camhs");
  ExpectLikeMissing(Run("GetReferral", GetOf(referral.name()), "Bearer clinic"));
}

TEST_F(StandingTest, AConflictedChildThatTheHandlerFoundEndsTheCall) {
  Involve(kChild, kCouncil, "RESPONSIBLE");
  const Referral referral = Submit();
  Conflict(kStranger, kScreening);
  domain_.decide = [&](Call& call, const DecideReferralRequest&) {
    call.child = kStranger;
    EXPECT_TRUE(*call.visibility->IsConflicted(kStranger));
    EXPECT_FALSE(*call.visibility->IsConflicted(kChild));
    call.tx.PutState("test", "written", "yes");
    return DecideReferralResponse();
  };
  ExpectLikeMissing(Run("DecideReferral", DecideOf(referral), "Bearer council", "screening"));
  EXPECT_EQ(LastBut(Log(), 1).reason(), "WORKER_CONFLICTED");
  auto snapshot = store_->Open(absl::InfiniteFuture());
  EXPECT_FALSE((*(*snapshot)->FindState("test", "written")).has_value());
}

TEST_F(StandingTest, WhoDeclaresAConflictIsNotRefusedForIt) {
  Involve(kChild, kCouncil, "RESPONSIBLE");
  const Referral referral = Submit();
  domain_.decide = [&](Call& call,
                       const DecideReferralRequest&) -> absl::StatusOr<DecideReferralResponse> {
    events::v1::Event event;
    event.set_child(kStranger);
    event.set_kind(events::v1::EVENT_KIND_CONFLICT_CHANGED);
    event.mutable_conflict()->set_conflict("conflicts/1");
    event.mutable_conflict()->set_worker(kScreening);
    TRUSTHUB_RETURN_IF_ERROR(events::EmitAndApply(call.tx, event));
    call.child = kStranger;
    return DecideReferralResponse();
  };
  EXPECT_TRUE(Run("DecideReferral", DecideOf(referral), "Bearer council", "screening").status.ok());
}

// --- Relations ---------------------------------------------------------------------------------

TEST_F(StandingTest, AnEndedRelationCountsForTheClosingWindowOnly) {
  const absl::Time now = domain_clock_.Now();
  Involve(kChild, kCouncil, "RESPONSIBLE", now - absl::Hours(24 * 13));
  ListReferralsRequest list;
  list.set_child(kChild);
  EXPECT_TRUE(Run("ListReferrals", list, "Bearer council", "screening").status.ok());
  domain_clock_.Advance(absl::Hours(48));
  EXPECT_EQ(error::ReasonOf(Run("ListReferrals", list, "Bearer council", "screening").status),
            errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
}

TEST_F(StandingTest, PresentingEndsWhenItEnds) {
  Involve(kChild, kCouncil, "PRESENTING", domain_clock_.Now() - absl::Minutes(1));
  ListReferralsRequest list;
  list.set_child(kChild);
  EXPECT_EQ(error::ReasonOf(Run("ListReferrals", list, "Bearer council", "screening").status),
            errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
}

TEST_F(StandingTest, AllocationEmergencyAccessAndConsentReachTheQuestion) {
  Involve(kChild, kCouncil, "RESPONSIBLE");
  const Referral referral = Submit();
  const absl::Time now = domain_clock_.Now();
  events::v1::Event event;
  event.set_child(kChild);
  auto* allocation = event.mutable_allocation();
  allocation->set_allocation("allocations/1");
  allocation->set_worker(kScreening);
  allocation->set_agency(kCouncil);
  auto* opened = event.mutable_break_glass();
  opened->set_break_glass("breakGlasses/1");
  opened->set_worker(kScreening);
  opened->set_agency(kCouncil);
  opened->set_purpose(options::v1::PURPOSE_SCREENING);
  opened->add_categories(options::v1::CATEGORY_HEALTH_DETAIL);
  *opened->mutable_expire_time() = TimeToProto(now + absl::Hours(1));
  auto* consent = event.mutable_consent();
  consent->set_consent("consents/1");
  consent->set_decision("GIVEN");
  consent->add_purposes(options::v1::PURPOSE_SCREENING);
  consent->add_agency_kinds("COUNCIL");
  Know(event);
  Use(GrantAndKeep());
  ASSERT_TRUE(
      Run("GetReferral", GetOf(referral.name()), "Bearer council", "screening").status.ok());
  const std::uint64_t opened_bit = std::uint64_t{1} << options::v1::CATEGORY_HEALTH_DETAIL;
  {
    MutexLock lock(mutex_);
    const policy::Question& asked = questions_.back();
    EXPECT_EQ(asked.relations,
              policy::kOwner | policy::kResponsible | policy::kAllocated | policy::kBreakGlass);
    EXPECT_EQ(asked.consent, policy::ConsentStanding::kGiven);
    EXPECT_EQ(asked.break_glass_categories.bits(), opened_bit);
    EXPECT_THAT(providers_, Each("")) << "no rule asked";
  }
  // And the log, so that the decision can be replayed.
  const audit::v1::AuditEntry entry = Log().back();
  ASSERT_EQ(entry.decisions_size(), 2) << "outside the record, and the record";
  const audit::v1::DecisionInputs& inputs = entry.decisions(1);
  EXPECT_EQ(inputs.record_kind(), options::v1::RECORD_KIND_REFERRAL);
  EXPECT_EQ(inputs.relations(),
            policy::kOwner | policy::kResponsible | policy::kAllocated | policy::kBreakGlass);
  EXPECT_EQ(inputs.consent(), static_cast<std::uint32_t>(policy::ConsentStanding::kGiven));
  EXPECT_EQ(inputs.break_glass_categories(), opened_bit);
  EXPECT_EQ(inputs.agency_kind(), directory::v1::AGENCY_KIND_COUNCIL);
  EXPECT_EQ(inputs.granted(), ScriptedAgreements::Everything().granted.bits());
  EXPECT_EQ(entry.agreement_version(), "scripted");
}

TEST_F(StandingTest, TheProviderIsLookedUpWhenARuleAsks) {
  const Referral referral = Submit();
  events::v1::Event event;
  event.mutable_agency()->set_agency(kCouncil);
  event.mutable_agency()->set_kind("COUNCIL");
  Know(event);
  auto agreements = GrantAndKeep();
  agreements->asks_for_provider = true;
  Use(agreements);
  ASSERT_TRUE(Run("GetReferral", GetOf(referral.name())).status.ok());
  {
    MutexLock lock(mutex_);
    EXPECT_EQ(providers_.back(), kCouncil);
    EXPECT_EQ(questions_.back().provider_kind, directory::v1::AGENCY_KIND_COUNCIL);
  }
  EXPECT_EQ(Log().back().decisions(1).provider(), kCouncil);
  EXPECT_EQ(Log().back().decisions(1).provider_kind(), directory::v1::AGENCY_KIND_COUNCIL);
}

// --- Consent -----------------------------------------------------------------------------------

TEST_F(StandingTest, WhatWasGrantedOnConsentNeedsFreshFacts) {
  const Referral referral = Submit();
  bool rests = true;
  bool grants = true;
  auto agreements = std::make_shared<ScriptedAgreements>();
  agreements->decide = [&](const policy::Question& question) {
    policy::Decision decision;
    if (grants || question.relations == 0) decision = ScriptedAgreements::Everything();
    decision.rests_on_consent = rests && question.relations != 0;
    return decision;
  };
  Use(agreements);
  const auto read = [&] { return Run("GetReferral", GetOf(referral.name())); };
  age_ = absl::Milliseconds(1000);
  EXPECT_TRUE(read().status.ok());
  age_ = absl::Milliseconds(1001);
  const std::size_t before = Log().size();
  const Answer stale = read();
  EXPECT_EQ(error::ReasonOf(stale.status), errors::v1::ERROR_REASON_PROJECTION_STALE);
  EXPECT_EQ(stale.status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(stale.bytes, IsEmpty());
  EXPECT_EQ(Log().size(), before) << "nothing was disclosed, nothing was refused";
  // A refusal of consent needs no freshness: what may be too strict shows nothing.
  grants = false;
  EXPECT_EQ(error::ReasonOf(read().status), errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
  grants = true;
  rests = false;
  EXPECT_TRUE(read().status.ok());
}

TEST_F(StandingTest, FreshnessThatComesAfterTheSnapshotIsNoFreshness) {
  Involve(kChild, kCouncil, "RESPONSIBLE");
  const Referral referral = Submit();
  auto agreements = GrantAll();
  agreements->decide = [](const policy::Question&) {
    policy::Decision decision = ScriptedAgreements::Everything();
    decision.rests_on_consent = true;
    return decision;
  };
  Use(agreements);
  domain_.decide = [&](Call&, const DecideReferralRequest&) {
    age_ = absl::ZeroDuration();  // the projection catches up while the handler runs
    DecideReferralResponse response;
    *response.mutable_referral() = referral;
    return response;
  };
  age_ = absl::Seconds(3);
  EXPECT_EQ(error::ReasonOf(
                Run("DecideReferral", DecideOf(referral), "Bearer council", "screening").status),
            errors::v1::ERROR_REASON_PROJECTION_STALE);
}

// --- Admission ---------------------------------------------------------------------------------

TEST_F(StandingTest, WithoutAnAgreementNoChildIsLookedAt) {
  auto agreements = GrantAll();
  agreements->covers = [](const auth::Principal& caller, policy::Purpose purpose,
                          absl::CivilDay day) {
    return caller.agency != kSchool || purpose != options::v1::PURPOSE_SAFEGUARDING_REFERRAL ||
           day > absl::CivilDay(2010, 3, 16);
  };
  Use(agreements);
  const Answer answer = Run("SubmitReferral", GoodReferral());
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_AGREEMENT_MISSING);
  {
    MutexLock lock(mutex_);
    EXPECT_EQ(steps_.back(), Step::kAgreement);
  }
  EXPECT_EQ(domain_.runs, 0);
  EXPECT_EQ(Log().back().reason(), "AGREEMENT_MISSING");
  EXPECT_EQ(Log().back().agreement_version(), "scripted");
  domain_clock_.Advance(absl::Hours(24));
  EXPECT_TRUE(Run("SubmitReferral", GoodReferral()).status.ok()) << "in force from the 17th";
}

TEST_F(StandingTest, AWorkerWhoLeftIsRefused) {
  const auto submit = [&] { return error::ReasonOf(Run("SubmitReferral", GoodReferral()).status); };
  events::v1::Event event;
  event.mutable_worker()->set_worker(kLead);
  Know(event);
  EXPECT_EQ(submit(), errors::v1::ERROR_REASON_UNSPECIFIED) << "in service";
  *event.mutable_worker()->mutable_leave_date() = DateToProto(absl::CivilDay(2010, 3, 16));
  Know(event);
  EXPECT_EQ(submit(), errors::v1::ERROR_REASON_UNSPECIFIED) << "the last day is a working day";
  domain_clock_.Advance(absl::Hours(14));
  EXPECT_EQ(submit(), errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED);
  EXPECT_EQ(Log().back().reason(), "METHOD_NOT_PERMITTED");
  event.mutable_worker()->mutable_leave_date()->clear_day();
  Know(event);
  EXPECT_EQ(submit(), errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED) << "no day to rest on";
}

// --- What leaves no trace ----------------------------------------------------------------------

class HiddenTest : public StandingTest {
 protected:
  // Three referrals, of which the second and fourth exist for nobody but the log.
  void SetUp() override {
    StandingTest::SetUp();
    Involve(kChild, kCouncil, "RESPONSIBLE");
    for (int i = 0; i < 5; ++i) {
      auto request = GoodReferral();
      request.set_request_id("0d9b1c6e-3f0a-4c55-9a0e-22222222222" + std::to_string(i));
      // Told apart by who owns it.
      request.set_to_agency(i % 2 == 0 ? kCouncil : "agencies/essex-council");
      ASSERT_TRUE(Run("SubmitReferral", request).status.ok());
    }
    auto agreements = GrantAll();
    agreements->decide = [](const policy::Question& question) {
      policy::Decision decision;
      if ((question.relations & policy::kOwner) != 0) {
        decision = ScriptedAgreements::Everything();
        decision.granted.Remove(options::v1::CATEGORY_REFERRAL_CONCERN);
        decision.granted.Remove(options::v1::CATEGORY_ASSESSMENT_NARRATIVE);
      }
      return decision;
    };
    agreements->secret.Add(options::v1::CATEGORY_ASSESSMENT_NARRATIVE);
    Use(agreements);
  }
  ListReferralsResponse Page(int size, const std::string& token) {
    ListReferralsRequest list;
    list.set_child(kChild);
    list.set_page_size(size);
    list.set_page_token(token);
    const Answer answer = Run("ListReferrals", list, "Bearer council", "screening");
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    return answer.As<ListReferralsResponse>();
  }
};

TEST_F(HiddenTest, HiddenRecordsShortenNoPageAndLeaveNoTokenBehind) {
  const ListReferralsResponse first = Page(2, "");
  EXPECT_EQ(first.referrals_size(), 2);
  ASSERT_FALSE(first.next_page_token().empty());
  const ListReferralsResponse second = Page(2, first.next_page_token());
  EXPECT_EQ(second.referrals_size(), 1);
  EXPECT_THAT(second.next_page_token(), IsEmpty());
  const ListReferralsResponse all = Page(3, "");
  EXPECT_EQ(all.referrals_size(), 3);
  EXPECT_THAT(all.next_page_token(), IsEmpty());
  for (const Referral& referral : all.referrals()) EXPECT_EQ(referral.owner_agency(), kCouncil);
}

TEST_F(HiddenTest, WithheldSpeaksOfNothingHidden) {
  const ListReferralsResponse all = Page(10, "");
  ASSERT_EQ(all.disclosure().withheld_size(), 1) << "one category, and it is no secret";
  EXPECT_EQ(all.disclosure().withheld(0).category(), options::v1::CATEGORY_REFERRAL_CONCERN);
  EXPECT_EQ(all.disclosure().withheld(0).reason(),
            absl::StrCat("CATEGORY_REFERRAL_CONCERN of RECORD_KIND_REFERRAL with relations ",
                         policy::kOwner | policy::kResponsible));
  // The log knows all of it.
  const audit::v1::AuditEntry entry = Log().back();
  EXPECT_EQ(entry.records_size(), 3);
  EXPECT_EQ(entry.decisions_size(), 3);
  EXPECT_THAT(entry.withheld(), ElementsAre(options::v1::CATEGORY_REFERRAL_CONCERN,
                                            options::v1::CATEGORY_ASSESSMENT_NARRATIVE));
}

}  // namespace
}  // namespace trusthub::rpc
