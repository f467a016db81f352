// A service whose audit log has grown for years: how long it takes to serve again after a stop and
// after a kill -9, and to verify everything. In the gate with fewer entries; a million in the
// longer suite (tests/fault/run --long), with the marks of issue 4: 5 s and 20 s.
#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/testing/matchers.h"
#include "common/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/commands.h"
#include "tests/e2e/processes.h"
#include "tests/fault/extent.h"
#include "tests/fault/large_log.h"

namespace trusthub::testing {
namespace {

constexpr char kService[] = "referrals";
constexpr absl::Duration kRestartWithin = absl::Seconds(5);
constexpr absl::Duration kVerifiedWithin = absl::Seconds(20);

class ScaleTest : public ::testing::Test, protected Commands {
 protected:
  using Commands::Run;  // not ::testing::Test::Run

  void SetUp() override {
    auto started = RunningHub::Start();
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    ASSERT_THAT(hub_->LoadDirectory(), IsOk());
  }

  template <class Work>
  absl::Duration Timed(const char* what, Work work) {
    const absl::Duration began = MonotonicNow();
    work();
    const absl::Duration took = MonotonicNow() - began;
    std::printf("%-42s %s\n", what, absl::FormatDuration(took).c_str());
    std::fflush(stdout);
    return took;
  }

  void ExpectVerified(std::vector<std::string> more, std::int64_t at_least) {
    std::vector<std::string> arguments = {"audit", "verify", "--json", "--service", kService};
    arguments.insert(arguments.end(), more.begin(), more.end());
    UseHub(hub_->hub().folder());
    const Ran ran = Run(std::move(arguments));
    const std::string& said = ran.output;
    EXPECT_EQ(ran.exit_code, 0) << said;
    const auto rows = ran.json();
    ASSERT_TRUE(rows.is_array() && rows.size() == 1) << said;
    EXPECT_EQ(rows[0]["result"], "verified");
    std::int64_t checked = 0;
    EXPECT_TRUE(absl::SimpleAtoi(rows[0]["entries"].get<std::string>(), &checked)) << said;
    EXPECT_GE(checked, at_least);
  }

  std::unique_ptr<RunningHub> hub_;
};

TEST_F(ScaleTest, ServesAgainSoonAndVerifiesEverything) {
  const std::int64_t entries = Extent(30'000, 1'000'000);
  ASSERT_EQ(hub_->Kill(kService, SIGTERM), 0);
  const std::string key =
      absl::StrCat(hub_->hub().folder(), "/pki/services/", kService, "/audit.key");
  Timed(absl::StrCat(entries, " entries added in").c_str(),
        [&] { ASSERT_THAT(GrowLogOfService(hub_->DataOf(kService), key, entries), IsOk()); });
  EXPECT_LT(
      Timed("serves again after a stop", [&] { ASSERT_THAT(hub_->Restart(kService), IsOk()); }),
      kRestartWithin);
  ASSERT_EQ(hub_->Kill(kService, SIGKILL), -SIGKILL);
  EXPECT_LT(
      Timed("serves again after kill -9", [&] { ASSERT_THAT(hub_->Restart(kService), IsOk()); }),
      kRestartWithin);
  EXPECT_LT(Timed("hubctl audit verify", [&] { ExpectVerified({}, entries); }), kVerifiedWithin);
  ASSERT_EQ(hub_->Kill(kService, SIGTERM), 0);
  EXPECT_LT(Timed("hubctl audit verify --stopped (with tiles)",
                  [&] { ExpectVerified({"--stopped"}, entries); }),
            kVerifiedWithin);
}

}  // namespace
}  // namespace trusthub::testing
