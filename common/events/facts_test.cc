#include "common/events/facts.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/relations.h"
#include "common/events/events_fixtures.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::events {
namespace {

using testing::IsOk;
using testing::StatusIs;

constexpr char kChild[] = "children/c1";
constexpr char kCouncil[] = "agencies/test-council";
const absl::Time kNow = absl::FromUnixSeconds(1268733600);

class FactsTest : public ::testing::Test {
 protected:
  internal::v1::ChildFacts Facts(absl::string_view child = kChild) {
    store::Transaction tx = store_.Begin();
    auto facts = ChildFactsOf(tx, child);
    EXPECT_THAT(facts, IsOk());
    return *std::move(facts);
  }
  void Apply(const v1::Event& event) {
    store::Transaction tx = store_.Begin();
    ASSERT_THAT(ApplyFacts(tx, event), IsOk());
    ASSERT_THAT(store_.Commit(tx), IsOk());
  }

  TestStore store_;
};

TEST_F(FactsTest, NothingIsKnownAtFirst) {
  EXPECT_EQ(Facts().ByteSizeLong(), 0u);
  store::Transaction tx = store_.Begin();
  EXPECT_EQ(*WorkerFactOf(tx, "workers/w1"), std::nullopt);
  EXPECT_EQ(*AgencyFactOf(tx, kCouncil), std::nullopt);
  EXPECT_EQ(*ReferralFactOf(tx, "referrals/r1"), std::nullopt);
  EXPECT_EQ(*DiscussionFactOf(tx, "strategyDiscussions/d1"), std::nullopt);
}

TEST_F(FactsTest, AnInvolvementIsOneOfAgencyKindAndBasis) {
  Apply(InvolvementEvent(kChild, kCouncil, "RESPONSIBLE", "referrals/r1"));
  Apply(InvolvementEvent(kChild, kCouncil, "RESPONSIBLE", "referrals/r2"));
  Apply(InvolvementEvent(kChild, kCouncil, "HOLDING", "referrals/r1"));
  Apply(InvolvementEvent(kChild, "agencies/police", "HOLDING", "referrals/r1"));
  Apply(InvolvementEvent("children/c2", kCouncil, "HOLDING", "referrals/r1"));
  EXPECT_EQ(Facts().involvements_size(), 4);
  EXPECT_EQ(Facts("children/c2").involvements_size(), 1);
  Apply(InvolvementEvent(kChild, kCouncil, "RESPONSIBLE", "referrals/r2", kNow));
  ASSERT_EQ(Facts().involvements_size(), 4);
  EXPECT_FALSE(Facts().involvements(0).has_end_time());
  EXPECT_TRUE(Facts().involvements(1).has_end_time());
}

TEST_F(FactsTest, AStatusIsOneOfKindAndBasis) {
  const absl::CivilDay day(2010, 3, 1);
  Apply(StatusEvent(kChild, "LOOKED_AFTER", "plans/p1", day));
  Apply(StatusEvent(kChild, "LOOKED_AFTER", "plans/p2", day));
  Apply(StatusEvent(kChild, "CHILD_PROTECTION_PLAN", "plans/p1", day));
  EXPECT_EQ(Facts().statuses_size(), 3);
  Apply(StatusEvent(kChild, "LOOKED_AFTER", "plans/p1", day, day + 30));
  ASSERT_EQ(Facts().statuses_size(), 3);
  EXPECT_TRUE(Facts().statuses(0).has_end_date());
}

TEST_F(FactsTest, ApplyingTwiceChangesNothing) {
  const v1::Event involvement = InvolvementEvent(kChild, kCouncil, "ENQUIRY", "enquiries/e1");
  const v1::Event status =
      StatusEvent(kChild, "LOOKED_AFTER", "plans/p1", absl::CivilDay(2010, 3, 1));
  Apply(involvement);
  Apply(status);
  const std::string once = Facts().SerializeAsString();
  Apply(involvement);
  Apply(status);
  EXPECT_EQ(Facts().SerializeAsString(), once);
}

v1::Event AllocationEvent(std::optional<absl::Time> end) {
  v1::Event event;
  event.set_child(kChild);
  event.mutable_allocation()->set_allocation("allocations/a1");
  *event.mutable_allocation()->mutable_start_time() = TimeToProto(kNow);
  if (end.has_value()) *event.mutable_allocation()->mutable_end_time() = TimeToProto(*end);
  return event;
}

// A stream may be read again from its beginning, and two streams may bring one involvement.
TEST_F(FactsTest, OldNewsOpensNothingThatEnded) {
  const v1::Event begun = InvolvementEvent(kChild, kCouncil, "ASKED", "checks/c1");
  Apply(InvolvementEvent(kChild, kCouncil, "ASKED", "checks/c1", kNow));
  Apply(begun);
  ASSERT_EQ(Facts().involvements_size(), 1);
  EXPECT_TRUE(Facts().involvements(0).has_end_time());
  // Begun anew after the end is new.
  v1::Event anew = begun;
  *anew.mutable_involvement()->mutable_start_time() = TimeToProto(kNow + absl::Hours(1));
  Apply(anew);
  ASSERT_EQ(Facts().involvements_size(), 1);
  EXPECT_FALSE(Facts().involvements(0).has_end_time());

  Apply(AllocationEvent(kNow + absl::Hours(1)));
  Apply(AllocationEvent(std::nullopt));
  ASSERT_EQ(Facts().allocations_size(), 1);
  EXPECT_TRUE(Facts().allocations(0).has_end_time());

  v1::Event enquiry;
  enquiry.set_child(kChild);
  enquiry.set_record("enquiries/e1");
  for (const v1::EventKind kind :
       {v1::EVENT_KIND_ENQUIRY_CONCLUDED, v1::EVENT_KIND_ENQUIRY_STARTED}) {
    enquiry.set_kind(kind);
    Apply(enquiry);
  }
  ASSERT_EQ(Facts().enquiries_size(), 1);
  EXPECT_TRUE(Facts().enquiries(0).concluded());

  const absl::CivilDay day(2010, 3, 1);
  Apply(StatusEvent(kChild, "LOOKED_AFTER", "plans/p1", day, day + 30));
  Apply(StatusEvent(kChild, "LOOKED_AFTER", "plans/p1", day));
  ASSERT_EQ(Facts().statuses_size(), 1);
  EXPECT_TRUE(Facts().statuses(0).has_end_date());
}

TEST_F(FactsTest, WhatEndedLongAgoIsDroppedWhereOldNewsCouldOpenNothing) {
  store::Transaction tx = store_.Begin();
  const auto at = [&](int days) { return TimeToProto(tx.now() + absl::Hours(24 * days)); };
  v1::Event event;
  event.set_child(kChild);
  for (const int days : {-400, -300, 1}) {
    const std::string id = absl::StrCat("x/", days + 400);
    event.mutable_consent_override()->set_consent_override(id);
    *event.mutable_consent_override()->mutable_expire_time() = at(days);
    event.mutable_break_glass()->set_break_glass(id);
    *event.mutable_break_glass()->mutable_expire_time() = at(days);
    event.mutable_conflict()->set_conflict(id);
    *event.mutable_conflict()->mutable_end_time() = at(days);
    event.mutable_allocation()->set_allocation(id);
    *event.mutable_allocation()->mutable_end_time() = at(days);
    Apply(event);
  }
  event.clear_allocation();
  event.mutable_conflict()->set_conflict("x/live");
  event.mutable_conflict()->clear_end_time();
  Apply(event);
  const internal::v1::ChildFacts facts = Facts();
  EXPECT_EQ(facts.consent_overrides_size(), 2);
  EXPECT_EQ(facts.break_glasses_size(), 2);
  EXPECT_EQ(facts.conflicts_size(), 3) << "the one without an end lasts";
  EXPECT_EQ(facts.allocations_size(), 3) << "old news could open one";
}

TEST_F(FactsTest, EveryOtherFactIsFoundByItsKey) {
  Apply(WorkerEvent("workers/w1", kCouncil));
  Apply(WorkerEvent("workers/w1", "agencies/police"));
  v1::Event agency;
  agency.mutable_agency()->set_agency(kCouncil);
  agency.mutable_agency()->set_title("Test Council");
  Apply(agency);
  v1::Event referral;
  referral.set_record("referrals/r1");
  referral.mutable_referral()->set_to_agency(kCouncil);
  Apply(referral);
  referral.mutable_referral()->set_decision("ASSESS");
  Apply(referral);
  v1::Event discussion;
  discussion.set_record("strategyDiscussions/d1");
  discussion.mutable_discussion()->add_agencies(kCouncil);
  Apply(discussion);
  Apply(discussion);
  store::Transaction tx = store_.Begin();
  EXPECT_EQ((*WorkerFactOf(tx, "workers/w1"))->agency(), "agencies/police");
  EXPECT_EQ((*AgencyFactOf(tx, kCouncil))->title(), "Test Council");
  EXPECT_EQ((*ReferralFactOf(tx, "referrals/r1"))->decision(), "ASSESS");
  EXPECT_EQ((*DiscussionFactOf(tx, "strategyDiscussions/d1"))->agencies_size(), 1);
  EXPECT_EQ(*ReferralFactOf(tx, "strategyDiscussions/d1"), std::nullopt);
}

TEST_F(FactsTest, AFactThatNamesNobodyIsRefused) {
  store::Transaction tx = store_.Begin();
  EXPECT_THAT(ApplyFacts(tx, InvolvementEvent("", kCouncil, "HOLDING", "")),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ApplyFacts(tx, WorkerEvent("", kCouncil)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(FactsTest, EmitAndApplyShowsInItsOwnTransaction) {
  store::Transaction tx = store_.Begin();
  ASSERT_THAT(EmitAndApply(tx, InvolvementEvent(kChild, kCouncil, "HOLDING", "")), IsOk());
  ASSERT_THAT(EmitAndApply(tx, InvolvementEvent(kChild, "agencies/gp", "HOLDING", "")), IsOk());
  EXPECT_EQ(ChildFactsOf(tx, kChild)->involvements_size(), 2);
  ASSERT_THAT(store_.Commit(tx), IsOk());
  EXPECT_EQ(Facts().involvements_size(), 2);
  store::Transaction later = store_.Begin();
  EXPECT_EQ(later.snapshot().ReadEvents(0, 10)->size(), 2u);
}

// Both read the facts before either wrote: one must start again, or its change were lost.
TEST_F(FactsTest, ConcurrentChangesOfAChildConflict) {
  store::Transaction one = store_.Begin();
  store::Transaction two = store_.Begin();
  ASSERT_THAT(ApplyFacts(one, InvolvementEvent(kChild, kCouncil, "HOLDING", "")), IsOk());
  ASSERT_THAT(ApplyFacts(two, InvolvementEvent(kChild, "agencies/gp", "HOLDING", "")), IsOk());
  EXPECT_THAT(store_.Commit(one), IsOk());
  EXPECT_TRUE(store::IsConflict(store_.Commit(two)));
  EXPECT_EQ(Facts().involvements_size(), 1);
}

TEST(RelationsTest, AreThoseOfLastingInvolvements) {
  internal::v1::ChildFacts facts;
  const auto add = [&](absl::string_view agency, absl::string_view kind,
                       std::optional<absl::Time> end) {
    *facts.add_involvements() = InvolvementEvent(kChild, agency, kind, "", end).involvement();
  };
  add(kCouncil, "HOLDING", std::nullopt);
  add(kCouncil, "RESPONSIBLE", kNow + absl::Hours(1));
  add(kCouncil, "ENQUIRY", kNow);
  add(kCouncil, "SOMETHING_NEW", std::nullopt);
  add("agencies/a-and-e", "PRESENTING", std::nullopt);
  add("agencies/school", "REFERRER", std::nullopt);
  add("agencies/school", "CORE_GROUP", std::nullopt);
  add("", "HOLDING", std::nullopt);
  EXPECT_EQ(RelationsOf(facts, kCouncil, kNow), policy::kHolding | policy::kResponsible);
  EXPECT_EQ(RelationsOf(facts, kCouncil, kNow - absl::Seconds(1)),
            policy::kHolding | policy::kResponsible | policy::kEnquiry);
  EXPECT_EQ(RelationsOf(facts, kCouncil, kNow + absl::Hours(1)), policy::kHolding);
  EXPECT_EQ(RelationsOf(facts, "agencies/a-and-e", kNow), policy::kPresenting);
  EXPECT_EQ(RelationsOf(facts, "agencies/school", kNow), policy::kReferrer | policy::kCoreGroup);
  EXPECT_EQ(RelationsOf(facts, "agencies/stranger", kNow), 0u);
  EXPECT_EQ(RelationsOf(facts, "", kNow), 0u);
}

TEST(FlagsTest, CountFromTheFirstDayToTheLast) {
  internal::v1::ChildFacts facts;
  const absl::CivilDay start(2010, 3, 1);
  const absl::CivilDay end(2010, 3, 31);
  *facts.add_statuses() =
      StatusEvent(kChild, "CHILD_PROTECTION_PLAN", "plans/p1", start, end).status();
  *facts.add_statuses() = StatusEvent(kChild, "LOOKED_AFTER", "plans/p2", end).status();
  EXPECT_EQ(FlagsOf(facts, start - 1), 0u);
  EXPECT_EQ(FlagsOf(facts, start), policy::kProtectionPlan);
  EXPECT_EQ(FlagsOf(facts, end), policy::kProtectionPlan | policy::kLookedAfter);
  EXPECT_EQ(FlagsOf(facts, end + 1), policy::kLookedAfter);
  internal::v1::ChildFacts unborn;
  unborn.add_statuses()->set_kind("UNBORN_CHILD_PROTECTION_PLAN");
  EXPECT_EQ(FlagsOf(unborn, start), policy::kProtectionPlan);
}

}  // namespace
}  // namespace trusthub::events
