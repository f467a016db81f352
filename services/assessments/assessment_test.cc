#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/assessments/assessments_fixture.h"
#include "services/assessments/service.h"

namespace trusthub::assessments {
namespace {

using absl::CivilDay;
using absl::StatusCode;
using trusthub::testing::Caller;
using trusthub::testing::IsOk;
using trusthub::testing::LondonTime;
using trusthub::testing::StatusIs;

using AssessmentTest = AssessmentsFixture;

// Scenario 1 of the domain reference: a day apart, two regimes.
TEST_F(AssessmentTest, RegimeIsThatOfTheDayOfReceipt) {
  KnowReferral("referrals/a", LondonTime(2010, 3, 16, 10));
  KnowReferral("referrals/b", LondonTime(2010, 3, 30, 10));
  hub_.SetNow(LondonTime(2010, 3, 31, 9));
  const auto a = Start(AssessmentOf("referrals/a"));
  ASSERT_THAT(a, IsOk());
  EXPECT_EQ(Day(a->trigger_date()), "2010-03-16");
  EXPECT_EQ(Day(a->due_date()), "2010-03-25");
  EXPECT_EQ(a->rule(), "ASSESS.INITIAL@WT06");
  const auto b = Start(AssessmentOf("referrals/b"));
  ASSERT_THAT(b, IsOk());
  EXPECT_EQ(Day(b->trigger_date()), "2010-03-30");
  EXPECT_EQ(Day(b->due_date()), "2010-04-15");
  EXPECT_EQ(b->rule(), "ASSESS.INITIAL@WT10");
}

TEST_F(AssessmentTest, StartsInProgressUnderTheCouncil) {
  KnowReferral("referrals/a", LondonTime(2010, 3, 16, 9));
  const auto assessment = Start(AssessmentOf("referrals/a"));
  ASSERT_THAT(assessment, IsOk());
  EXPECT_EQ(assessment->state(), v1::ASSESSMENT_STATE_IN_PROGRESS);
  EXPECT_EQ(assessment->owner_agency(), "agencies/redbridge-council");
  EXPECT_EQ(assessment->author_agency(), "agencies/redbridge-council");
  EXPECT_EQ(TimeFromProto(assessment->occurred_at()), hub_.now());
  v1::GetAssessmentRequest get;
  get.set_name(assessment->name());
  const auto got = hub_.Run(social_worker_, *assessments_, &Assessments::GetAssessment, get);
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->assessment().SerializeAsString(), assessment->SerializeAsString());
  const std::vector<events::v1::Event> events = hub_.Events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind(), events::v1::EVENT_KIND_ASSESSMENT_STARTED);
  EXPECT_EQ(events[0].record(), assessment->name());
  EXPECT_EQ(events[0].child(), "children/amira");
}

TEST_F(AssessmentTest, AnswersAReferralOfThisChildToThisCouncil) {
  const absl::Time received = LondonTime(2010, 3, 16, 9);
  KnowReferral("referrals/a", received);
  KnowReferral("referrals/ben", received, "ASSESS", "children/ben");
  const auto unknown = Start(AssessmentOf("referrals/unknown"));
  const auto other_child = Start(AssessmentOf("referrals/ben"));
  v1::StartAssessmentRequest by_newham = AssessmentOf("referrals/a");
  by_newham.mutable_assessment()->set_lead_worker("workers/zoe");
  const auto other_council = Start(newham_, by_newham);
  for (const auto& refused : {unknown, other_child, other_council}) {
    EXPECT_THAT(refused,
                StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING));
    // Nothing tells the one from the other.
    EXPECT_EQ(refused.status(), unknown.status());
  }
}

