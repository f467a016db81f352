#include "services/referrals/referrals.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/testing/handler_fixture.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/referrals/service.h"

namespace trusthub::referrals {
namespace {

using absl::StatusCode;
using trusthub::testing::Caller;
using trusthub::testing::HandlerFixture;
using trusthub::testing::IsOk;
using trusthub::testing::LondonTime;
using trusthub::testing::StatusIs;

class ReferralsTest : public ::testing::Test {
 protected:
  ReferralsTest() {
    auto rules = timescales::LoadRules(testing::SourcePath("deploy/config/timescales"));
    EXPECT_THAT(rules, IsOk());
    referrals_ = std::make_unique<Referrals>(*std::move(rules));
    hub_.KnowAgency("redbridge-council", "COUNCIL");
    hub_.KnowAgency("newham-council", "COUNCIL");
    hub_.KnowAgency("mayfield-school", "SCHOOL");
  }

  absl::StatusOr<v1::Referral> Submit(const v1::SubmitReferralRequest& request) {
    auto response = hub_.Run(school_, *referrals_, &Referrals::SubmitReferral, request);
    if (!response.ok()) return response.status();
    return response->referral();
  }
  // A referral to Redbridge, received now.
  v1::Referral Submitted() {
    auto referral = Submit(Request());
    EXPECT_THAT(referral, IsOk());
    return *std::move(referral);
  }
  static v1::SubmitReferralRequest Request() {
    v1::SubmitReferralRequest request;
    request.set_to_agency("agencies/redbridge-council");
    request.mutable_referral()->set_child("children/amira");
    request.mutable_referral()->set_source("2A");
    request.mutable_referral()->set_primary_need("N1");
    request.mutable_referral()->set_concern("Hungry and tired for weeks");
    return request;
  }
  absl::StatusOr<v1::Referral> Decide(const auth::Principal& caller, const v1::Referral& referral,
                                      const std::string& late_reason = "") {
    v1::DecideReferralRequest request;
    request.set_name(referral.name());
    request.set_etag(referral.etag());
    request.set_decision(v1::REFERRAL_DECISION_ASSESS);
    request.set_rationale("Neglect");
    request.set_late_reason(late_reason);
    auto response = hub_.Run(caller, *referrals_, &Referrals::DecideReferral, request);
    if (!response.ok()) return response.status();
    return response->referral();
  }
  static std::string Day(const types::v1::Date& date) { return FormatDay(*DateFromProto(date)); }

  HandlerFixture hub_{LondonTime(2010, 3, 16, 10)};
  std::unique_ptr<Referrals> referrals_;
  const auth::Principal school_ =
      Caller("mayfield-school", "lead", options::v1::ROLE_DESIGNATED_LEAD);
  const auth::Principal manager_ =
      Caller("redbridge-council", "meera", options::v1::ROLE_SCREENING_MANAGER);
};

TEST_F(ReferralsTest, SubmittedReferralIsReceivedByTheCouncil) {
  const v1::Referral referral = Submitted();
  EXPECT_EQ(referral.state(), v1::REFERRAL_STATE_RECEIVED);
  EXPECT_EQ(referral.owner_agency(), "agencies/redbridge-council");
  EXPECT_EQ(referral.author_agency(), "agencies/mayfield-school");
  EXPECT_EQ(referral.referrer(), "workers/lead");
  EXPECT_EQ(TimeFromProto(referral.occurred_at()), hub_.now());
  EXPECT_EQ(referral.decision(), v1::REFERRAL_DECISION_UNSPECIFIED);
  EXPECT_FALSE(referral.etag().empty());
}

// Scenario 1 of the domain reference, both days: the rule is one, the calendar differs.
TEST_F(ReferralsTest, DecisionIsDueOneWorkingDayOn) {
  const std::vector<std::pair<absl::Time, std::string>> cases = {
      {LondonTime(2010, 3, 16, 10), "2010-03-17"},    {LondonTime(2010, 3, 30, 10), "2010-03-31"},
      {LondonTime(2010, 3, 19, 16), "2010-03-22"},     // a Friday
      {LondonTime(2010, 3, 20, 16), "2010-03-22"},     // a Saturday
      {LondonTime(2010, 4, 1, 16), "2010-04-06"},      // before Good Friday and Easter Monday
      {LondonTime(2010, 3, 31, 0, 30), "2010-04-01"},  // still 30 March in UTC
      {LondonTime(2009, 12, 24, 9), "2009-12-29"},     // Christmas, its Saturday and substitute
  };
  for (const auto& [received, due] : cases) {
    hub_.SetNow(received);
    EXPECT_EQ(Day(Submitted().decision_due_date()), due) << absl::FormatTime(received);
  }
}

TEST_F(ReferralsTest, ReceiptMayBeEarlierButNotADayAhead) {
  v1::SubmitReferralRequest request = Request();
  *request.mutable_referral()->mutable_occurred_at() = TimeToProto(LondonTime(2010, 3, 12, 18));
  auto referral = Submit(request);
  ASSERT_THAT(referral, IsOk());
  EXPECT_EQ(Day(referral->decision_due_date()), "2010-03-15");

  *request.mutable_referral()->mutable_occurred_at() = TimeToProto(hub_.now() + absl::Hours(24));
  EXPECT_THAT(Submit(request), IsOk());
  *request.mutable_referral()->mutable_occurred_at() =
      TimeToProto(hub_.now() + absl::Hours(24) + absl::Seconds(1));
  EXPECT_THAT(Submit(request),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_DATE_FORBIDDEN));
}

TEST_F(ReferralsTest, OnlyCouncilsReceiveReferrals) {
  for (const char* agency : {"agencies/mayfield-school", "agencies/nobody"}) {
    v1::SubmitReferralRequest request = Request();
    request.set_to_agency(agency);
    EXPECT_THAT(Submit(request),
                StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING));
  }
  EXPECT_TRUE(hub_.Events().empty());
}

