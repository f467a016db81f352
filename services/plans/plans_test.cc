#include "services/plans/plans.h"

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
#include "services/plans/conference_fixture.h"
#include "services/plans/service.h"

namespace trusthub::plans {
namespace {

using errors::v1::ERROR_REASON_BASIS_MISSING;
using errors::v1::ERROR_REASON_DATE_FORBIDDEN;
using errors::v1::ERROR_REASON_ETAG_STALE;
using errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED;
using errors::v1::ERROR_REASON_QUORUM_MISSING;
using errors::v1::ERROR_REASON_RECORD_EXISTS;
using errors::v1::ERROR_REASON_RECORD_NOT_FOUND;
using errors::v1::ERROR_REASON_REQUEST_INVALID;
using errors::v1::ERROR_REASON_STATE_FORBIDS;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using trusthub::testing::Caller;
using trusthub::testing::HandlerFixture;
using trusthub::testing::IsOk;
using trusthub::testing::LondonTime;
using trusthub::testing::StatusIs;

constexpr absl::StatusCode kFailed = absl::StatusCode::kFailedPrecondition;

class PlansTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto rules = timescales::LoadRules(testing::SourcePath("deploy/config/timescales"));
    ASSERT_THAT(rules, IsOk());
    plans_ = std::make_unique<Plans>(*std::move(rules));
    hub_.KnowAgency("redbridge-council", "COUNCIL");
    hub_.KnowAgency("newham-council", "COUNCIL");
    hub_.KnowAgency("police", "POLICE");
    hub_.KnowAgency("school", "SCHOOL");
    hub_.KnowWorker("asha", "redbridge-council", options::v1::ROLE_SOCIAL_WORKER);
    KnowEnquiry(kEnquiry, kChild, "SUBSTANTIATED_CONFERENCE");
  }

  void KnowEnquiry(const char* name, const char* child, const char* outcome) {
    events::v1::Event event;
    event.set_kind(events::v1::EVENT_KIND_ENQUIRY_CONCLUDED);
    event.set_child(child);
    event.set_record(name);
    event.mutable_discussion()->set_child(child);
    event.mutable_discussion()->set_outcome(outcome);
    hub_.Know(event);
  }

  auto Record(const v1::RecordConferenceRequest& request) {
    return hub_.Run(chair_, *plans_, &Plans::RecordConference, request);
  }
  // The plan of scenario 5.
  v1::Plan Begin() {
    const auto response = Record(InitialRequest());
    EXPECT_THAT(response, IsOk());
    return response.ok() ? response->plan() : v1::Plan();
  }
  v1::Plan Stored(const std::string& name) {
    v1::GetPlanRequest request;
    request.set_name(name);
    const auto response = hub_.Run(worker_, *plans_, &Plans::GetPlan, request);
    EXPECT_THAT(response, IsOk());
    return response.ok() ? response->plan() : v1::Plan();
  }
  auto CoreGroup(const v1::Plan& plan, absl::CivilDay met) {
    v1::RecordCoreGroupRequest request;
    request.set_name(plan.name());
    request.set_etag(plan.etag());
    *request.mutable_meeting_date() = DateToProto(met);
    return hub_.Run(worker_, *plans_, &Plans::RecordCoreGroup, request);
  }
  auto End(const v1::Plan& plan, const std::string& review, absl::CivilDay end) {
    v1::EndPlanRequest request;
    request.set_name(plan.name());
    request.set_etag(plan.etag());
    request.set_review_conference(review);
    *request.mutable_end_date() = DateToProto(end);
    return hub_.Run(chair_, *plans_, &Plans::EndPlan, request);
  }
  std::vector<events::v1::EventKind> EventKinds() {
    std::vector<events::v1::EventKind> kinds;
    for (const events::v1::Event& event : hub_.Events()) kinds.push_back(event.kind());
    return kinds;
  }

  HandlerFixture hub_{LondonTime(2010, 4, 22, 16)};
  std::unique_ptr<Plans> plans_;
  const auth::Principal chair_ =
      Caller("redbridge-council", "chair", options::v1::ROLE_CONFERENCE_CHAIR);
  const auth::Principal worker_ = Caller("redbridge-council", "asha");
};