TEST_F(AssessmentTest, TheReferralMustBeDecidedSo) {
  const absl::Time received = LondonTime(2010, 3, 16, 9);
  for (const char* decision : {"", "ADVICE", "NO_FURTHER_ACTION"}) {
    const std::string referral = absl::StrCat("referrals/a", absl::AsciiStrToLower(decision));
    KnowReferral(referral, received, decision);
    EXPECT_THAT(Start(AssessmentOf(referral)),
                StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING));
  }
  KnowReferral("referrals/b", received, "STRATEGY_DISCUSSION");
  EXPECT_THAT(Start(AssessmentOf("referrals/b")), IsOk());
}

TEST_F(AssessmentTest, LedByTheCouncilsOwnWorker) {
  KnowReferral("referrals/a", LondonTime(2010, 3, 16, 9));
  for (const char* worker : {"workers/zoe", "workers/unknown"}) {
    v1::StartAssessmentRequest request = AssessmentOf("referrals/a");
    request.mutable_assessment()->set_lead_worker(worker);
    EXPECT_THAT(Start(request),
                StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING));
  }
}

TEST_F(AssessmentTest, StartsBetweenTheReferralAndTomorrow) {
  KnowReferral("referrals/a", LondonTime(2010, 3, 16, 9));
  v1::StartAssessmentRequest request = AssessmentOf("referrals/a");
  for (const absl::Time wrong :
       {LondonTime(2010, 3, 15, 23, 59), hub_.now() + absl::Hours(24) + absl::Seconds(1)}) {
    *request.mutable_assessment()->mutable_occurred_at() = TimeToProto(wrong);
    EXPECT_THAT(Start(request),
                StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_DATE_FORBIDDEN));
  }
  *request.mutable_assessment()->mutable_occurred_at() = TimeToProto(LondonTime(2010, 3, 16, 0));
  EXPECT_THAT(Start(request), IsOk());
}

TEST_F(AssessmentTest, OneOpenOfAKindForAReferral) {
  KnowReferral("referrals/a", LondonTime(2010, 3, 16, 9));
  const auto first = Start(AssessmentOf("referrals/a"));
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(Start(AssessmentOf("referrals/a")),
              StatusIs(StatusCode::kAlreadyExists, errors::v1::ERROR_REASON_RECORD_EXISTS));
  EXPECT_THAT(Start(AssessmentOf("referrals/a", v1::ASSESSMENT_KIND_CORE)), IsOk());
  KnowReferral("referrals/b", LondonTime(2010, 3, 16, 9));
  EXPECT_THAT(Start(AssessmentOf("referrals/b")), IsOk());

  ASSERT_THAT(Authorise(manager_, AuthorisationOf(*first, CivilDay(2010, 3, 16))), IsOk());
  EXPECT_THAT(Start(AssessmentOf("referrals/a")), IsOk());
}

// Two calls that did not see each other: the store keeps the second out, and its next try finds the
// first.
TEST_F(AssessmentTest, OneOpenOfAKindAlsoInARace) {
  KnowReferral("referrals/a", LondonTime(2010, 3, 16, 9));
  store::Transaction overtaken = hub_.Begin();
  v1::Assessment second = AssessmentOf("referrals/a").assessment();
  ASSERT_THAT(overtaken.Create(&second, "agencies/redbridge-council", "agencies/redbridge-council",
                               {{"assessments/open", "referrals/a ASSESSMENT_KIND_INITIAL", true}}),
              IsOk());
  ASSERT_THAT(Start(AssessmentOf("referrals/a")), IsOk());
  EXPECT_TRUE(
      store::IsConflict(store::CommitAndWait(hub_.store(), overtaken.TakeWrites()).status()));
}

// Scenario 1: "core assessment from 03-30 due 05-21".
TEST_F(AssessmentTest, CoreRunsFromTheDecisionToEnquire) {
  KnowReferral("referrals/a", LondonTime(2010, 3, 16, 10));
  hub_.SetNow(LondonTime(2010, 3, 30, 15));
  ASSERT_THAT(Record(Discussion()), IsOk());
  hub_.SetNow(LondonTime(2010, 4, 6, 9));
  const auto core = Start(AssessmentOf("referrals/a", v1::ASSESSMENT_KIND_CORE));
  ASSERT_THAT(core, IsOk());
  EXPECT_EQ(Day(core->trigger_date()), "2010-03-30");
  EXPECT_EQ(Day(core->due_date()), "2010-05-21");
  EXPECT_EQ(core->rule(), "ASSESS.CORE@WT10");
}

