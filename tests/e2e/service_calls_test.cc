// Tessera's method on the program itself (C-1): strace kills a service at its first call of the
// system that changes a file of its data folder, at the second, and so on, from an empty folder
// until it serves. After each kill it starts over what was left, and serves. In the gate a few of
// the kills, in the longer suite all.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "common/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/child_process.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/processes.h"
#include "tests/fault/extent.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kService[] = "referrals";
constexpr char kStrace[] = "/usr/bin/strace";
constexpr absl::Duration kPatience = absl::Seconds(60);
// One after the other: each has its own count.
constexpr const char* kCalls[] = {"openat",    "write",     "pwrite64", "fsync",
                                  "fdatasync", "ftruncate", "rename",   "unlink"};

class ServiceCallsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    RunningHub::Options options;
    options.services = {kService};
    auto started = RunningHub::Start(options);
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    ASSERT_EQ(hub_->Kill(kService, SIGTERM), 0);
  }

  // Starts the service over the data folder as it is; whether it was killed at its `nth` `call`
  // before it served. Nothing when strace cannot work here.
  std::optional<bool> KilledAt(const std::string& call, int nth) {
    const std::string data = hub_->DataOf(kService);
    const std::string output = folder_.File("output");
    fs::remove(output);
    ChildProcess::Options options;
    options.program = kStrace;
    options.arguments = {"-f",
                         "-o",
                         "/dev/null",
                         "-e",
                         absl::StrCat("trace=", call),
                         "-e",
                         absl::StrCat("inject=", call, ":signal=KILL:when=", nth)};
    for (const char* file :
         {"", "/audit-tree", "/audit-tree.new", "/store.db", "/store.db-wal", "/store.db-journal",
          "/store.db-shm", "/store.db.lock", "/refusals.spool", "/refusals.spool.new"}) {
      options.arguments.insert(options.arguments.end(), {"-P", data + file});
    }
    options.arguments.insert(options.arguments.end(),
                             {ServiceBinary(kService), "--config", hub_->ConfigOf(kService)});
    options.output = output;
    auto process = ChildProcess::Start(options);
    if (!process.ok()) return std::nullopt;
    // The last file that a start makes is the spool; from then on it serves.
    std::optional<int> ended;
    Within(kPatience, [&] {
      ended = (*process)->Wait(absl::ZeroDuration());
      return ended.has_value() || fs::exists(data + "/refusals.spool");
    });
    if (!ended.has_value()) {
      ended = (*process)->Wait(absl::Milliseconds(300));
      if (ended.has_value()) return true;
      // The service itself: strace told to end would leave it running, and holding the port.
      std::ifstream children(
          absl::StrCat("/proc/", (*process)->pid(), "/task/", (*process)->pid(), "/children"));
      pid_t service = 0;
      if (!(children >> service)) return std::nullopt;
      kill(service, SIGTERM);
      (*process)->Wait(kPatience);
      return false;
    }
    if (*ended == -SIGKILL) return true;
    std::printf("strace: ended with %d\n", *ended);
    return std::nullopt;
  }

  std::unique_ptr<RunningHub> hub_;
  const TempFolder folder_;
};

TEST_F(ServiceCallsTest, AServiceKilledAtAnyCallOfItsFirstStartServesAfterwards) {
  if (!fs::exists(kStrace)) GTEST_SKIP() << "NOT TESTED: there is no strace here";
  const int step = static_cast<int>(Extent(9, 1));
  int kills = 0;
  for (const char* call : kCalls) {
    for (int nth = 1;; nth += step) {
      SCOPED_TRACE(absl::StrCat(call, " ", nth));
      fs::remove_all(hub_->DataOf(kService));
      const std::optional<bool> killed = KilledAt(call, nth);
      if (!killed.has_value()) GTEST_SKIP() << "NOT TESTED: strace cannot work here";
      if (!*killed) break;
      ++kills;
      ASSERT_THAT(hub_->Restart(kService), IsOk());
      ASSERT_EQ(hub_->Kill(kService, SIGTERM), 0);
    }
  }
  std::printf("killed at each of %d calls\n", kills);
  EXPECT_GT(kills, 5);
}

}  // namespace
}  // namespace trusthub::testing