TEST_F(PlansTest, AConferenceMakesThePlanInTheSameStep) {
  const auto response = Record(InitialRequest());
  ASSERT_THAT(response, IsOk());
  const v1::Conference& conference = response->conference();
  const v1::Plan& plan = response->plan();
  EXPECT_EQ(conference.plan(), plan.name());
  EXPECT_EQ(plan.conference(), conference.name());
  EXPECT_EQ(conference.owner_agency(), kCouncil);
  EXPECT_EQ(plan.owner_agency(), kCouncil);
  EXPECT_EQ(plan.first_core_group_due_date().month(), 5);
  EXPECT_EQ(plan.first_core_group_due_date().day(), 7);
  EXPECT_EQ(plan.review_due_date().month(), 7);
  EXPECT_EQ(plan.review_due_date().day(), 22);
  EXPECT_EQ(Stored(plan.name()).SerializeAsString(), plan.SerializeAsString());

  v1::GetConferenceRequest get;
  get.set_name(conference.name());
  const auto read = hub_.Run(chair_, *plans_, &Plans::GetConference, get);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->conference().SerializeAsString(), conference.SerializeAsString());
}

TEST_F(PlansTest, ThePlansEventTellsFactsAndNoContent) {
  const v1::Plan plan = Begin();
  const std::vector<events::v1::Event> events = hub_.Events();
  ASSERT_THAT(EventKinds(), ElementsAre(events::v1::EVENT_KIND_CONFERENCE_RECORDED,
                                        events::v1::EVENT_KIND_PLAN_STARTED));
  const events::v1::Event& started = events[1];
  EXPECT_EQ(started.child(), kChild);
  EXPECT_EQ(started.record(), plan.name());
  EXPECT_EQ(started.record_kind(), options::v1::RECORD_KIND_PLAN);
  EXPECT_EQ(started.owner_agency(), kCouncil);
  EXPECT_EQ(started.plan().kind(), "CHILD_PROTECTION");
  EXPECT_THAT(started.plan().core_group(), ElementsAre(kCouncil, kSchool));
  EXPECT_EQ(started.plan().start_date().SerializeAsString(), plan.start_date().SerializeAsString());
  EXPECT_FALSE(started.plan().has_end_date());
  EXPECT_EQ(started.SerializeAsString().find("breakfast"), std::string::npos);
}

TEST_F(PlansTest, AConferenceWithoutATimeWasHeldNow) {
  v1::RecordConferenceRequest request = InitialRequest();
  request.mutable_conference()->clear_occurred_at();
  const auto response = Record(request);
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(TimeFromProto(response->conference().occurred_at()), hub_.now());
  EXPECT_EQ(response->plan().start_date().day(), 22);
}

TEST_F(PlansTest, AConferenceThatNeedsNoPlanMakesNone) {
  v1::RecordConferenceRequest request = InitialRequest();
  v1::RecordConferenceRequest bare;
  *bare.mutable_conference() = request.conference();
  bare.mutable_conference()->set_plan_needed(false);
  bare.mutable_conference()->clear_abuse_category();
  const auto response = Record(bare);
  ASSERT_THAT(response, IsOk());
  EXPECT_FALSE(response->has_plan());
  EXPECT_EQ(response->conference().plan(), "");
  EXPECT_THAT(EventKinds(), ElementsAre(events::v1::EVENT_KIND_CONFERENCE_RECORDED));
}