TEST_F(AssessmentTest, CoreRunsFromTheEndOfTheInitialOne) {
  KnowReferral("referrals/a", LondonTime(2010, 3, 16, 10));
  const auto initial = Start(AssessmentOf("referrals/a"));
  ASSERT_THAT(initial, IsOk());
  hub_.SetNow(LondonTime(2010, 3, 24, 15));
  ASSERT_THAT(Authorise(manager_, AuthorisationOf(*initial, CivilDay(2010, 3, 20))), IsOk());
  hub_.SetNow(LondonTime(2010, 3, 30, 15));
  ASSERT_THAT(Record(Discussion()), IsOk());
  const auto core = Start(AssessmentOf("referrals/a", v1::ASSESSMENT_KIND_CORE));
  ASSERT_THAT(core, IsOk());
  EXPECT_EQ(Day(core->trigger_date()), "2010-03-24");
}

TEST_F(AssessmentTest, CoreRunsFromItsStartWithoutEither) {
  KnowReferral("referrals/a", LondonTime(2010, 3, 16, 10));
  hub_.SetNow(LondonTime(2010, 3, 30, 15));
  v1::RecordStrategyDiscussionRequest no_enquiry = Discussion();
  no_enquiry.mutable_strategy_discussion()->set_start_enquiry(false);
  ASSERT_THAT(Record(no_enquiry), IsOk());
  hub_.SetNow(LondonTime(2010, 4, 6, 9));
  const auto core = Start(AssessmentOf("referrals/a", v1::ASSESSMENT_KIND_CORE));
  ASSERT_THAT(core, IsOk());
  EXPECT_EQ(Day(core->trigger_date()), "2010-04-06");
}

// What started the last core assessment does not start the next one.
TEST_F(AssessmentTest, NextCoreRunsFromWhatCameAfterTheLast) {
  KnowReferral("referrals/a", LondonTime(2010, 3, 16, 10));
  hub_.SetNow(LondonTime(2010, 3, 30, 15));
  ASSERT_THAT(Record(Discussion()), IsOk());
  const auto first = Start(AssessmentOf("referrals/a", v1::ASSESSMENT_KIND_CORE));
  ASSERT_THAT(first, IsOk());
  hub_.SetNow(LondonTime(2010, 5, 20, 15));
  ASSERT_THAT(Authorise(manager_, AuthorisationOf(*first, CivilDay(2010, 4, 7))), IsOk());
  hub_.SetNow(LondonTime(2010, 7, 1, 9));
  const auto second = Start(AssessmentOf("referrals/a", v1::ASSESSMENT_KIND_CORE));
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(Day(second->trigger_date()), "2010-07-01");
  ASSERT_THAT(Authorise(manager_, AuthorisationOf(*second, CivilDay(2010, 7, 1))), IsOk());
  hub_.SetNow(LondonTime(2010, 7, 5, 9));
  ASSERT_THAT(Record(Discussion()), IsOk());
  hub_.SetNow(LondonTime(2010, 7, 6, 9));
  const auto third = Start(AssessmentOf("referrals/a", v1::ASSESSMENT_KIND_CORE));
  ASSERT_THAT(third, IsOk());
  EXPECT_EQ(Day(third->trigger_date()), "2010-07-05");
}

