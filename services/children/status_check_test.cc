// What unscheduled care is told, and who learns that it asked.
#include <string>

#include "common/policy/policy.h"
#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "services/children/accesses.h"
#include "services/children/children_fixture.h"

namespace trusthub::children {
namespace {

using ::testing::IsEmpty;
using testing::LondonTime;
using ::testing::SizeIs;

constexpr char kNhsNumber[] = "9434765919";

class StatusCheckTest : public ChildrenTest {
 protected:
  // A known child, by kNhsNumber.
  std::string KnownChild() {
    v1::ChildDetails details = Ayesha();
    details.set_nhs_number(kNhsNumber);
    return Registered("nhs-redbridge", details);
  }
  void TellCouncil(absl::string_view office) {
    events::v1::Event event;
    event.set_kind(events::v1::EVENT_KIND_AGENCY_CHANGED);
    event.set_record("agencies/redbridge-council");
    event.mutable_agency()->set_agency("agencies/redbridge-council");
    event.mutable_agency()->set_title("London Borough of Redbridge");
    event.mutable_agency()->set_office_telephone(std::string(office));
    event.mutable_agency()->set_emergency_telephone("020 7946 0999");
    Apply(event);
  }
  events::v1::Event PlanEvent(const std::string& child, events::v1::EventKind kind) {
    events::v1::Event event;
    event.set_kind(kind);
    event.set_child(child);
    event.set_record("plans/one");
    event.set_owner_agency("agencies/redbridge-council");
    event.set_author_agency("agencies/redbridge-council");
    *event.mutable_occurred_at() = TimeToProto(fixture_.now());
    event.mutable_plan()->set_kind("CHILD_PROTECTION");
    *event.mutable_plan()->mutable_start_date() = DateOf(2010, 3, 16);
    event.mutable_plan()->add_core_group("agencies/uphall-primary");
    return event;
  }
  void StartPlan(const std::string& child) {
    Apply(PlanEvent(child, events::v1::EVENT_KIND_PLAN_STARTED));
  }
  void EndPlan(const std::string& child, const types::v1::Date& day) {
    events::v1::Event event = PlanEvent(child, events::v1::EVENT_KIND_PLAN_ENDED);
    *event.mutable_plan()->mutable_end_date() = day;
    Apply(event);
  }
};

TEST_F(StatusCheckTest, TellsThePlanAndWhomToRing) {
  const std::string child = KnownChild();
  TellCouncil("020 7946 0317");
  StartPlan(child);
  const auto outcome = Check("bhrut", kNhsNumber);
  ASSERT_TRUE(outcome.response.ok()) << outcome.response.status();
  const v1::ChildStatus& status = outcome.response->status();
  EXPECT_EQ(status.child(), child);
  ASSERT_THAT(status.statuses(), SizeIs(1));
  EXPECT_EQ(status.statuses(0).kind(), v1::STATUS_KIND_CHILD_PROTECTION_PLAN);
  EXPECT_EQ(status.statuses(0).start_date().day(), 16);
  EXPECT_FALSE(status.statuses(0).has_end_date());
  EXPECT_EQ(status.statuses(0).responsible_title(), "London Borough of Redbridge");
  EXPECT_EQ(status.statuses(0).office_telephone(), "020 7946 0317");
  EXPECT_EQ(status.statuses(0).emergency_telephone(), "020 7946 0999");
  EXPECT_THAT(status.previous_accesses(), IsEmpty());
  EXPECT_EQ(outcome.relations, policy::kPresenting);
  EXPECT_EQ(outcome.child, child);
}

TEST_F(StatusCheckTest, TelephonesAreTodays) {
  const std::string child = KnownChild();
  StartPlan(child);  // before the directory was heard
  EXPECT_EQ(Check("bhrut", kNhsNumber).response->status().statuses(0).office_telephone(), "");
  TellCouncil("020 7946 0317");
  EXPECT_EQ(Check("bhrut", kNhsNumber).response->status().statuses(0).office_telephone(),
            "020 7946 0317");
  TellCouncil("020 7946 0318");
  EXPECT_EQ(Check("bhrut", kNhsNumber).response->status().statuses(0).office_telephone(),
            "020 7946 0318");
  v1::GetChildRequest get;
  get.set_name(child);
  const auto read =
      fixture_.Run(testing::Caller("redbridge-council", "sw"), children_, &Children::GetChild, get);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->child().statuses(0).office_telephone(), "020 7946 0318");
}

TEST_F(StatusCheckTest, UnknownAndWithoutStatusAreAnsweredAlike) {
  KnownChild();
  const auto unknown = Check("bhrut", "9990000018");
  const auto without = Check("bhrut", kNhsNumber);
  ASSERT_TRUE(unknown.response.ok() && without.response.ok());
  EXPECT_TRUE(unknown.response->has_status());
  EXPECT_EQ(unknown.response->SerializeAsString(), without.response->SerializeAsString());
  EXPECT_EQ(unknown.relations, without.relations);
  // Nor does a second look show the first.
  EXPECT_EQ(Check("whipps-cross", kNhsNumber).response->SerializeAsString(),
            unknown.response->SerializeAsString());
}

TEST_F(StatusCheckTest, TheResponsibleCouncilLearnsOfTheAccess) {
  const std::string child = KnownChild();
  Check("bhrut", "9990000018");  // unknown: nobody to tell
  Check("bhrut", kNhsNumber);    // known, without a status: nobody to tell either
  EXPECT_THAT(EventsOf(events::v1::EVENT_KIND_STATUS_ACCESSED), IsEmpty());
  StartPlan(child);
  Check("bhrut", kNhsNumber);
  const auto events = EventsOf(events::v1::EVENT_KIND_STATUS_ACCESSED);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].child(), child);
  EXPECT_EQ(events[0].owner_agency(), "agencies/redbridge-council");
  EXPECT_EQ(events[0].access().agency(), "agencies/bhrut");
  EXPECT_EQ(events[0].access().role(), options::v1::ROLE_EMERGENCY_NURSE);
  EXPECT_TRUE(events[0].access().status_found());
}

