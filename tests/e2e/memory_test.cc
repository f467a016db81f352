// Memory of services that were started and wait for work.
#include <cstdio>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/testing/matchers.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/processes.h"

namespace trusthub::testing {
namespace {

constexpr int kIdleKibibytesMax = 64 * 1024;

// `field` of /proc/<pid>/status, in KiB; -1 when it is not there.
int Kibibytes(pid_t pid, absl::string_view field) {
  for (const std::string& line : LinesOf(absl::StrCat("/proc/", pid, "/status"))) {
    absl::string_view rest = line;
    int amount = 0;
    if (absl::ConsumePrefix(&rest, absl::StrCat(field, ":")) &&
        absl::SimpleAtoi(absl::StripSuffix(absl::StripAsciiWhitespace(rest), " kB"), &amount)) {
      return amount;
    }
  }
  return -1;
}

// Sanitizers shadow memory, and debug builds are no mark for anyone.
bool IsMeasuredBuild() {
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

TEST(MemoryTest, IdleServicesAreSmall) {
  auto started = RunningHub::Start({CaseStart()});
  ASSERT_THAT(started, IsOk());
  RunningHub& hub = **started;
  ASSERT_THAT(hub.LoadDirectory(), IsOk());
  std::printf("%-12s %12s %12s\n", "service", "RSS MiB", "of it own");
  for (const char* service : hubctl::kServices) {
    const int resident = Kibibytes(hub.PidOf(service), "VmRSS");
    const int own = Kibibytes(hub.PidOf(service), "RssAnon");
    std::printf("%-12s %12.1f %12.1f\n", service, resident / 1024.0, own / 1024.0);
    EXPECT_GT(resident, 0) << service;
    if (IsMeasuredBuild()) {
      EXPECT_LT(resident, kIdleKibibytesMax) << service;
    }
  }
  EXPECT_THAT(hub.Stop(), IsOk());
}

}  // namespace
}  // namespace trusthub::testing
