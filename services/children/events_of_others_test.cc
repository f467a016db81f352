// What the events of other services make of a child.
#include <string>
#include <vector>

#include "common/events/facts.h"
#include "common/policy/policy.h"
#include "gmock/gmock.h"
#include "services/children/children_fixture.h"

namespace trusthub::children {
namespace {

using testing::LondonTime;
using ::testing::SizeIs;

class EventsOfOthersTest : public ChildrenTest {
 protected:
  events::v1::Event EventAbout(events::v1::EventKind kind, absl::string_view record) {
    events::v1::Event event;
    event.set_kind(kind);
    event.set_child(child_);
    event.set_record(std::string(record));
    event.set_owner_agency("agencies/redbridge-council");
    event.set_author_agency("agencies/redbridge-council");
    *event.mutable_occurred_at() = TimeToProto(fixture_.now());
    return event;
  }
  events::v1::Event Referral() {
    events::v1::Event event =
        EventAbout(events::v1::EVENT_KIND_REFERRAL_SUBMITTED, "referrals/one");
    event.mutable_referral()->set_from_agency("agencies/uphall-primary");
    event.mutable_referral()->set_to_agency("agencies/redbridge-council");
    return event;
  }
  // A discussion that decides on an enquiry.
  events::v1::Event Discussion(absl::string_view record, const std::vector<std::string>& agencies) {
    events::v1::Event event =
        EventAbout(events::v1::EVENT_KIND_STRATEGY_DISCUSSION_RECORDED, record);
    event.mutable_discussion()->set_start_enquiry(true);
    for (const std::string& agency : agencies) {
      event.mutable_discussion()->add_agencies(absl::StrCat("agencies/", agency));
    }
    return event;
  }
  events::v1::Event Concluded(absl::string_view enquiry, absl::string_view discussion,
                              absl::string_view outcome) {
    events::v1::Event event = EventAbout(events::v1::EVENT_KIND_ENQUIRY_CONCLUDED, enquiry);
    event.mutable_discussion()->set_strategy_discussion(std::string(discussion));
    event.mutable_discussion()->set_outcome(std::string(outcome));
    return event;
  }
  events::v1::Event Plan(events::v1::EventKind kind, const std::vector<std::string>& core_group) {
    events::v1::Event event = EventAbout(kind, "plans/one");
    event.mutable_plan()->set_kind("CHILD_PROTECTION");
    *event.mutable_plan()->mutable_start_date() = DateOf(2010, 4, 22);
    for (const std::string& agency : core_group) event.mutable_plan()->add_core_group(agency);
    return event;
  }
  // policy::Relation bits of an agency, from the facts that the events left here.
  std::uint32_t RelationsOf(absl::string_view agency) {
    store::Transaction tx = fixture_.Begin();
    const auto facts = events::ChildFactsOf(tx, child_);
    EXPECT_TRUE(facts.ok());
    return events::RelationsOf(*facts, absl::StrCat("agencies/", agency), fixture_.now());
  }
  std::uint32_t Flags() {
    store::Transaction tx = fixture_.Begin();
    return events::FlagsOf(*events::ChildFactsOf(tx, child_), LondonDay(fixture_.now()));
  }
  // Applies `event` twice; the second time nothing may change.
  void ApplyTwice(const events::v1::Event& event) {
    Apply(event);
    const std::string after = Get(child_).SerializeAsString();
    const std::size_t events = fixture_.Events().size();
    Apply(event);
    EXPECT_EQ(Get(child_).SerializeAsString(), after);
    EXPECT_THAT(fixture_.Events(), SizeIs(events));
  }

