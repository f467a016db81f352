#include "services/assessments/trigger.h"

#include "gtest/gtest.h"

namespace trusthub::assessments {
namespace {

using absl::CivilDay;

TEST(TimescaleOf, NamesTheRuleOfEachKind) {
  EXPECT_EQ(TimescaleOf(v1::ASSESSMENT_KIND_INITIAL), "ASSESS.INITIAL");
  EXPECT_EQ(TimescaleOf(v1::ASSESSMENT_KIND_CORE), "ASSESS.CORE");
}

TEST(CoreTrigger, IsTheEarliestEventSinceTheReferral) {
  const CivilDay since(2010, 3, 16);
  const CivilDay start(2010, 4, 6);
  EXPECT_EQ(CoreTrigger({CivilDay(2010, 3, 30), CivilDay(2010, 3, 25)}, since, start),
            CivilDay(2010, 3, 25));
  EXPECT_EQ(CoreTrigger({since}, since, start), since);
  EXPECT_EQ(CoreTrigger({CivilDay(2010, 3, 15), CivilDay(2010, 3, 30)}, since, start),
            CivilDay(2010, 3, 30));
}

TEST(CoreTrigger, IsTheStartWithoutOne) {
  const CivilDay since(2010, 3, 16);
  const CivilDay start(2010, 4, 6);
  EXPECT_EQ(CoreTrigger({}, since, start), start);
  EXPECT_EQ(CoreTrigger({CivilDay(2010, 3, 15)}, since, start), start);
  EXPECT_EQ(CoreTrigger({CivilDay(2010, 4, 7)}, since, start), start);
}

}  // namespace
}  // namespace trusthub::assessments