TEST_F(PlansTest, WhatIsRefusedLeavesNoTrace) {
  v1::RecordConferenceRequest incomplete = InitialRequest();
  incomplete.clear_actions();
  EXPECT_THAT(Record(incomplete),
              StatusIs(absl::StatusCode::kInvalidArgument, ERROR_REASON_REQUEST_INVALID));
  EXPECT_THAT(Record(InitialRequest(absl::CivilDay(2010, 4, 17))),
              StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN));
  v1::RecordConferenceRequest far = InitialRequest();
  *far.mutable_conference()->mutable_occurred_at() = TimeToProto(hub_.now() + absl::Hours(25));
  EXPECT_THAT(Record(far), StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN));
  v1::RecordConferenceRequest two = InitialRequest();
  Attend(two.mutable_conference(), {kCouncil, kPolice});
  EXPECT_THAT(Record(two), StatusIs(kFailed, ERROR_REASON_QUORUM_MISSING));
  v1::RecordConferenceRequest foreign = InitialRequest();
  foreign.mutable_conference()->set_child("children/c2");
  EXPECT_THAT(Record(foreign), StatusIs(kFailed, ERROR_REASON_BASIS_MISSING));
  v1::RecordConferenceRequest unknown = InitialRequest();
  unknown.mutable_conference()->set_enquiry("enquiries/none");
  EXPECT_THAT(Record(unknown), StatusIs(kFailed, ERROR_REASON_BASIS_MISSING));
  EXPECT_THAT(Record(ReviewRequest(kHeld, true)), StatusIs(kFailed, ERROR_REASON_BASIS_MISSING));
  EXPECT_THAT(hub_.Events(), IsEmpty());
  v1::ListPlansRequest list;
  list.set_child(kChild);
  const auto plans = hub_.Run(worker_, *plans_, &Plans::ListPlans, list);
  ASSERT_THAT(plans, IsOk());
  EXPECT_THAT(plans->plans(), IsEmpty());
}

TEST_F(PlansTest, AChildHasOnePlanAtATime) {
  Begin();
  EXPECT_THAT(Record(InitialRequest()),
              StatusIs(absl::StatusCode::kAlreadyExists, ERROR_REASON_RECORD_EXISTS));
  KnowEnquiry("enquiries/e2", "children/c2", "SUBSTANTIATED_CONFERENCE");
  v1::RecordConferenceRequest sibling = InitialRequest();
  sibling.mutable_conference()->set_child("children/c2");
  sibling.mutable_conference()->set_enquiry("enquiries/e2");
  EXPECT_THAT(Record(sibling), IsOk());
}

TEST_F(PlansTest, TwoConferencesAtOnceMakeOnePlan) {
  store::Transaction first = hub_.Begin();
  store::Transaction second = hub_.Begin();
  const proto::PageTokens tokens(std::string(32, 'k'));
  for (store::Transaction* tx : {&first, &second}) {
    rpc::Call call{.caller = chair_,
                   .purpose = options::v1::PURPOSE_CHILD_PROTECTION_PLANNING,
                   .case_reference = "",
                   .trace_id = "",
                   .now = hub_.now(),
                   .deadline = absl::InfiniteFuture(),
                   .tx = *tx,
                   .authorization = "",
                   .page_tokens = tokens,
                   .child = ""};
    ASSERT_THAT(plans_->RecordConference(call, InitialRequest()), IsOk());
  }
  EXPECT_THAT(store::CommitAndWait(hub_.store(), first.TakeWrites()), IsOk());
  const auto late = store::CommitAndWait(hub_.store(), second.TakeWrites());
  EXPECT_TRUE(store::IsConflict(late.status())) << late.status();
}

TEST_F(PlansTest, CoreGroupsAreAddedToThePlan) {
  v1::Plan plan = Begin();
  hub_.SetNow(LondonTime(2010, 5, 10, 9));
  const auto response = CoreGroup(plan, absl::CivilDay(2010, 5, 7));
  ASSERT_THAT(response, IsOk());
  EXPECT_THAT(response->plan().core_group_dates(), SizeIs(1));
  EXPECT_NE(response->plan().etag(), plan.etag());
  EXPECT_EQ(EventKinds().back(), events::v1::EVENT_KIND_PLAN_CHANGED);
  EXPECT_THAT(hub_.Events().back().plan().core_group(), ElementsAre(kCouncil, kSchool));

  EXPECT_THAT(CoreGroup(plan, absl::CivilDay(2010, 5, 8)),
              StatusIs(absl::StatusCode::kAborted, ERROR_REASON_ETAG_STALE));
  plan = response->plan();
  EXPECT_THAT(CoreGroup(plan, absl::CivilDay(2010, 5, 11)),
              StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN));
  EXPECT_THAT(CoreGroup(plan, absl::CivilDay(2010, 4, 21)),
              StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN));
  // A changed plan still is the child's one plan.
  EXPECT_THAT(Record(InitialRequest()),
              StatusIs(absl::StatusCode::kAlreadyExists, ERROR_REASON_RECORD_EXISTS));
}

