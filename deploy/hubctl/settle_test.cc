#include "deploy/hubctl/settle.h"

#include "common/error/error.h"
#include "common/time/clock.h"
#include "gtest/gtest.h"

namespace trusthub::hubctl {
namespace {

TEST(Settle, AsksUntilTheFactHasArrived) {
  int asked = 0;
  const absl::Status status = Settle(absl::Seconds(30), [&asked] {
    return ++asked < 4 ? error::RecordNotFound() : absl::OkStatus();
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(asked, 4);
}

TEST(Settle, DoesNotAskAgainWhereItWouldNotHelp) {
  int asked = 0;
  const absl::Status status = Settle(absl::Seconds(30), [&asked] {
    ++asked;
    return error::MethodNotPermitted("plans.end");
  });
  EXPECT_EQ(error::ReasonOf(status), errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED);
  EXPECT_EQ(asked, 1);
}

TEST(Settle, GivesTheLastRefusalWhenTimeIsUp) {
  int asked = 0;
  const absl::Duration start = MonotonicNow();
  const absl::Status status = Settle(absl::Milliseconds(60), [&asked] {
    ++asked;
    return error::RecordNotFound();
  });
  EXPECT_EQ(error::ReasonOf(status), errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
  EXPECT_GE(MonotonicNow() - start, absl::Milliseconds(60));
  EXPECT_GE(asked, 2);
}

TEST(Settle, WithoutTimeAsksOnce) {
  int asked = 0;
  EXPECT_FALSE(Settle(absl::ZeroDuration(), [&asked] {
                 ++asked;
                 return error::ServerBusy();
               }).ok());
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace trusthub::hubctl
