#include "common/testing/matchers.h"

#include <string>

#include "common/testing/fake_clock.h"
#include "gtest/gtest.h"

namespace trusthub::testing {
namespace {

using ::testing::Not;

TEST(MatchersTest, SeeStatusAndStatusOr) {
  EXPECT_THAT(absl::OkStatus(), IsOk());
  EXPECT_THAT(absl::StatusOr<std::string>("value"), IsOk());
  EXPECT_THAT(error::EtagStale(), Not(IsOk()));
  EXPECT_THAT(absl::StatusOr<std::string>(error::EtagStale()),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(error::EtagStale(),
              StatusIs(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE));
  EXPECT_THAT(error::EtagStale(),
              Not(StatusIs(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_STATE_FORBIDS)));
  EXPECT_THAT(error::EtagStale(), Not(StatusIs(absl::StatusCode::kNotFound)));
}

TEST(FakeClockTest, StandsUntilMoved) {
  FakeClock clock;
  const absl::Time start = clock.Now();
  EXPECT_EQ(clock.Now(), start);
  clock.Advance(absl::Seconds(-3));
  EXPECT_EQ(clock.Now(), start - absl::Seconds(3));
  clock.Set(absl::UnixEpoch());
  EXPECT_EQ(clock.Now(), absl::UnixEpoch());
}

}  // namespace
}  // namespace trusthub::testing