TEST_F(PlansTest, AMeetingDayHasAllItsParts) {
  const v1::Plan plan = Begin();
  v1::RecordCoreGroupRequest request;
  request.set_name(plan.name());
  request.set_etag(plan.etag());
  request.mutable_meeting_date()->set_year(2010);
  EXPECT_THAT(hub_.Run(worker_, *plans_, &Plans::RecordCoreGroup, request),
              StatusIs(absl::StatusCode::kInvalidArgument, ERROR_REASON_REQUEST_INVALID));
}

TEST_F(PlansTest, AReviewMovesTheNextReview) {
  const v1::Plan plan = Begin();
  hub_.SetNow(LondonTime(2010, 7, 20, 15));
  const auto response = Record(ReviewRequest(absl::CivilDay(2010, 7, 20), true));
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->conference().plan(), plan.name());
  EXPECT_EQ(response->plan().review_due_date().year(), 2011);
  EXPECT_EQ(response->plan().review_due_date().month(), 1);
  EXPECT_EQ(response->plan().review_due_date().day(), 20);
  EXPECT_EQ(Stored(plan.name()).SerializeAsString(), response->plan().SerializeAsString());
  EXPECT_EQ(EventKinds().back(), events::v1::EVENT_KIND_PLAN_CHANGED);
}

TEST_F(PlansTest, AReviewIsNotHeldOnThePlansFirstDay) {
  Begin();
  EXPECT_THAT(Record(ReviewRequest(kHeld, true)), StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN));
}

TEST_F(PlansTest, APlanEndsByAReviewAndTheChildIsFreeForAnother) {
  const v1::Plan plan = Begin();
  hub_.SetNow(LondonTime(2010, 7, 20, 15));
  const absl::CivilDay day(2010, 7, 20);
  const auto review = Record(ReviewRequest(day, false));
  ASSERT_THAT(review, IsOk());
  EXPECT_FALSE(review->has_plan());
  // Until it ends it stands as it was.
  EXPECT_EQ(Stored(plan.name()).SerializeAsString(), plan.SerializeAsString());

  const auto ended = End(plan, review->conference().name(), day);
  ASSERT_THAT(ended, IsOk());
  EXPECT_EQ(ended->plan().state(), v1::PLAN_STATE_ENDED);
  EXPECT_EQ(ended->plan().end_date().SerializeAsString(), DateToProto(day).SerializeAsString());
  const events::v1::Event event = hub_.Events().back();
  EXPECT_EQ(event.kind(), events::v1::EVENT_KIND_PLAN_ENDED);
  EXPECT_TRUE(event.plan().has_end_date());

  EXPECT_THAT(End(ended->plan(), review->conference().name(), day),
              StatusIs(kFailed, ERROR_REASON_STATE_FORBIDS));
  EXPECT_THAT(CoreGroup(ended->plan(), day), StatusIs(kFailed, ERROR_REASON_STATE_FORBIDS));
  EXPECT_THAT(Record(ReviewRequest(day, true)), StatusIs(kFailed, ERROR_REASON_BASIS_MISSING));
  EXPECT_THAT(Record(InitialRequest(day)), IsOk());

  v1::ListPlansRequest list;
  list.set_child(kChild);
  const auto plans = hub_.Run(worker_, *plans_, &Plans::ListPlans, list);
  ASSERT_THAT(plans, IsOk());
  ASSERT_THAT(plans->plans(), SizeIs(2));
  EXPECT_EQ(plans->plans(0).name(), plan.name());
}

TEST_F(PlansTest, APlanDoesNotEndOtherwise) {
  const v1::Plan plan = Begin();
  hub_.SetNow(LondonTime(2010, 7, 20, 15));
  const absl::CivilDay day(2010, 7, 20);
  const auto kept = Record(ReviewRequest(day, true));
  const auto left = Record(ReviewRequest(day, false));
  ASSERT_THAT(kept, IsOk());
  ASSERT_THAT(left, IsOk());
  const v1::Plan now = Stored(plan.name());
  const std::string review = left->conference().name();
  const absl::Status missing = End(now, "conferences/none", day).status();
  EXPECT_THAT(missing, StatusIs(kFailed, ERROR_REASON_BASIS_MISSING));
  EXPECT_EQ(End(now, kept->conference().name(), day).status(), missing);
  EXPECT_EQ(End(now, plan.conference(), day).status(), missing);
  EXPECT_THAT(End(now, review, kHeld), StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN));
  EXPECT_THAT(End(now, review, day + 1), StatusIs(kFailed, ERROR_REASON_DATE_FORBIDDEN));
  EXPECT_THAT(End(plan, review, day),
              StatusIs(absl::StatusCode::kAborted, ERROR_REASON_ETAG_STALE));
  EXPECT_EQ(Stored(plan.name()).state(), v1::PLAN_STATE_ACTIVE);
}