TEST_F(StatusCheckTest, AnEndedPlanIsToldForTwelveMonths) {
  const std::string child = KnownChild();
  StartPlan(child);
  fixture_.SetNow(LondonTime(2010, 9, 30, 12));
  EndPlan(child, DateOf(2010, 9, 30));
  fixture_.SetNow(LondonTime(2011, 9, 30, 23, 59));
  ASSERT_THAT(Check("bhrut", kNhsNumber).response->status().statuses(), SizeIs(1));
  EXPECT_TRUE(Check("bhrut", kNhsNumber).response->status().statuses(0).has_end_date());
  fixture_.SetNow(LondonTime(2011, 10, 1, 0, 1));
  const auto after = Check("bhrut", kNhsNumber);
  EXPECT_THAT(after.response->status().statuses(), IsEmpty());
  EXPECT_THAT(after.response->status().previous_accesses(), IsEmpty());
  EXPECT_EQ(after.response->status().child(), "");
}

TEST_F(StatusCheckTest, TellsThe25LatestAccessesNewestFirst) {
  const std::string child = KnownChild();
  StartPlan(child);
  for (int i = 0; i < 70; ++i) {
    fixture_.SetNow(LondonTime(2010, 4, 1, 0) + absl::Minutes(i));
    Check(i % 2 == 0 ? "bhrut" : "whipps-cross", kNhsNumber);
  }
  fixture_.SetNow(LondonTime(2010, 4, 2, 0));
  const auto outcome = Check("bhrut", kNhsNumber);
  const auto& accesses = outcome.response->status().previous_accesses();
  ASSERT_THAT(accesses, SizeIs(kAccessesMax));
  EXPECT_EQ(accesses[0].agency(), "agencies/whipps-cross");
  EXPECT_EQ(accesses[1].agency(), "agencies/bhrut");
  for (int i = 0; i < kAccessesMax; ++i) {
    EXPECT_EQ(TimeFromProto(accesses[i].access_time()),
              LondonTime(2010, 4, 1, 0) + absl::Minutes(69 - i));
  }
  // And no more than these are kept.
  store::Transaction tx = fixture_.Begin();
  const auto kept = tx.snapshot().ListState(absl::StrCat("accesses/", child), "", 100);
  ASSERT_TRUE(kept.ok());
  EXPECT_THAT(*kept, SizeIs(kAccessesMax));
}

TEST_F(StatusCheckTest, TwoHospitalsAtOnceDoNotDisturbEachOther) {
  StartPlan(KnownChild());
  v1::CheckChildRequest request;
  request.set_nhs_number(kNhsNumber);
  const auto one = testing::Caller("bhrut", "a", options::v1::ROLE_EMERGENCY_NURSE);
  const auto two = testing::Caller("whipps-cross", "b", options::v1::ROLE_EMERGENCY_NURSE);
  store::Transaction tx1 = fixture_.Begin(), tx2 = fixture_.Begin();
  ASSERT_TRUE(RunIn(tx1, one, &Children::CheckChild, request).response.ok());
  ASSERT_TRUE(RunIn(tx2, two, &Children::CheckChild, request).response.ok());
  EXPECT_TRUE(store::CommitAndWait(fixture_.store(), tx1.TakeWrites()).ok());
  EXPECT_TRUE(store::CommitAndWait(fixture_.store(), tx2.TakeWrites()).ok());
  EXPECT_THAT(Check("bhrut", kNhsNumber).response->status().previous_accesses(), SizeIs(2));
}

}  // namespace
}  // namespace trusthub::children
