#include "services/children/sharing_decisions.h"

#include <string>

#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/children/children_fixture.h"

namespace trusthub::children {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using ::testing::SizeIs;
using testing::StatusIs;

class SharingDecisionsTest : public ChildrenTest {
 protected:
  void SetUp() override {
    child_ = Registered("redbridge-council", Ayesha());
    fixture_.KnowAgency("met-police", "POLICE_FORCE");
  }

  v1::RecordSharingDecisionRequest Refusal() {
    v1::RecordSharingDecisionRequest request;
    v1::SharingDecision& decision = *request.mutable_sharing_decision();
    decision.set_child(child_);
    decision.set_outcome(v1::SHARING_OUTCOME_REFUSED);
    decision.set_to_agency("agencies/met-police");
    decision.add_categories(options::v1::CATEGORY_HEALTH_DETAIL);
    decision.set_purpose(options::v1::PURPOSE_POLICE_PROTECTION);
    decision.set_reasoning("The request names no offence and no risk to the child.");
    *decision.mutable_review_date() = DateOf(2010, 6, 16);
    return request;
  }
  absl::StatusOr<v1::RecordSharingDecisionResponse> Record(
      const v1::RecordSharingDecisionRequest& request) {
    return fixture_.Run(manager_, decisions_, &SharingDecisions::RecordSharingDecision, request);
  }
  absl::Status Faulty(void (*change)(v1::SharingDecision&)) {
    v1::RecordSharingDecisionRequest request = Refusal();
    change(*request.mutable_sharing_decision());
    return Record(request).status();
  }

  std::string child_;
  SharingDecisions decisions_;
  const auth::Principal manager_ =
      testing::Caller("redbridge-council", "manager", options::v1::ROLE_TEAM_MANAGER);
};

TEST_F(SharingDecisionsTest, IsRecordedReadAndListed) {
  const auto recorded = Record(Refusal());
  ASSERT_THAT(recorded, IsOk());
  const v1::SharingDecision& decision = recorded->sharing_decision();
  EXPECT_EQ(decision.decision_maker(), "workers/manager");
  EXPECT_EQ(decision.owner_agency(), "agencies/redbridge-council");
  EXPECT_EQ(TimeFromProto(decision.occurred_at()), fixture_.now());

  v1::GetSharingDecisionRequest get;
  get.set_name(decision.name());
  const auto read = fixture_.Run(manager_, decisions_, &SharingDecisions::GetSharingDecision, get);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->sharing_decision().SerializeAsString(), decision.SerializeAsString());

  ASSERT_THAT(Record(Refusal()), IsOk());
  v1::ListSharingDecisionsRequest list;
  list.set_child(child_);
  list.set_page_size(1);
  const auto page =
      fixture_.Run(manager_, decisions_, &SharingDecisions::ListSharingDecisions, list);
  ASSERT_THAT(page, IsOk());
  ASSERT_THAT(page->sharing_decisions(), SizeIs(1));
  EXPECT_EQ(page->sharing_decisions(0).name(), decision.name());
  EXPECT_FALSE(page->next_page_token().empty());
}

TEST_F(SharingDecisionsTest, TheEventTellsThatThereIsOneAndNothingOfIt) {
  ASSERT_THAT(Record(Refusal()), IsOk());
  const auto events = EventsOf(events::v1::EVENT_KIND_SHARING_DECIDED);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].child(), "") << "it is its owner's and the hub's alone";
  EXPECT_EQ(events[0].record_kind(), options::v1::RECORD_KIND_SHARING_DECISION);
  EXPECT_THAT(events[0].SerializeAsString(), Not(HasSubstr("offence")));
  EXPECT_THAT(events[0].SerializeAsString(), Not(HasSubstr("met-police")));
}

TEST_F(SharingDecisionsTest, ReviewDateIsNeededUnlessAllWasShared) {
  const auto invalid =
      StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID);
  const auto without = [](v1::SharingOutcome outcome) {
    return [outcome](v1::SharingDecision& decision) {
      decision.set_outcome(outcome);
      decision.clear_review_date();
    };
  };
  for (const auto outcome : {v1::SHARING_OUTCOME_REFUSED, v1::SHARING_OUTCOME_NOT_SHARED,
                             v1::SHARING_OUTCOME_PARTLY_SHARED}) {
    v1::RecordSharingDecisionRequest request = Refusal();
    without(outcome)(*request.mutable_sharing_decision());
    EXPECT_THAT(Record(request), invalid) << v1::SharingOutcome_Name(outcome);
  }
  v1::RecordSharingDecisionRequest request = Refusal();
  without(v1::SHARING_OUTCOME_SHARED)(*request.mutable_sharing_decision());
  EXPECT_THAT(Record(request), IsOk());
}

TEST_F(SharingDecisionsTest, ReviewDateLiesWithinAYear) {
  const auto on = [&](int year, int month, int day) {
    v1::RecordSharingDecisionRequest request = Refusal();
    *request.mutable_sharing_decision()->mutable_review_date() = DateOf(year, month, day);
    return Record(request).status();
  };
  const auto invalid =
      StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID);
  EXPECT_THAT(on(2010, 3, 16), invalid) << "today";
  EXPECT_THAT(on(2010, 3, 17), IsOk());
  EXPECT_THAT(on(2011, 3, 16), IsOk());
  EXPECT_THAT(on(2011, 3, 17), invalid);
  EXPECT_THAT(on(2010, 6, 0), invalid) << "not a day";
}

TEST_F(SharingDecisionsTest, ReasonsAndRecipientsAreReal) {
  const auto invalid =
      StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID);
  EXPECT_THAT(Faulty([](auto& d) { d.set_reasoning("No consent."); }), invalid);
  EXPECT_THAT(Faulty([](auto& d) { d.set_reasoning("no no no no no no no no no no no no"); }),
              invalid);
  EXPECT_THAT(Faulty([](auto& d) { d.set_to_agency("agencies/redbridge-council"); }), invalid);
  EXPECT_THAT(Faulty([](auto& d) { d.set_request_record("the letter of Monday"); }), invalid);
  EXPECT_THAT(Faulty([](auto& d) { d.set_request_record("checks/abc"); }), IsOk());
  EXPECT_THAT(
      Faulty([](auto& d) { d.set_to_agency("agencies/nowhere"); }),
      StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING));
}

}  // namespace
}  // namespace trusthub::children