TEST_F(PlansTest, OnlyTheCouncilThatLeadsAPlanChangesIt) {
  const v1::Plan plan = Begin();
  hub_.SetNow(LondonTime(2010, 7, 20, 15));
  const auto review = Record(ReviewRequest(absl::CivilDay(2010, 7, 20), false));
  ASSERT_THAT(review, IsOk());
  const auth::Principal newham = Caller("newham-council", "mo", options::v1::ROLE_CONFERENCE_CHAIR);
  const auto denied =
      StatusIs(absl::StatusCode::kPermissionDenied, ERROR_REASON_METHOD_NOT_PERMITTED);

  v1::EndPlanRequest end;
  end.set_name(plan.name());
  end.set_etag(plan.etag());
  end.set_review_conference(review->conference().name());
  *end.mutable_end_date() = DateToProto(absl::CivilDay(2010, 7, 20));
  EXPECT_THAT(hub_.Run(newham, *plans_, &Plans::EndPlan, end), denied);
  v1::RecordCoreGroupRequest met;
  met.set_name(plan.name());
  met.set_etag(plan.etag());
  *met.mutable_meeting_date() = DateToProto(absl::CivilDay(2010, 5, 7));
  EXPECT_THAT(hub_.Run(newham, *plans_, &Plans::RecordCoreGroup, met), denied);
  v1::RecordConferenceRequest theirs = ReviewRequest(absl::CivilDay(2010, 7, 20), false);
  Attend(theirs.mutable_conference(), {"agencies/newham-council", kPolice, kSchool});
  EXPECT_THAT(hub_.Run(newham, *plans_, &Plans::RecordConference, theirs), denied);
}

TEST_F(PlansTest, UnknownRecordsAreNotFound) {
  v1::GetPlanRequest plan;
  plan.set_name("plans/none");
  EXPECT_THAT(hub_.Run(worker_, *plans_, &Plans::GetPlan, plan),
              StatusIs(absl::StatusCode::kNotFound, ERROR_REASON_RECORD_NOT_FOUND));
  v1::GetConferenceRequest conference;
  conference.set_name("conferences/none");
  EXPECT_THAT(hub_.Run(worker_, *plans_, &Plans::GetConference, conference),
              StatusIs(absl::StatusCode::kNotFound, ERROR_REASON_RECORD_NOT_FOUND));
}

TEST_F(PlansTest, ListsPageByPage) {
  const v1::Plan first = Begin();
  hub_.SetNow(LondonTime(2010, 7, 20, 15));
  const absl::CivilDay day(2010, 7, 20);
  const auto review = Record(ReviewRequest(day, false));
  ASSERT_THAT(review, IsOk());
  ASSERT_THAT(End(first, review->conference().name(), day), IsOk());
  const auto second = Record(InitialRequest(day));
  ASSERT_THAT(second, IsOk());

  v1::ListPlansRequest list;
  list.set_child(kChild);
  list.set_page_size(1);
  std::vector<std::string> names;
  do {
    const auto page = hub_.Run(worker_, *plans_, &Plans::ListPlans, list);
    ASSERT_THAT(page, IsOk());
    for (const v1::Plan& plan : page->plans()) names.push_back(plan.name());
    list.set_page_token(page->next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(names, ElementsAre(first.name(), second->plan().name()));
}

TEST_F(PlansTest, EveryMethodHasARoute) {
  const rpc::Routes routes = PlansRoutes(plans_.get());
  EXPECT_EQ(routes.routes().size(),
            static_cast<std::size_t>(routes.file()->service(0)->method_count()));
}

}  // namespace
}  // namespace trusthub::plans