TEST_F(ReferralsTest, DecisionInTime) {
  const v1::Referral referral = Submitted();
  hub_.SetNow(LondonTime(2010, 3, 17, 16));
  const auto decided = Decide(manager_, referral);
  ASSERT_THAT(decided, IsOk());
  EXPECT_EQ(decided->state(), v1::REFERRAL_STATE_DECIDED);
  EXPECT_EQ(decided->decided_by(), "workers/meera");
  EXPECT_FALSE(decided->decided_late());
  EXPECT_EQ(decided->concern(), referral.concern());
  EXPECT_NE(decided->etag(), referral.etag());
}

TEST_F(ReferralsTest, BankHolidaysDoNotMakeADecisionLate) {
  hub_.SetNow(LondonTime(2010, 4, 1, 16));  // Maundy Thursday
  const v1::Referral first = Submitted();
  const v1::Referral second = Submitted();
  hub_.SetNow(LondonTime(2010, 4, 6, 23, 59));
  const auto in_time = Decide(manager_, first);
  ASSERT_THAT(in_time, IsOk());
  EXPECT_FALSE(in_time->decided_late());

  hub_.SetNow(LondonTime(2010, 4, 7, 0));
  EXPECT_THAT(Decide(manager_, second), StatusIs(StatusCode::kFailedPrecondition,
                                                 errors::v1::ERROR_REASON_LATE_REASON_MISSING));
  const auto late = Decide(manager_, second, "The family could not be reached");
  ASSERT_THAT(late, IsOk());
  EXPECT_TRUE(late->decided_late());
}

