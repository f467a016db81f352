#include "services/plans/plan_rules.h"

#include <memory>
#include <string>
#include <vector>

#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/plans/conference_fixture.h"

namespace trusthub::plans {
namespace {

using errors::v1::ERROR_REASON_BASIS_MISSING;
using errors::v1::ERROR_REASON_DATE_FORBIDDEN;
using errors::v1::ERROR_REASON_RECORD_EXISTS;
using errors::v1::ERROR_REASON_STATE_FORBIDS;
using ::testing::ElementsAre;
using trusthub::testing::IsOk;
using trusthub::testing::StatusIs;

constexpr absl::StatusCode kFailed = absl::StatusCode::kFailedPrecondition;

std::string Text(const types::v1::Date& date) {
  const absl::StatusOr<absl::CivilDay> day = DateFromProto(date);
  return day.ok() ? FormatDay(*day) : "none";
}

class PlanRules : public ::testing::Test {
 protected:
  void SetUp() override {
    auto loaded = timescales::LoadRules(testing::SourcePath("deploy/config/timescales"));
    ASSERT_THAT(loaded, IsOk());
    rules_ = *std::move(loaded);
  }
  v1::Plan Begun(absl::CivilDay held = kHeld) {
    const v1::RecordConferenceRequest request = InitialRequest(held);
    v1::Conference conference = request.conference();
    conference.set_name("conferences/k1");
    absl::StatusOr<v1::Plan> plan = PlanOf(request, conference, held, *rules_);
    EXPECT_THAT(plan, IsOk());
    plan->set_name("plans/p1");
    return *plan;
  }
  v1::Conference Review(absl::CivilDay held, bool plan_needed) {
    v1::Conference review = ReviewRequest(held, plan_needed).conference();
    review.set_plan("plans/p1");
    return review;
  }

  std::shared_ptr<const timescales::Rules> rules_;
};

TEST_F(PlanRules, APlanBeginsOnTheDayOfItsConference) {
  const v1::Plan plan = Begun();
  EXPECT_EQ(plan.child(), kChild);
  EXPECT_EQ(plan.state(), v1::PLAN_STATE_ACTIVE);
  EXPECT_EQ(plan.kind(), v1::PLAN_KIND_CHILD_PROTECTION);
  EXPECT_EQ(plan.conference(), "conferences/k1");
  EXPECT_EQ(plan.abuse_category(), "EMO");
  EXPECT_EQ(plan.key_worker(), kKeyWorker);
  EXPECT_THAT(plan.core_group(), ElementsAre(kCouncil, kSchool));
  ASSERT_EQ(plan.actions_size(), 1);
  EXPECT_EQ(plan.actions(0).measure(), "School breakfast register");
  EXPECT_FALSE(plan.contingency().empty());
  EXPECT_EQ(Text(plan.start_date()), "2010-04-22");
  EXPECT_FALSE(plan.has_end_date());
}

// Scenario 5: ten working days count past the bank holiday of 3 May, three months end on the same
// day of the month.
TEST_F(PlanRules, FirstCoreGroupAndReviewFallDue) {
  const v1::Plan plan = Begun();
  EXPECT_EQ(Text(plan.first_core_group_due_date()), "2010-05-07");
  EXPECT_EQ(Text(plan.review_due_date()), "2010-07-22");
}

TEST_F(PlanRules, AReviewFallsDueInAShortMonth) {
  // Friday 30 November 2012: there is no 30 February.
  EXPECT_EQ(Text(Begun(absl::CivilDay(2012, 11, 30)).review_due_date()), "2013-02-28");
}

TEST_F(PlanRules, NoPlanBeginsBeforeTheRulesDo) {
  const v1::RecordConferenceRequest request = InitialRequest(absl::CivilDay(1989, 11, 16));
  EXPECT_THAT(PlanOf(request, request.conference(), absl::CivilDay(1989, 11, 16), *rules_),
              StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN));
}

TEST_F(PlanRules, AReviewMovesTheNextOneSixMonthsOn) {
  v1::Plan plan = Begun();
  const absl::CivilDay held(2010, 7, 20);
  ASSERT_THAT(ApplyReview(ReviewRequest(held, true), held, *rules_, &plan), IsOk());
  EXPECT_EQ(Text(plan.review_due_date()), "2011-01-20");
  // Nothing else was said, nothing else changes.
  EXPECT_EQ(plan.abuse_category(), "EMO");
  EXPECT_EQ(plan.actions_size(), 1);
  EXPECT_EQ(plan.core_group_size(), 2);
}

TEST_F(PlanRules, AReviewRecordedLateMovesNothingBack) {
  v1::Plan plan = Begun();
  const absl::CivilDay first(2010, 7, 20);
  const absl::CivilDay second(2011, 1, 18);
  ASSERT_THAT(ApplyReview(ReviewRequest(second, true), second, *rules_, &plan), IsOk());
  ASSERT_THAT(ApplyReview(ReviewRequest(first, true), first, *rules_, &plan), IsOk());
  EXPECT_EQ(Text(plan.review_due_date()), "2011-07-18");
}

TEST_F(PlanRules, AReviewRevisesWhatItGives) {
  v1::Plan plan = Begun();
  const absl::CivilDay held(2010, 7, 20);
  v1::RecordConferenceRequest request = ReviewRequest(held, true);
  request.mutable_conference()->set_abuse_category("NEG");
  *request.add_actions() = Action(held + 7);
  *request.add_actions() = Action(held + 9);
  request.set_key_worker("workers/ben");
  request.add_core_group(kCouncil);
  request.set_contingency("Another.");
  ASSERT_THAT(ApplyReview(request, held, *rules_, &plan), IsOk());
  EXPECT_EQ(plan.abuse_category(), "NEG");
  EXPECT_EQ(plan.actions_size(), 2);
  EXPECT_EQ(plan.key_worker(), "workers/ben");
  EXPECT_THAT(plan.core_group(), ElementsAre(kCouncil));
  EXPECT_EQ(plan.contingency(), "Another.");
}

TEST_F(PlanRules, CoreGroupsStandInOrder) {
  v1::Plan plan = Begun();
  const absl::CivilDay today(2010, 6, 1);
  for (const absl::CivilDay met : {kHeld + 30, kHeld, kHeld + 12, today}) {
    ASSERT_THAT(AddCoreGroup(met, today, &plan), IsOk());
  }
  std::vector<std::string> dates;
  for (const types::v1::Date& date : plan.core_group_dates()) dates.push_back(Text(date));
  EXPECT_THAT(dates, ElementsAre("2010-04-22", "2010-05-04", "2010-05-22", "2010-06-01"));
  EXPECT_THAT(AddCoreGroup(kHeld + 12, today, &plan),
              StatusIs(absl::StatusCode::kAlreadyExists, ERROR_REASON_RECORD_EXISTS));
  EXPECT_EQ(plan.core_group_dates_size(), 4);
}

TEST_F(PlanRules, ACoreGroupHasMetAndNotBeforeThePlan) {
  v1::Plan plan = Begun();
  const absl::CivilDay today(2010, 6, 1);
  for (const absl::CivilDay met : {today + 1, kHeld - 1}) {
    EXPECT_THAT(AddCoreGroup(met, today, &plan), StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN));
  }
  EXPECT_EQ(plan.core_group_dates_size(), 0);
}

