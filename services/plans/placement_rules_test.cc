#include "services/plans/placement_rules.h"

#include <string>
#include <vector>

#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/plans/placement_fixture.h"

namespace trusthub::plans {
namespace {

using errors::v1::ERROR_REASON_DATE_FORBIDDEN;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using trusthub::testing::IsOk;
using trusthub::testing::StatusIs;

constexpr char kCouncil[] = "agencies/redbridge-council";

class PlacementRulesTest : public ::testing::Test {
 protected:
  PlacementRulesTest() {
    placing_.council = kCouncil;
    placing_.own_area = "317";
    placing_.today = kPlaced;
  }
  void KnowApprover(const char* agency = kCouncil) {
    placing_.approver.emplace();
    placing_.approver->set_worker(kApprover);
    placing_.approver->set_agency(agency);
  }
  // The fields that break a rule.
  std::vector<std::string> Wrong(const v1::Placement& placement) const {
    std::vector<std::string> fields;
    for (const error::Violation& violation : ViolationsOf(placement, placing_)) {
      fields.push_back(violation.field);
    }
    return fields;
  }

  Placing placing_;
};

TEST_F(PlacementRulesTest, APlacementInTheOwnAreaNeedsNoApproval) {
  EXPECT_THAT(Wrong(FosterCare()), IsEmpty());
}

TEST_F(PlacementRulesTest, OutOfAreaNeedsANominatedOfficer) {
  v1::Placement placement = FosterCare();
  placement.set_area_authority("881");
  EXPECT_THAT(Wrong(placement), ElementsAre("placement.approved_by"));
  placement.set_approved_by(kApprover);
  EXPECT_THAT(Wrong(placement), ElementsAre("placement.approved_by")) << "nobody knows that worker";
  KnowApprover();
  EXPECT_THAT(Wrong(placement), IsEmpty());
  KnowApprover("agencies/newham-council");
  EXPECT_THAT(Wrong(placement), ElementsAre("placement.approved_by"));
}

TEST_F(PlacementRulesTest, AnOfficerWhoLeftApprovesNothing) {
  v1::Placement placement = HiddenCare();
  KnowApprover();
  *placing_.approver->mutable_leave_date() = DateToProto(kPlaced);
  EXPECT_THAT(Wrong(placement), IsEmpty()) << "on the last day of service";
  *placing_.approver->mutable_leave_date() = DateToProto(kPlaced - 1);
  EXPECT_THAT(Wrong(placement), ElementsAre("placement.approved_by"));
}

TEST_F(PlacementRulesTest, ACouncilWhoseAreaIsUnknownApprovesEveryPlacement) {
  placing_.own_area = "";
  EXPECT_THAT(Wrong(FosterCare()), ElementsAre("placement.approved_by"));
}

TEST_F(PlacementRulesTest, AHiddenPlacementNeedsApprovalToo) {
  v1::Placement placement = HiddenCare();
  KnowApprover();
  EXPECT_THAT(Wrong(placement), IsEmpty());
  placement.clear_approved_by();
  EXPECT_THAT(Wrong(placement), ElementsAre("placement.approved_by"));
}

TEST_F(PlacementRulesTest, TheAreaIsHiddenExactlyWhenTheAddressIs) {
  KnowApprover();
  v1::Placement hidden = HiddenCare();
  hidden.set_area_authority("317");
  EXPECT_THAT(Wrong(hidden), ElementsAre("placement.area_authority"));
  v1::Placement open = FosterCare();
  open.set_area_authority("CON");
  open.set_approved_by(kApprover);
  EXPECT_THAT(Wrong(open), ElementsAre("placement.area_authority"));
}

TEST_F(PlacementRulesTest, TheAreaIsACodeOfALocalAuthority) {
  KnowApprover();
  v1::Placement placement = FosterCare();
  placement.set_approved_by(kApprover);
  for (const char* code : {"999", "31", "con", "IG1"}) {
    placement.set_area_authority(code);
    EXPECT_THAT(Wrong(placement), ElementsAre("placement.area_authority")) << code;
  }
}

TEST_F(PlacementRulesTest, OneAddressAndOnlyOne) {
  KnowApprover();
  v1::Placement none = FosterCare();
  none.clear_address();
  EXPECT_THAT(Wrong(none), ElementsAre("placement.address"));
  v1::Placement both = HiddenCare();
  *both.mutable_address() = both.confidential_address();
  EXPECT_THAT(Wrong(both), ElementsAre("placement.confidential_address"));
}

TEST_F(PlacementRulesTest, AProviderWouldLeadToAHiddenAddress) {
  KnowApprover();
  v1::Placement placement = HiddenCare();
  placement.set_provider("The Refuge at Elm Road");
  EXPECT_THAT(Wrong(placement), ElementsAre("placement.provider"));
}

TEST_F(PlacementRulesTest, TheFirstDayIsKnownAndHasCome) {
  v1::Placement placement = FosterCare(kPlaced + 1);
  EXPECT_THAT(Wrong(placement), ElementsAre("placement.start_date"));
  placement.mutable_start_date()->set_day(0);
  EXPECT_THAT(Wrong(placement), ElementsAre("placement.start_date"));
}

TEST_F(PlacementRulesTest, AdoptionAndItsDetailsGoTogether) {
  EXPECT_THAT(Wrong(ForAdoption()), IsEmpty());
  v1::Placement placement = ForAdoption();
  placement.set_kind(v1::PLACEMENT_KIND_FOSTER_CARE);
  EXPECT_THAT(Wrong(placement), ElementsAre("placement.kind"));
  placement = ForAdoption();
  placement.clear_adoption();
  EXPECT_THAT(Wrong(placement), ElementsAre("placement.adoption"));
}

TEST_F(PlacementRulesTest, EveryViolationIsNamedAtOnce) {
  v1::Placement placement = ForAdoption(kPlaced + 1);
  placement.clear_adoption();
  placement.clear_address();
  placement.set_area_authority("000");
  EXPECT_THAT(Wrong(placement),
              ElementsAre("placement.area_authority", "placement.address", "placement.start_date",
                          "placement.approved_by", "placement.adoption"));
}

TEST_F(PlacementRulesTest, APlacementForAdoptionReadsAsFosterCare) {
  v1::Placement placement = ForAdoption();
  KeepAdoptionApart(&placement);
  EXPECT_EQ(placement.kind(), v1::PLACEMENT_KIND_FOSTER_CARE);
  EXPECT_TRUE(placement.has_adoption());
  placement.set_kind(v1::PLACEMENT_KIND_KINSHIP_CARE);
  KeepAdoptionApart(&placement);
  EXPECT_EQ(placement.kind(), v1::PLACEMENT_KIND_KINSHIP_CARE);
}

TEST_F(PlacementRulesTest, TheNextPlacementEndsThisOneOnItsFirstDay) {
  v1::Placement open = FosterCare();
  ASSERT_THAT(EndForNext(kPlaced + 10, &open), IsOk());
  EXPECT_EQ(FormatDay(*DateFromProto(open.end_date())), "2010-04-16");
  open.clear_end_date();
  EXPECT_THAT(EndForNext(kPlaced, &open), IsOk()) << "moved on the day it came";
  open.clear_end_date();
  EXPECT_THAT(EndForNext(kPlaced - 1, &open),
              StatusIs(absl::StatusCode::kFailedPrecondition, ERROR_REASON_DATE_FORBIDDEN));
  EXPECT_FALSE(open.has_end_date());
}

}  // namespace
}  // namespace trusthub::plans
