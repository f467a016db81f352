#include <memory>
#include <string>
#include <vector>

#include "common/testing/handler_fixture.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/plans/conference_fixture.h"
#include "services/plans/plans.h"

namespace trusthub::plans {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using trusthub::testing::Caller;
using trusthub::testing::HandlerFixture;
using trusthub::testing::IsOk;
using trusthub::testing::LondonTime;

class OwnActionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto rules = timescales::LoadRules(testing::SourcePath("deploy/config/timescales"));
    ASSERT_THAT(rules, IsOk());
    plans_ = std::make_unique<Plans>(*std::move(rules));
    for (const auto& [agency, kind] : std::vector<std::pair<const char*, const char*>>{
             {"redbridge-council", "COUNCIL"}, {"police", "POLICE"}, {"school", "SCHOOL"}}) {
      hub_.KnowAgency(agency, kind);
    }
    hub_.KnowWorker("asha", "redbridge-council", options::v1::ROLE_SOCIAL_WORKER);
    events::v1::Event enquiry;
    enquiry.set_kind(events::v1::EVENT_KIND_ENQUIRY_CONCLUDED);
    enquiry.set_child(kChild);
    enquiry.set_record(kEnquiry);
    enquiry.mutable_discussion()->set_child(kChild);
    enquiry.mutable_discussion()->set_outcome("SUBSTANTIATED_CONFERENCE");
    hub_.Know(enquiry);
  }
  // A plan with one action of each agency.
  v1::Plan Begin() {
    v1::RecordConferenceRequest request = InitialRequest();
    request.clear_actions();
    for (const char* agency : {kCouncil, kSchool, kPolice}) {
      v1::PlanAction action = Action(kHeld + 14);
      action.set_owner_agency(agency);
      action.set_action(agency);
      *request.add_actions() = action;
    }
    const auto response = hub_.Run(chair_, *plans_, &Plans::RecordConference, request);
    EXPECT_THAT(response, IsOk());
    return response.ok() ? response->plan() : v1::Plan();
  }
  v1::ListOwnActionsResponse List(int page_size = 0, const std::string& token = "") {
    v1::ListOwnActionsRequest request;
    request.set_child(kChild);
    request.set_page_size(page_size);
    request.set_page_token(token);
    const auto response = hub_.Run(chair_, *plans_, &Plans::ListOwnActions, request);
    EXPECT_THAT(response, IsOk());
    return response.ok() ? *response : v1::ListOwnActionsResponse();
  }

  HandlerFixture hub_{LondonTime(2010, 4, 22, 16)};
  std::unique_ptr<Plans> plans_;
  const auth::Principal chair_ =
      Caller("redbridge-council", "chair", options::v1::ROLE_CONFERENCE_CHAIR);
};

TEST_F(OwnActionsTest, EachActionIsARecordOfTheAgencyThatDoesIt) {
  const v1::Plan plan = Begin();
  const v1::ListOwnActionsResponse response = List();
  ASSERT_THAT(response.actions(), SizeIs(3));
  EXPECT_THAT(response.next_page_token(), IsEmpty());
  const v1::OwnAction& action = response.actions(1);
  EXPECT_EQ(action.owner_agency(), kSchool);
  EXPECT_EQ(action.author_agency(), kCouncil);
  EXPECT_EQ(action.child(), kChild);
  EXPECT_EQ(action.plan(), plan.name());
  EXPECT_EQ(action.etag(), plan.etag());
  EXPECT_EQ(action.action(), kSchool);
  EXPECT_EQ(action.outcome(), plan.actions(1).outcome());
  EXPECT_EQ(action.owner(), plan.actions(1).owner());
  EXPECT_EQ(action.due_date().SerializeAsString(), plan.actions(1).due_date().SerializeAsString());
}

TEST_F(OwnActionsTest, NamesAreTheActionsOwnAndStay) {
  Begin();
  std::vector<std::string> names;
  const v1::ListOwnActionsResponse first = List();
  const v1::ListOwnActionsResponse second = List();
  for (int i = 0; i < first.actions_size(); ++i) {
    EXPECT_EQ(first.actions(i).name(), second.actions(i).name());
    EXPECT_EQ(first.actions(i).name().rfind("planActions/", 0), 0u);
    names.push_back(first.actions(i).name());
  }
  ASSERT_THAT(names, SizeIs(3));
  EXPECT_NE(names[0], names[1]);
  EXPECT_NE(names[1], names[2]);
}

TEST_F(OwnActionsTest, PagesAddUpToTheWhole) {
  Begin();
  std::vector<std::string> owners;
  std::string token;
  do {
    const v1::ListOwnActionsResponse page = List(1, token);
    ASSERT_THAT(page.actions(), SizeIs(1));
    owners.push_back(page.actions(0).owner_agency());
    token = page.next_page_token();
  } while (!token.empty());
  EXPECT_THAT(owners, ElementsAre(kCouncil, kSchool, kPolice));
}

TEST_F(OwnActionsTest, AChildWithoutAPlanInForceHasNone) {
  EXPECT_THAT(List().actions(), IsEmpty());
  const v1::Plan plan = Begin();
  hub_.SetNow(LondonTime(2010, 7, 20, 15));
  const absl::CivilDay day(2010, 7, 20);
  const auto review =
      hub_.Run(chair_, *plans_, &Plans::RecordConference, ReviewRequest(day, false));
  ASSERT_THAT(review, IsOk());
  v1::EndPlanRequest end;
  end.set_name(plan.name());
  end.set_etag(plan.etag());
  end.set_review_conference(review->conference().name());
  *end.mutable_end_date() = DateToProto(day);
  ASSERT_THAT(hub_.Run(chair_, *plans_, &Plans::EndPlan, end), IsOk());
  EXPECT_THAT(List().actions(), IsEmpty());
}

}  // namespace
}  // namespace trusthub::plans