TEST_F(ReferralsTest, OnlyTheReceivingCouncilDecides) {
  const v1::Referral referral = Submitted();
  for (const auth::Principal& other :
       {school_, Caller("newham-council", "zoe", options::v1::ROLE_SCREENING_MANAGER)}) {
    EXPECT_THAT(Decide(other, referral),
                StatusIs(StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
  }
  v1::Referral unknown = referral;
  unknown.set_name("referrals/unknown");
  EXPECT_THAT(Decide(manager_, unknown),
              StatusIs(StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
}

TEST_F(ReferralsTest, DecidedOnceOnTheVersionThatWasRead) {
  v1::Referral referral = Submitted();
  v1::Referral stale = referral;
  stale.set_etag("\"0\"");
  EXPECT_THAT(Decide(manager_, stale),
              StatusIs(StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE));
  const auto decided = Decide(manager_, referral);
  ASSERT_THAT(decided, IsOk());
  EXPECT_THAT(Decide(manager_, *decided),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS));
}

TEST_F(ReferralsTest, EventsTellTheDecisionAndNotTheConcern) {
  const v1::Referral referral = Submitted();
  ASSERT_THAT(Decide(manager_, referral), IsOk());
  const std::vector<events::v1::Event> events = hub_.Events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind(), events::v1::EVENT_KIND_REFERRAL_SUBMITTED);
  EXPECT_EQ(events[0].author_agency(), "agencies/mayfield-school");
  EXPECT_EQ(events[0].referral().decision(), "");
  EXPECT_EQ(events[1].kind(), events::v1::EVENT_KIND_REFERRAL_DECIDED);
  EXPECT_EQ(events[1].author_agency(), "agencies/redbridge-council");
  EXPECT_EQ(events[1].referral().decision(), "ASSESS");
  for (const events::v1::Event& event : events) {
    EXPECT_EQ(event.child(), "children/amira");
    EXPECT_EQ(event.record(), referral.name());
    EXPECT_EQ(event.record_kind(), options::v1::RECORD_KIND_REFERRAL);
    EXPECT_EQ(event.owner_agency(), "agencies/redbridge-council");
    EXPECT_EQ(event.referral().to_agency(), "agencies/redbridge-council");
    EXPECT_EQ(event.referral().from_agency(), "agencies/mayfield-school");
    EXPECT_EQ(event.referral().child(), "children/amira");
    EXPECT_EQ(TimeFromProto(event.referral().receive_time()), hub_.now());
    EXPECT_EQ(event.SerializeAsString().find("Hungry"), std::string::npos);
  }
}

TEST_F(ReferralsTest, ReadsOneAndPagesThroughAll) {
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) names.push_back(Submitted().name());
  v1::SubmitReferralRequest other_child = Request();
  other_child.mutable_referral()->set_child("children/ben");
  ASSERT_THAT(Submit(other_child), IsOk());

  v1::GetReferralRequest get;
  get.set_name(names[1]);
  const auto got = hub_.Run(manager_, *referrals_, &Referrals::GetReferral, get);
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->referral().name(), names[1]);
  get.set_name("referrals/unknown");
  EXPECT_THAT(hub_.Run(manager_, *referrals_, &Referrals::GetReferral, get),
              StatusIs(StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));

  v1::ListReferralsRequest list;
  list.set_child("children/amira");
  list.set_page_size(2);
  std::vector<std::string> listed;
  do {
    const auto page = hub_.Run(manager_, *referrals_, &Referrals::ListReferrals, list);
    ASSERT_THAT(page, IsOk());
    for (const v1::Referral& referral : page->referrals()) listed.push_back(referral.name());
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(listed, names);
}

TEST_F(ReferralsTest, ContactKeepsItsGrading) {
  v1::SubmitContactRequest request;
  request.set_to_agency("agencies/redbridge-council");
  v1::Contact* contact = request.mutable_contact();
  contact->set_child("children/amira");
  contact->set_kind(v1::CONTACT_KIND_POLICE_INCIDENT);
  contact->set_source("6");
  contact->set_summary("Called to the home");
  const auth::Principal police =
      Caller("metropolitan-police", "pc", options::v1::ROLE_CHILD_ABUSE_INVESTIGATOR);
  EXPECT_THAT(hub_.Run(police, *referrals_, &Referrals::SubmitContact, request),
              StatusIs(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID));

  contact->mutable_grading()->set_source_evaluation("B");
  contact->mutable_grading()->set_information_evaluation("2");
  contact->mutable_grading()->set_handling_code("5");
  contact->mutable_grading()->set_handling_conditions("Not to the family");
  const auto sent = hub_.Run(police, *referrals_, &Referrals::SubmitContact, request);
  ASSERT_THAT(sent, IsOk());
  EXPECT_EQ(sent->contact().owner_agency(), "agencies/redbridge-council");
  EXPECT_EQ(sent->contact().author_agency(), "agencies/metropolitan-police");

  v1::GetContactRequest get;
  get.set_name(sent->contact().name());
  const auto got = hub_.Run(manager_, *referrals_, &Referrals::GetContact, get);
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->contact().grading().SerializeAsString(), contact->grading().SerializeAsString());
  const std::vector<events::v1::Event> events = hub_.Events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind(), events::v1::EVENT_KIND_CONTACT_SUBMITTED);
  EXPECT_EQ(events[0].child(), "children/amira");
}

TEST_F(ReferralsTest, ContactGoesToACouncilAndIsNotAheadOfTime) {
  v1::SubmitContactRequest request;
  request.set_to_agency("agencies/mayfield-school");
  request.mutable_contact()->set_child("children/amira");
  request.mutable_contact()->set_kind(v1::CONTACT_KIND_INFORMATION);
  EXPECT_THAT(hub_.Run(school_, *referrals_, &Referrals::SubmitContact, request),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING));
  request.set_to_agency("agencies/redbridge-council");
  *request.mutable_contact()->mutable_occurred_at() = TimeToProto(hub_.now() + absl::Hours(25));
  EXPECT_THAT(hub_.Run(school_, *referrals_, &Referrals::SubmitContact, request),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_DATE_FORBIDDEN));
  request.mutable_contact()->clear_occurred_at();
  EXPECT_THAT(hub_.Run(school_, *referrals_, &Referrals::SubmitContact, request), IsOk());
}

TEST_F(ReferralsTest, EveryMethodHasItsRoute) {
  const rpc::Routes routes = ReferralsRoutes(referrals_.get());
  EXPECT_EQ(static_cast<int>(routes.routes().size()), routes.file()->service(0)->method_count());
}

}  // namespace
}  // namespace trusthub::referrals
