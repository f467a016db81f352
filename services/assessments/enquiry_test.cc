#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/assessments/assessments_fixture.h"

namespace trusthub::assessments {
namespace {

using absl::CivilDay;
using absl::StatusCode;
using ::testing::ElementsAre;
using trusthub::testing::IsOk;
using trusthub::testing::LondonTime;
using trusthub::testing::StatusIs;

// Scenario 4 of the domain reference: the discussion is held on Tuesday 30 March 2010.
class EnquiryTest : public AssessmentsFixture {
 protected:
  EnquiryTest() { hub_.SetNow(LondonTime(2010, 3, 30, 15)); }
};

TEST_F(EnquiryTest, ConferenceIsDueFifteenWorkingDaysAfterTheDiscussion) {
  const v1::StrategyDiscussion discussion = Recorded();
  EXPECT_EQ(Day(discussion.conference_due_date()), "2010-04-22");
  EXPECT_EQ(discussion.owner_agency(), "agencies/redbridge-council");
  const std::vector<events::v1::Event> events = hub_.Events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind(), events::v1::EVENT_KIND_STRATEGY_DISCUSSION_RECORDED);
  EXPECT_EQ(events[0].record(), discussion.name());
  const events::v1::DiscussionFact& fact = events[0].discussion();
  EXPECT_THAT(fact.agencies(), ElementsAre("agencies/king-george", "agencies/metropolitan-police",
                                           "agencies/redbridge-council"));
  EXPECT_TRUE(fact.start_enquiry());
  EXPECT_EQ(TimeFromProto(fact.held_time()), hub_.now());
  EXPECT_EQ(Day(fact.conference_due_date()), "2010-04-22");
  EXPECT_EQ(fact.child(), "children/amira");
  EXPECT_EQ(events[0].SerializeAsString().find("injuries"), std::string::npos);

  v1::GetStrategyDiscussionRequest get;
  get.set_name(discussion.name());
  const auto got =
      hub_.Run(social_worker_, *assessments_, &Assessments::GetStrategyDiscussion, get);
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->strategy_discussion().SerializeAsString(), discussion.SerializeAsString());
}

TEST_F(EnquiryTest, NoConferenceIsDueWithoutEnquiries) {
  v1::RecordStrategyDiscussionRequest request = Discussion();
  request.mutable_strategy_discussion()->set_start_enquiry(false);
  const auto discussion = Record(request);
  ASSERT_THAT(discussion, IsOk());
  EXPECT_FALSE(discussion->has_conference_due_date());
  EXPECT_FALSE(hub_.Events()[0].discussion().has_conference_due_date());
  EXPECT_THAT(StartEnquiry(social_worker_, EnquiryOf(*discussion)),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING));
}

TEST_F(EnquiryTest, DiscussionNeedsItsQuorum) {
  const int participants = Discussion().strategy_discussion().participants_size();
  for (int absent = 0; absent < participants; ++absent) {
    v1::RecordStrategyDiscussionRequest request = Discussion();
    request.mutable_strategy_discussion()->mutable_participants(absent)->set_agency(
        "agencies/mayfield-school");
    EXPECT_THAT(Record(request),
                StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_QUORUM_MISSING));
  }
  // Another council does not stand in for the one that records.
  v1::RecordStrategyDiscussionRequest request = Discussion();
  request.mutable_strategy_discussion()->mutable_participants(0)->set_agency(
      "agencies/newham-council");
  EXPECT_THAT(Record(request),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_QUORUM_MISSING));
  request.mutable_strategy_discussion()->add_participants()->set_agency(
      "agencies/redbridge-council");
  EXPECT_THAT(Record(request), IsOk());
}

TEST_F(EnquiryTest, ParticipantsAreOfTheDirectory) {
  v1::RecordStrategyDiscussionRequest request = Discussion();
  v1::Participant* fourth = request.mutable_strategy_discussion()->add_participants();
  fourth->set_agency("agencies/unknown");
  EXPECT_THAT(Record(request),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING));
  fourth->set_agency("agencies/redbridge-council");
  for (const char* worker : {"workers/unknown", "workers/zoe"}) {
    fourth->set_worker(worker);
    EXPECT_THAT(Record(request),
                StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING));
  }
  fourth->set_worker("workers/tom");
  EXPECT_THAT(Record(request), IsOk());
}