  std::string child_ = Registered("uphall-primary", Ayesha());
};

TEST_F(EventsOfOthersTest, AReferralInvolvesBothSides) {
  ApplyTwice(Referral());
  EXPECT_EQ(RelationsOf("uphall-primary"), policy::kHolding | policy::kReferrer);
  EXPECT_EQ(RelationsOf("redbridge-council"), policy::kResponsible);
  EXPECT_EQ(RelationsOf("met-police"), 0u);
  EXPECT_EQ(Get(child_).involvements(1).basis(), "referrals/one");
}

TEST_F(EventsOfOthersTest, ADiscussionInvolvesItsAgencies) {
  events::v1::Event event =
      EventAbout(events::v1::EVENT_KIND_STRATEGY_DISCUSSION_RECORDED, "strategyDiscussions/one");
  event.mutable_discussion()->add_agencies("agencies/met-police");
  event.mutable_discussion()->add_agencies("agencies/bhrut");
  ApplyTwice(event);
  EXPECT_EQ(RelationsOf("met-police"), policy::kEnquiry);
  EXPECT_EQ(RelationsOf("bhrut"), policy::kEnquiry);
  // It decided on no enquiry, so nothing will end it: its record is agreed within four weeks.
  fixture_.SetNow(fixture_.now() + absl::Hours(28 * 24 - 1));
  EXPECT_EQ(RelationsOf("met-police"), policy::kEnquiry);
  fixture_.SetNow(fixture_.now() + absl::Hours(1));
  EXPECT_EQ(RelationsOf("met-police"), 0u);
}

TEST_F(EventsOfOthersTest, AnEnquiryInvolvesUntilItIsConcluded) {
  Apply(Discussion("strategyDiscussions/one", {"met-police", "bhrut"}));
  Apply(Discussion("strategyDiscussions/two", {"met-police"}));
  fixture_.SetNow(fixture_.now() + absl::Hours(100 * 24));
  EXPECT_EQ(RelationsOf("bhrut"), policy::kEnquiry);
  ApplyTwice(Concluded("enquiries/one", "strategyDiscussions/one", "NOT_SUBSTANTIATED"));
  EXPECT_EQ(RelationsOf("bhrut"), 0u);
  EXPECT_EQ(RelationsOf("met-police"), policy::kEnquiry) << "the other enquiry lasts";
  ApplyTwice(Concluded("enquiries/two", "strategyDiscussions/two", "NOT_SUBSTANTIATED"));
  EXPECT_EQ(RelationsOf("met-police"), 0u);
  // Late news of a discussion does not involve its agencies again.
  events::v1::Event late = Discussion("strategyDiscussions/one", {"bhrut"});
  *late.mutable_occurred_at() = TimeToProto(LondonTime(2010, 3, 16, 9));
  Apply(late);
  EXPECT_EQ(RelationsOf("bhrut"), 0u);
}

TEST_F(EventsOfOthersTest, AnEnquiryThatLeadsToAConferenceInvolvesUntilThatIsDue) {
  Apply(Discussion("strategyDiscussions/one", {"bhrut"}));
  fixture_.SetNow(LondonTime(2010, 3, 25, 12));
  events::v1::Event event =
      Concluded("enquiries/one", "strategyDiscussions/one", "SUBSTANTIATED_CONFERENCE");
  *event.mutable_discussion()->mutable_conference_due_date() = DateOf(2010, 4, 6);
  ApplyTwice(event);
  fixture_.SetNow(LondonTime(2010, 4, 6, 23, 59));
  EXPECT_EQ(RelationsOf("bhrut"), policy::kEnquiry);
  fixture_.SetNow(LondonTime(2010, 4, 7, 0));
  EXPECT_EQ(RelationsOf("bhrut"), 0u);
}

TEST_F(EventsOfOthersTest, AdviceAloneEndsTheResponsibilityOfItsReferral) {
  ApplyTwice(Referral());
  EXPECT_EQ(RelationsOf("redbridge-council"), policy::kResponsible);
  fixture_.SetNow(fixture_.now() + absl::Hours(1));
  events::v1::Event event = Referral();
  event.set_kind(events::v1::EVENT_KIND_REFERRAL_DECIDED);
  event.mutable_referral()->set_decision("ADVICE");
  ApplyTwice(event);
  EXPECT_EQ(RelationsOf("redbridge-council"), 0u);
}

TEST_F(EventsOfOthersTest, NoFurtherActionEndsTheResponsibilityOfItsReferral) {
  Apply(Referral());
  events::v1::Event second = Referral();
  second.set_record("referrals/two");
  Apply(second);
  fixture_.SetNow(fixture_.now() + absl::Hours(1));
  const auto decided = [&](absl::string_view record, absl::string_view decision) {
    events::v1::Event event = Referral();
    event.set_kind(events::v1::EVENT_KIND_REFERRAL_DECIDED);
    event.set_record(std::string(record));
    event.mutable_referral()->set_decision(std::string(decision));
    return event;
  };
  ApplyTwice(decided("referrals/one", "NO_FURTHER_ACTION"));
  EXPECT_EQ(RelationsOf("redbridge-council"), policy::kResponsible) << "the other one is open";
  ApplyTwice(decided("referrals/two", "ASSESS"));
  EXPECT_EQ(RelationsOf("redbridge-council"), policy::kResponsible);
  ApplyTwice(decided("referrals/two", "NO_FURTHER_ACTION"));
  EXPECT_EQ(RelationsOf("redbridge-council"), 0u);
  EXPECT_EQ(RelationsOf("uphall-primary"), policy::kHolding | policy::kReferrer)
      << "who referred still may ask what became of it";
}

TEST_F(EventsOfOthersTest, ManyOpenReferralsAreNoLongList) {
  for (int i = 0; i < 40; ++i) {
    events::v1::Event event = Referral();
    event.set_record(absl::StrCat("referrals/r", i));
    Apply(event);
  }
  EXPECT_LE(Get(child_).involvements_size(), 10);
  // The decision makes its council responsible where the list had no room for its receipt.
  events::v1::Event decided = Referral();
  decided.set_kind(events::v1::EVENT_KIND_REFERRAL_DECIDED);
  decided.mutable_referral()->set_decision("NO_FURTHER_ACTION");
  fixture_.SetNow(fixture_.now() + absl::Hours(1));
  for (int i = 0; i < 40; ++i) {
    decided.set_record(absl::StrCat("referrals/r", i));
    if (i == 39) decided.mutable_referral()->set_decision("ASSESS");
    Apply(decided);
  }
  EXPECT_EQ(RelationsOf("redbridge-council"), policy::kResponsible);
}

TEST_F(EventsOfOthersTest, ACheckInvolvesWhomItAsksUntilTheAnswer) {
  events::v1::Event event = EventAbout(events::v1::EVENT_KIND_CHECK_CHANGED, "checks/one");
  events::v1::InvolvementFact& asked = *event.mutable_involvement();
  asked.set_agency("agencies/redbridge-housing");
  asked.set_kind("ASKED");
  asked.set_basis("checks/one");
  *asked.mutable_start_time() = event.occurred_at();
  ApplyTwice(event);
  EXPECT_EQ(RelationsOf("redbridge-housing"), policy::kAsked);
  EXPECT_EQ(Get(child_).involvements(1).kind(), v1::INVOLVEMENT_KIND_ASKED);
  fixture_.SetNow(fixture_.now() + absl::Hours(2));
  const events::v1::Event first = event;
  *asked.mutable_end_time() = TimeToProto(fixture_.now());
  ApplyTwice(event);
  EXPECT_EQ(RelationsOf("redbridge-housing"), 0u);
  EXPECT_TRUE(Get(child_).involvements(1).has_end_time());
  ApplyTwice(first);
  EXPECT_EQ(RelationsOf("redbridge-housing"), 0u);
}

TEST_F(EventsOfOthersTest, WhoDoesAnActionOfThePlanIsInvolved) {
  events::v1::Event plan = Plan(events::v1::EVENT_KIND_PLAN_STARTED, {"agencies/nhs-redbridge"});
  plan.mutable_plan()->add_action_owners("agencies/redbridge-housing");
  plan.mutable_plan()->add_action_owners("agencies/nhs-redbridge");
  ApplyTwice(plan);
  EXPECT_EQ(RelationsOf("redbridge-housing"), policy::kActionOwner);
  EXPECT_EQ(RelationsOf("nhs-redbridge"), policy::kCoreGroup | policy::kActionOwner);
  fixture_.SetNow(fixture_.now() + absl::Hours(1));
  ApplyTwice(Plan(events::v1::EVENT_KIND_PLAN_CHANGED, {"agencies/nhs-redbridge"}));
  EXPECT_EQ(RelationsOf("redbridge-housing"), 0u);
  EXPECT_EQ(RelationsOf("nhs-redbridge"), policy::kCoreGroup);
  fixture_.SetNow(fixture_.now() + absl::Hours(1));
  plan.set_kind(events::v1::EVENT_KIND_PLAN_CHANGED);
  *plan.mutable_occurred_at() = TimeToProto(fixture_.now());
  ApplyTwice(plan);
  EXPECT_EQ(RelationsOf("redbridge-housing"), policy::kActionOwner) << "who comes back is in again";
  fixture_.SetNow(fixture_.now() + absl::Hours(1));
  ApplyTwice(Plan(events::v1::EVENT_KIND_PLAN_ENDED, {}));
  EXPECT_EQ(RelationsOf("redbridge-housing"), 0u);
  EXPECT_EQ(RelationsOf("nhs-redbridge"), 0u);
}

TEST_F(EventsOfOthersTest, APlanIsAStatusWithACoreGroup) {
  fixture_.SetNow(LondonTime(2010, 4, 22, 12));
  ApplyTwice(Plan(events::v1::EVENT_KIND_PLAN_STARTED,
                  {"agencies/uphall-primary", "agencies/nhs-redbridge"}));
  EXPECT_EQ(Flags(), policy::kProtectionPlan);
  EXPECT_EQ(RelationsOf("nhs-redbridge"), policy::kCoreGroup);
  const auto told = EventsOf(events::v1::EVENT_KIND_STATUS_CHANGED);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].owner_agency(), "agencies/redbridge-council");
  EXPECT_EQ(told[0].status().kind(), "CHILD_PROTECTION_PLAN");