TEST_F(AssessmentTest, AuthorisedWithTheChildSeenAndHeard) {
  KnowReferral("referrals/a", LondonTime(2010, 3, 16, 9));
  const auto started = Start(AssessmentOf("referrals/a"));
  ASSERT_THAT(started, IsOk());
  hub_.SetNow(LondonTime(2010, 3, 25, 23, 59));  // the last minute of the due day
  const auto done = Authorise(manager_, AuthorisationOf(*started, CivilDay(2010, 3, 18)));
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->state(), v1::ASSESSMENT_STATE_AUTHORISED);
  EXPECT_EQ(done->authorised_by(), "workers/meera");
  EXPECT_EQ(TimeFromProto(done->authorise_time()), hub_.now());
  EXPECT_EQ(Day(done->child_seen_date()), "2010-03-18");
  EXPECT_TRUE(done->child_seen_alone());
  EXPECT_EQ(done->child_views(), "I want mum to wake up in the morning");
  EXPECT_EQ(done->analysis(), "Neglect");
  EXPECT_EQ(hub_.Events().back().kind(), events::v1::EVENT_KIND_ASSESSMENT_AUTHORISED);

  EXPECT_THAT(Authorise(manager_, AuthorisationOf(*done, CivilDay(2010, 3, 18))),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS));
}

TEST_F(AssessmentTest, AuthorisationIsRefusedWithoutItsParts) {
  KnowReferral("referrals/a", LondonTime(2010, 3, 16, 9));
  const auto started = Start(AssessmentOf("referrals/a"));
  ASSERT_THAT(started, IsOk());
  hub_.SetNow(LondonTime(2010, 3, 25, 12));
  const v1::AuthoriseAssessmentRequest good = AuthorisationOf(*started, CivilDay(2010, 3, 18));

  v1::AuthoriseAssessmentRequest voiceless = good;
  voiceless.clear_child_views();
  EXPECT_THAT(
      Authorise(manager_, voiceless),
      StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_CHILD_VIEWS_MISSING));
  for (const CivilDay wrong : {CivilDay(2010, 3, 15), CivilDay(2010, 3, 26)}) {
    EXPECT_THAT(Authorise(manager_, AuthorisationOf(*started, wrong)),
                StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_DATE_FORBIDDEN));
  }
  EXPECT_THAT(
      Authorise(social_worker_, good),  // leads it
      StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_WORKER_NOT_QUALIFIED));
  EXPECT_THAT(Authorise(newham_, good),
              StatusIs(StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
  v1::AuthoriseAssessmentRequest stale = good;
  stale.set_etag("\"0\"");
  EXPECT_THAT(Authorise(manager_, stale),
              StatusIs(StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE));
  EXPECT_EQ(hub_.Events().size(), 1u);  // only its start

  voiceless.set_child_views_missing_reason("Four months old");
  EXPECT_THAT(Authorise(manager_, voiceless), IsOk());
}

// Received on the Tuesday before Easter 2010: ten working days pass on Thursday 15 April.
TEST_F(AssessmentTest, LateAfterTheLastWorkingDayOnlyWithAReason) {
  KnowReferral("referrals/b", LondonTime(2010, 3, 30, 10));
  hub_.SetNow(LondonTime(2010, 3, 31, 9));
  const auto started = Start(AssessmentOf("referrals/b"));
  ASSERT_THAT(started, IsOk());
  hub_.SetNow(LondonTime(2010, 4, 16, 0));
  v1::AuthoriseAssessmentRequest late = AuthorisationOf(*started, CivilDay(2010, 4, 1));
  EXPECT_THAT(Authorise(manager_, late), StatusIs(StatusCode::kFailedPrecondition,
                                                  errors::v1::ERROR_REASON_LATE_REASON_MISSING));
  late.set_late_reason("Paediatric report came on 15 April");
  const auto done = Authorise(manager_, late);
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->late_reason(), "Paediatric report came on 15 April");
}

TEST_F(AssessmentTest, EveryMethodHasItsRoute) {
  const rpc::Routes routes = AssessmentsRoutes(assessments_.get());
  EXPECT_EQ(static_cast<int>(routes.routes().size()), routes.file()->service(0)->method_count());
}

}  // namespace
}  // namespace trusthub::assessments