TEST_F(PlanRules, APlanEndsByItsOwnReview) {
  const v1::Plan plan = Begun();
  EXPECT_THAT(CheckEndBasis(plan, Review(kHeld + 90, false)), IsOk());
  v1::Conference other = Review(kHeld + 90, false);
  other.set_plan("plans/p2");
  v1::Conference initial = Review(kHeld + 90, false);
  initial.set_kind(v1::CONFERENCE_KIND_INITIAL);
  for (const v1::Conference& conference :
       {Review(kHeld + 90, true), other, initial, v1::Conference()}) {
    EXPECT_THAT(CheckEndBasis(plan, conference), StatusIs(kFailed, ERROR_REASON_BASIS_MISSING));
  }
}

TEST_F(PlanRules, APlanNeverEndsOnTheDayItBegan) {
  const absl::CivilDay today(2010, 8, 2);
  const absl::CivilDay reviewed(2010, 7, 20);
  const v1::Conference review = Review(reviewed, false);
  for (const absl::CivilDay end : {kHeld, kHeld - 1, today + 1, reviewed - 1}) {
    v1::Plan plan = Begun();
    EXPECT_THAT(EndOn(end, today, review, &plan), StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN));
    EXPECT_EQ(plan.state(), v1::PLAN_STATE_ACTIVE);
  }
  for (const absl::CivilDay end : {reviewed, today}) {
    v1::Plan plan = Begun();
    EXPECT_THAT(EndOn(end, today, review, &plan), IsOk());
    EXPECT_EQ(plan.state(), v1::PLAN_STATE_ENDED);
    EXPECT_EQ(Text(plan.end_date()), FormatDay(end));
  }
}

TEST_F(PlanRules, NothingIsDoneToAnEndedPlan) {
  v1::Plan plan = Begun();
  EXPECT_THAT(CheckActive(plan, "ending it"), IsOk());
  plan.set_state(v1::PLAN_STATE_ENDED);
  EXPECT_THAT(CheckActive(plan, "ending it"), StatusIs(kFailed, ERROR_REASON_STATE_FORBIDS));
}

}  // namespace
}  // namespace trusthub::plans