  ApplyTwice(Plan(events::v1::EVENT_KIND_PLAN_CHANGED,
                  {"agencies/uphall-primary", "agencies/redbridge-housing"}));
  fixture_.SetNow(fixture_.now() + absl::Minutes(1));
  EXPECT_EQ(RelationsOf("nhs-redbridge"), 0u);
  EXPECT_EQ(RelationsOf("redbridge-housing"), policy::kCoreGroup);

  fixture_.SetNow(LondonTime(2010, 7, 22, 12));
  events::v1::Event end = Plan(events::v1::EVENT_KIND_PLAN_ENDED, {});
  *end.mutable_plan()->mutable_end_date() = DateOf(2010, 7, 22);
  ApplyTwice(end);
  fixture_.SetNow(LondonTime(2010, 7, 23, 12));
  EXPECT_EQ(Flags(), 0u);
  EXPECT_EQ(RelationsOf("redbridge-housing"), 0u);
  EXPECT_EQ(Get(child_).statuses(0).end_date().day(), 22);

  // Late news of the plan does not start it again.
  Apply(Plan(events::v1::EVENT_KIND_PLAN_STARTED, {"agencies/nhs-redbridge"}));
  EXPECT_EQ(Flags(), 0u);
  EXPECT_EQ(RelationsOf("nhs-redbridge"), 0u);
}

