#include "services/assessments/child_seen.h"

#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::assessments {
namespace {

using absl::CivilDay;
using absl::StatusCode;
using trusthub::testing::IsOk;
using trusthub::testing::StatusIs;

TEST(CheckChildViews, EitherViewsOrWhyNot) {
  EXPECT_THAT(CheckChildViews("I want to stay with gran", ""), IsOk());
  EXPECT_THAT(CheckChildViews("", "Four months old"), IsOk());
  for (const char* blank : {"", " ", "\n\t "}) {
    EXPECT_THAT(
        CheckChildViews(blank, blank),
        StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_CHILD_VIEWS_MISSING));
  }
}

TEST(CheckChildSeen, BetweenTheFirstDayAndToday) {
  const CivilDay first(2010, 3, 16);
  const CivilDay today(2010, 3, 25);
  EXPECT_THAT(CheckChildSeen(DateToProto(first), first, today), IsOk());
  EXPECT_THAT(CheckChildSeen(DateToProto(today), first, today), IsOk());
  for (const CivilDay wrong : {first - 1, today + 1}) {
    EXPECT_THAT(CheckChildSeen(DateToProto(wrong), first, today),
                StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_DATE_FORBIDDEN));
  }
}

TEST(CheckChildSeen, AFullDay) {
  types::v1::Date month = DateToProto(CivilDay(2010, 3, 16));
  month.set_day(0);
  EXPECT_THAT(CheckChildSeen(month, CivilDay(2010, 1, 1), CivilDay(2010, 12, 31)),
              StatusIs(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID));
}

}  // namespace
}  // namespace trusthub::assessments
