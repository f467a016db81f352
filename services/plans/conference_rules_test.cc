#include "services/plans/conference_rules.h"

#include <functional>
#include <string>
#include <vector>

#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/plans/conference_fixture.h"

namespace trusthub::plans {
namespace {

using errors::v1::ERROR_REASON_BASIS_MISSING;
using errors::v1::ERROR_REASON_DATE_FORBIDDEN;
using errors::v1::ERROR_REASON_QUORUM_MISSING;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using trusthub::testing::IsOk;
using trusthub::testing::StatusIs;

constexpr absl::StatusCode kFailed = absl::StatusCode::kFailedPrecondition;

Named Directory() {
  Named named;
  named.agencies = {kCouncil, kPolice, kSchool};
  named.worker.emplace();
  named.worker->set_worker(kKeyWorker);
  named.worker->set_agency(kCouncil);
  return named;
}

std::vector<std::string> Fields(const std::vector<error::Violation>& violations) {
  std::vector<std::string> fields;
  for (const error::Violation& violation : violations) fields.push_back(violation.field);
  return fields;
}

std::vector<std::string> Violated(const v1::RecordConferenceRequest& request,
                                  const Named& named = Directory()) {
  return Fields(ViolationsOf(request, named, kCouncil, kHeld));
}

TEST(Violations, NoneInTheConferenceOfTheStory) {
  EXPECT_THAT(Violated(InitialRequest()), IsEmpty());
  EXPECT_THAT(Violated(ReviewRequest(kHeld, true)), IsEmpty());
  EXPECT_THAT(Violated(ReviewRequest(kHeld, false)), IsEmpty());
}

TEST(Violations, AnInitialConferenceNamesItsEnquiry) {
  v1::RecordConferenceRequest request = InitialRequest();
  request.mutable_conference()->clear_enquiry();
  EXPECT_THAT(Violated(request), ElementsAre("conference.enquiry"));
}

TEST(Violations, AreAllToldAtOnce) {
  v1::RecordConferenceRequest request = InitialRequest();
  request.mutable_conference()->clear_abuse_category();
  request.clear_actions();
  request.clear_key_worker();
  request.clear_core_group();
  request.clear_contingency();
  EXPECT_THAT(Violated(request), ElementsAre("conference.abuse_category", "actions", "key_worker",
                                             "core_group", "contingency"));
}

TEST(Violations, NothingOfAPlanIsLostWhenNoneIsNeeded) {
  v1::RecordConferenceRequest request = InitialRequest();
  request.mutable_conference()->set_plan_needed(false);
  EXPECT_THAT(Violated(request), ElementsAre("conference.abuse_category", "actions", "key_worker",
                                             "core_group", "contingency"));
  v1::RecordConferenceRequest bare;
  *bare.mutable_conference() = request.conference();
  bare.mutable_conference()->clear_abuse_category();
  EXPECT_THAT(Violated(bare), IsEmpty());
}

TEST(Violations, ActionsFallDueAfterTheConference) {
  v1::RecordConferenceRequest request = InitialRequest();
  request.clear_actions();
  *request.add_actions() = Action(kHeld);
  *request.add_actions() = Action(kHeld - 1);
  *request.add_actions() = Action(kHeld + 1);
  request.mutable_actions(2)->mutable_due_date()->set_day(0);
  EXPECT_THAT(Violated(request), ElementsAre("actions[1].due_date", "actions[2].due_date"));
}

TEST(Violations, NamedAgenciesStandInTheDirectory) {
  v1::RecordConferenceRequest request = InitialRequest();
  request.mutable_conference()->add_attendance()->set_agency("agencies/ghost");
  request.mutable_actions(0)->set_owner_agency("agencies/ghost");
  request.add_core_group("agencies/ghost");
  EXPECT_THAT(Violated(request), ElementsAre("conference.attendance[3].agency",
                                             "actions[0].owner_agency", "core_group[2]"));
  EXPECT_THAT(AgenciesNamedBy(request),
              UnorderedElementsAre(kCouncil, kPolice, kSchool, "agencies/ghost"));
}

TEST(Violations, TheKeyWorkerIsTheCouncils) {
  Named named = Directory();
  named.worker->set_agency(kPolice);
  EXPECT_THAT(Violated(InitialRequest(), named), ElementsAre("key_worker"));
  named.worker.reset();
  EXPECT_THAT(Violated(InitialRequest(), named), ElementsAre("key_worker"));
}

TEST(Violations, TheCouncilIsInTheCoreGroup) {
  v1::RecordConferenceRequest request = InitialRequest();
  request.clear_core_group();
  request.add_core_group(kSchool);
  EXPECT_THAT(Violated(request), ElementsAre("core_group"));
}

TEST(Violations, WhatAReviewGivesKeepsTheSameRules) {
  v1::RecordConferenceRequest request = ReviewRequest(kHeld, true);
  *request.add_actions() = Action(kHeld - 1);
  request.add_core_group(kSchool);
  EXPECT_THAT(Violated(request), ElementsAre("actions[0].due_date", "core_group"));
}

TEST(ConferenceDay, IsAWeekday) {
  for (int day = 19; day <= 23; ++day) {
    EXPECT_THAT(CheckConferenceDay(absl::CivilDay(2010, 4, day)), IsOk()) << day;
  }
  for (int day = 24; day <= 25; ++day) {
    EXPECT_THAT(CheckConferenceDay(absl::CivilDay(2010, 4, day)),
                StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN))
        << day;
  }
}

events::v1::DiscussionFact Concluded() {
  events::v1::DiscussionFact fact;
  fact.set_child(kChild);
  fact.set_outcome("SUBSTANTIATED_CONFERENCE");
  *fact.mutable_held_time() = TimeToProto(NoonOf(absl::CivilDay(2010, 3, 30)));
  return fact;
}

TEST(Enquiry, AsksForAConferenceOfTheSameChild) {
  EXPECT_THAT(CheckEnquiry(Concluded(), kChild, kHeld), IsOk());
  const absl::Status missing = CheckEnquiry(std::nullopt, kChild, kHeld);
  EXPECT_THAT(missing, StatusIs(kFailed, ERROR_REASON_BASIS_MISSING));
  // Hidden, foreign and unfinished enquiries are answered as those that do not exist.
  EXPECT_EQ(CheckEnquiry(Concluded(), "children/c2", kHeld), missing);
  for (const char* outcome : {"", "UNSUBSTANTIATED", "SUBSTANTIATED_NO_CONTINUING_RISK"}) {
    events::v1::DiscussionFact fact = Concluded();
    fact.set_outcome(outcome);
    EXPECT_EQ(CheckEnquiry(fact, kChild, kHeld), missing) << outcome;
  }
}

TEST(Enquiry, LiesBeforeTheConference) {
  EXPECT_THAT(CheckEnquiry(Concluded(), kChild, absl::CivilDay(2010, 3, 30)), IsOk());
  EXPECT_THAT(CheckEnquiry(Concluded(), kChild, absl::CivilDay(2010, 3, 29)),
              StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN));
}

TEST(Quorum, IsTheCouncilAndTwoOthers) {
  v1::Conference conference;
  Attend(&conference, {kCouncil, kPolice, kSchool});
  EXPECT_THAT(CheckQuorum(conference, kCouncil), IsOk());
  for (const std::initializer_list<absl::string_view>& present :
       {std::initializer_list<absl::string_view>{},
        {kCouncil},
        {kCouncil, kPolice},
        {kPolice, kSchool, "agencies/pct"},
        // The same agency twice is one agency.
        {kCouncil, kPolice, kPolice},
        {kCouncil, kCouncil, kCouncil}}) {
    Attend(&conference, present);
    EXPECT_THAT(CheckQuorum(conference, kCouncil), StatusIs(kFailed, ERROR_REASON_QUORUM_MISSING));
  }
}

TEST(ReviewDay, FollowsThePlansFirstDay) {
  v1::Plan plan;
  *plan.mutable_start_date() = DateToProto(kHeld);
  EXPECT_THAT(CheckReviewDay(plan, kHeld + 1), IsOk());
  for (const absl::CivilDay day : {kHeld, kHeld - 1}) {
    EXPECT_THAT(CheckReviewDay(plan, day), StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN));
  }
}

}  // namespace
}  // namespace trusthub::plans
