#include "services/health/care_date.h"

#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::health {
namespace {

using testing::IsOk;
using testing::StatusIs;

const absl::CivilDay kToday(2010, 3, 30);

TEST(CareDateTest, IsAWholeDayThatHasCome) {
  EXPECT_THAT(CheckCareDate("care_date", DateToProto(kToday), kToday), IsOk());
  EXPECT_THAT(CheckCareDate("care_date", DateToProto(kToday - 400), kToday), IsOk());
  const auto invalid =
      StatusIs(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID);
  EXPECT_THAT(CheckCareDate("care_date", DateToProto(kToday + 1), kToday), invalid);
  types::v1::Date month = DateToProto(kToday);
  month.set_day(0);
  EXPECT_THAT(CheckCareDate("care_date", month, kToday), invalid);
}

}  // namespace
}  // namespace trusthub::health