TEST_F(EnquiryTest, DiscussionIsNotHeldTomorrowNight) {
  v1::RecordStrategyDiscussionRequest request = Discussion();
  *request.mutable_strategy_discussion()->mutable_occurred_at() =
      TimeToProto(hub_.now() + absl::Hours(25));
  EXPECT_THAT(Record(request),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_DATE_FORBIDDEN));
}

TEST_F(EnquiryTest, StartsWithTheDueDateOfTheDiscussion) {
  const v1::StrategyDiscussion discussion = Recorded();
  hub_.SetNow(LondonTime(2010, 3, 31, 9));
  const auto enquiry = StartEnquiry(manager_, EnquiryOf(discussion));
  ASSERT_THAT(enquiry, IsOk());
  EXPECT_EQ(enquiry->state(), v1::ENQUIRY_STATE_IN_PROGRESS);
  EXPECT_EQ(Day(enquiry->conference_due_date()), "2010-04-22");
  EXPECT_EQ(enquiry->owner_agency(), "agencies/redbridge-council");
  const events::v1::Event event = hub_.Events().back();
  EXPECT_EQ(event.kind(), events::v1::EVENT_KIND_ENQUIRY_STARTED);
  EXPECT_EQ(event.record(), enquiry->name());
  EXPECT_EQ(event.discussion().agencies_size(), 3);
  EXPECT_EQ(event.discussion().outcome(), "");
}

TEST_F(EnquiryTest, LedByAQualifiedWorkerOfTheCouncil) {
  const v1::StrategyDiscussion discussion = Recorded();
  for (const char* worker : {"workers/tom", "workers/zoe", "workers/unknown"}) {
    v1::StartEnquiryRequest request = EnquiryOf(discussion);
    request.mutable_enquiry()->set_lead_worker(worker);
    EXPECT_THAT(
        StartEnquiry(manager_, request),
        StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_WORKER_NOT_QUALIFIED));
  }
  const types::v1::Date tomorrow = DateToProto(CivilDay(2010, 3, 31));
  hub_.KnowWorker("tom", "redbridge-council", options::v1::ROLE_SOCIAL_WORKER, &tomorrow);
  v1::StartEnquiryRequest request = EnquiryOf(discussion);
  request.mutable_enquiry()->set_lead_worker("workers/tom");
  EXPECT_THAT(
      StartEnquiry(manager_, request),
      StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_WORKER_NOT_QUALIFIED));
  hub_.SetNow(LondonTime(2010, 3, 31, 9));
  EXPECT_THAT(StartEnquiry(manager_, request), IsOk());
}

TEST_F(EnquiryTest, RestsOnADiscussionOfThisCouncilAboutThisChild) {
  const v1::StrategyDiscussion discussion = Recorded();
  v1::StartEnquiryRequest unknown = EnquiryOf(discussion);
  unknown.mutable_enquiry()->set_strategy_discussion("strategyDiscussions/unknown");
  const absl::Status missing = StartEnquiry(social_worker_, unknown).status();
  EXPECT_THAT(missing,
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING));
  v1::StartEnquiryRequest other_child = EnquiryOf(discussion);
  other_child.mutable_enquiry()->set_child("children/ben");
  EXPECT_EQ(StartEnquiry(social_worker_, other_child).status(), missing);
  v1::StartEnquiryRequest other_council = EnquiryOf(discussion);
  other_council.mutable_enquiry()->set_lead_worker("workers/zoe");
  EXPECT_EQ(StartEnquiry(newham_, other_council).status(), missing);
}

TEST_F(EnquiryTest, StartsBetweenTheDiscussionAndTomorrow) {
  v1::StartEnquiryRequest request = EnquiryOf(Recorded());
  for (const absl::Time wrong :
       {LondonTime(2010, 3, 29, 23, 59), hub_.now() + absl::Hours(24) + absl::Seconds(1)}) {
    *request.mutable_enquiry()->mutable_occurred_at() = TimeToProto(wrong);
    EXPECT_THAT(StartEnquiry(social_worker_, request),
                StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_DATE_FORBIDDEN));
  }
  *request.mutable_enquiry()->mutable_occurred_at() = TimeToProto(LondonTime(2010, 3, 30, 0));
  EXPECT_THAT(StartEnquiry(social_worker_, request), IsOk());
}

