// Serving and knowing are two things: a service whose neighbour is gone or hangs still serves, and
// says that it has not caught up until it has.
#include "deploy/hubctl/readiness.h"

#include <signal.h>

#include <memory>
#include <string>
#include <utility>

#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/processes.h"

namespace trusthub::testing {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kNoticedWithin = absl::Seconds(20);

class ReadinessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = RunningHub::Start({CaseStart()});
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    ASSERT_THAT(hubctl::WaitUntilFresh(hub_->hub(), kNoticedWithin), IsOk());
  }
  absl::Status Fresh(const std::string& service) {
    return hubctl::CheckFresh(hub_->hub(), service);
  }
  bool BecomesFresh(const std::string& service, bool fresh) {
    return Within(kNoticedWithin, [&] { return Fresh(service).ok() == fresh; });
  }

  std::unique_ptr<RunningHub> hub_;
};

TEST_F(ReadinessTest, WhoFollowsADeadServiceServesAndIsNotFreshUntilItIsBack) {
  ASSERT_EQ(hub_->Kill("directory", SIGKILL), -SIGKILL);
  ASSERT_TRUE(BecomesFresh("referrals", false));
  EXPECT_THAT(std::string(Fresh("referrals").message()),
              HasSubstr("has not caught up with the events of the others"));
  EXPECT_THAT(hubctl::CheckServing(hub_->hub(), "referrals", absl::Seconds(2)), IsOk());
  EXPECT_THAT(hubctl::WaitUntilFresh(hub_->hub(), absl::ZeroDuration()), ::testing::Not(IsOk()));
  ASSERT_THAT(hub_->Restart("directory"), IsOk());
  EXPECT_TRUE(BecomesFresh("referrals", true));
}

TEST_F(ReadinessTest, AServiceThatHangsIsNoticedAndFollowedAgainWhenItGoesOn) {
  hub_->Signal("children", SIGSTOP);
  EXPECT_TRUE(BecomesFresh("plans", false));
  EXPECT_THAT(Fresh("directory"), IsOk()) << "it follows nobody";
  hub_->Signal("children", SIGCONT);
  EXPECT_TRUE(BecomesFresh("plans", true));
}

}  // namespace
}  // namespace trusthub::testing