TEST_F(EventsOfOthersTest, AChildIsLookedAfterFromTheFirstPlacementOn) {
  fixture_.SetNow(LondonTime(2010, 4, 22, 12));
  const auto placement = [&](const char* record, int day) {
    events::v1::Event event = EventAbout(events::v1::EVENT_KIND_PLACEMENT_RECORDED, record);
    event.mutable_plan()->set_kind("LOOKED_AFTER");
    *event.mutable_plan()->mutable_start_date() = DateOf(2010, 4, day);
    return event;
  };
  ApplyTwice(placement("placements/one", 6));
  EXPECT_EQ(Flags(), policy::kLookedAfter);
  Apply(placement("placements/two", 20));
  const auto told = EventsOf(events::v1::EVENT_KIND_STATUS_CHANGED);
  ASSERT_THAT(told, SizeIs(1))
      << "a move changes where the child lives, not that it is looked after";
  EXPECT_EQ(told[0].owner_agency(), "agencies/redbridge-council");
  EXPECT_EQ(told[0].status().kind(), "LOOKED_AFTER");
  EXPECT_EQ(told[0].status().start_date().day(), 6);
}

TEST_F(EventsOfOthersTest, AnAttendanceIsPresentingForADay) {
  events::v1::Event event =
      EventAbout(events::v1::EVENT_KIND_ATTENDANCE_REGISTERED, "attendances/one");
  event.mutable_access()->set_agency("agencies/bhrut");
  ApplyTwice(event);
  EXPECT_EQ(RelationsOf("bhrut"), policy::kPresenting);
  fixture_.SetNow(fixture_.now() + absl::Hours(23));
  EXPECT_EQ(RelationsOf("bhrut"), policy::kPresenting);
  fixture_.SetNow(fixture_.now() + absl::Hours(1));
  EXPECT_EQ(RelationsOf("bhrut"), 0u);
}

TEST_F(EventsOfOthersTest, AnEventAboutAnUnknownChildIsPassedOver) {
  const std::size_t events = fixture_.Events().size();
  events::v1::Event event = Referral();
  event.set_child("children/nobody");
  Apply(event);
  EXPECT_THAT(fixture_.Events(), SizeIs(events));
  event.clear_child();
  Apply(event);
  EXPECT_THAT(fixture_.Events(), SizeIs(events));
}

TEST_F(EventsOfOthersTest, OtherEventsAndOtherPlansChangeNothing) {
  const std::string before = Get(child_).SerializeAsString();
  events::v1::Event event = Plan(events::v1::EVENT_KIND_PLAN_STARTED, {"agencies/bhrut"});
  event.mutable_plan()->set_kind("SOMETHING_NEWER");
  Apply(event);
  Apply(EventAbout(events::v1::EVENT_KIND_ASSESSMENT_STARTED, "assessments/one"));
  EXPECT_EQ(Get(child_).SerializeAsString(), before);
}

}  // namespace
}  // namespace trusthub::children
