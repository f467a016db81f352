#include "tests/e2e/processes.h"

#include <signal.h>

#include <string>

#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trusthub/directory/v1/directory_service.pb.h"

namespace trusthub::testing {
namespace {

TEST(Processes, AHubServesRemembersAndStops) {
  absl::StatusOr<std::unique_ptr<RunningHub>> started = RunningHub::Start();
  ASSERT_THAT(started, IsOk());
  RunningHub& hub = **started;
  ASSERT_THAT(hub.LoadDirectory(), IsOk());
  ASSERT_THAT(hub.LoadDirectory(), IsOk()) << "the same request ids give the same answers";

  EXPECT_EQ(hub.Kill("directory", SIGKILL), -SIGKILL);
  EXPECT_THAT(hub.Restart("directory"), IsOk());
  directory::v1::GetWorkerRequest request;
  request.set_name("workers/lbr-sw-01");
  const auto worker = hub.DeskOf("lbr-manager-01")
                          ->Call<directory::v1::GetWorkerResponse>(request, "assessment", "T-1");
  ASSERT_THAT(worker, IsOk());
  EXPECT_EQ(worker->worker().display_name(), "Sunita Bhatt");
  EXPECT_THAT(hub.Stop(), IsOk());
}

TEST(Processes, AChildThatEndsIsReported) {
  const TempFolder folder;
  ChildProcess::Options options;
  options.program = "/bin/sh";
  options.arguments = {"-c", "echo said $WHAT; exit 7"};
  options.environment = {"WHAT=something"};
  options.output = folder.File("output");
  auto child = ChildProcess::Start(options);
  ASSERT_THAT(child, IsOk());
  EXPECT_EQ((*child)->Wait(absl::Seconds(30)), 7);
  EXPECT_FALSE((*child)->running());
  EXPECT_THAT(LinesOf(options.output), ::testing::ElementsAre("said something"));

  options.arguments = {"-c", "read never"};  // nothing comes from /dev/null: it ends at once
  child = ChildProcess::Start(options);
  ASSERT_THAT(child, IsOk());
  EXPECT_EQ((*child)->Wait(absl::Seconds(30)), 1);
}

}  // namespace
}  // namespace trusthub::testing