TEST_F(EnquiryTest, OneOpenForADiscussion) {
  const v1::StrategyDiscussion discussion = Recorded();
  const auto first = StartEnquiry(social_worker_, EnquiryOf(discussion));
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(StartEnquiry(social_worker_, EnquiryOf(discussion)),
              StatusIs(StatusCode::kAlreadyExists, errors::v1::ERROR_REASON_RECORD_EXISTS));
  ASSERT_THAT(Conclude(social_worker_, ConclusionOf(*first, CivilDay(2010, 3, 30))), IsOk());
  EXPECT_THAT(StartEnquiry(social_worker_, EnquiryOf(discussion)), IsOk());
}

TEST_F(EnquiryTest, ConcludedWithOutcomeAndDueDateForTheConference) {
  const auto enquiry = StartEnquiry(social_worker_, EnquiryOf(Recorded()));
  ASSERT_THAT(enquiry, IsOk());
  hub_.SetNow(LondonTime(2010, 4, 12, 11));
  const auto done = Conclude(social_worker_, ConclusionOf(*enquiry, CivilDay(2010, 4, 1)));
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->state(), v1::ENQUIRY_STATE_CONCLUDED);
  EXPECT_EQ(done->outcome(), v1::ENQUIRY_OUTCOME_SUBSTANTIATED_CONFERENCE);
  EXPECT_EQ(TimeFromProto(done->conclude_time()), hub_.now());
  EXPECT_EQ(done->child_views(), "He gets angry at night");
  const events::v1::Event event = hub_.Events().back();
  EXPECT_EQ(event.kind(), events::v1::EVENT_KIND_ENQUIRY_CONCLUDED);
  EXPECT_EQ(event.discussion().outcome(), "SUBSTANTIATED_CONFERENCE");
  EXPECT_EQ(Day(event.discussion().conference_due_date()), "2010-04-22");
  EXPECT_EQ(event.discussion().child(), "children/amira");
  EXPECT_EQ(event.SerializeAsString().find("Bruising"), std::string::npos);

  EXPECT_THAT(Conclude(social_worker_, ConclusionOf(*done, CivilDay(2010, 4, 1))),
              StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS));
  v1::GetEnquiryRequest get;
  get.set_name(done->name());
  const auto got = hub_.Run(social_worker_, *assessments_, &Assessments::GetEnquiry, get);
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ(got->enquiry().SerializeAsString(), done->SerializeAsString());
}

TEST_F(EnquiryTest, ConclusionIsRefusedWithoutItsParts) {
  const auto enquiry = StartEnquiry(social_worker_, EnquiryOf(Recorded()));
  ASSERT_THAT(enquiry, IsOk());
  v1::ConcludeEnquiryRequest voiceless = ConclusionOf(*enquiry, CivilDay(2010, 3, 30));
  voiceless.set_child_views(" ");
  EXPECT_THAT(
      Conclude(social_worker_, voiceless),
      StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_CHILD_VIEWS_MISSING));
  for (const CivilDay wrong : {CivilDay(2010, 3, 29), CivilDay(2010, 3, 31)}) {
    EXPECT_THAT(Conclude(social_worker_, ConclusionOf(*enquiry, wrong)),
                StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_DATE_FORBIDDEN));
  }
  EXPECT_THAT(Conclude(newham_, ConclusionOf(*enquiry, CivilDay(2010, 3, 30))),
              StatusIs(StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND));
  v1::ConcludeEnquiryRequest stale = ConclusionOf(*enquiry, CivilDay(2010, 3, 30));
  stale.set_etag("\"0\"");
  EXPECT_THAT(Conclude(social_worker_, stale),
              StatusIs(StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE));
  voiceless.set_child_views_missing_reason("Did not speak");
  EXPECT_THAT(Conclude(social_worker_, voiceless), IsOk());
}

}  // namespace
}  // namespace trusthub::assessments
