// Whoever steals the disk of a hub learns nothing of a child: no name, number, address, telephone
// or narrative of a whole population stands in the stores, their logs, the spools, the services'
// logs or their metrics, and no process leaves its memory behind.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/identifiers/identifiers.h"
#include "common/testing/matchers.h"
#include "common/testing/sanitized.h"
#include "deploy/hubctl/loading.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/canaries.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/processes.h"

namespace trusthub::testing {
namespace {

// --- The hub
// --------------------------------------------------------------------------------------

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

// What a scraper of Prometheus is told.
std::string MetricsAt(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string request = "GET /metrics HTTP/1.0\r\n\r\n";
  EXPECT_EQ(send(fd, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = recv(fd, buffer, sizeof(buffer), 0)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  close(fd);
  return text;
}

std::string LineOf(const std::string& path, const std::string& start) {
  for (const std::string& line : LinesOf(path)) {
    if (absl::StartsWith(line, start)) return line;
  }
  return "";
}

TEST(StolenDiskTest, NamesNoChild) {
  RunningHub::Options options;
  options.domain_now = CaseStart();
  auto started = RunningHub::Start(options);
  ASSERT_THAT(started, IsOk());
  RunningHub& hub = **started;
  ASSERT_THAT(hub.LoadDirectory(), IsOk());
  const int port = FreePort();
  {
    std::ofstream config(hub.ConfigOf("children"), std::ios::app);
    config << "metrics: 127.0.0.1:" << port << "\n";
  }
  ASSERT_EQ(hub.Kill("children", SIGTERM), 0);
  ASSERT_THAT(hub.Restart("children"), IsOk());
  ASSERT_THAT(hubctl::LoadPopulation(hub.hub(), 4, nullptr), IsOk());
  CasePath path(&hub.hub(), 1, absl::CivilDay(2010, 1, 11));
  ASSERT_THAT(path.ToPlan(), IsOk());
  ASSERT_THAT(path.Attend(), IsOk());
  // A refusal and an error, which are logged.
  const auto bad = path.At("uphall-lead-01")
                       .Call<referrals::v1::SubmitReferralResponse>(
                           ReferralOf("Test1 Example, 9434765919", "no request id"),
                           "safeguarding_referral", "CASE-1");
  EXPECT_FALSE(bad.ok());

  // While it runs: no memory is left behind, and keys stand in memory that is never swapped.
  for (const char* service : hubctl::kServices) {
    const std::string proc = absl::StrCat("/proc/", hub.PidOf(service));
    const std::string limits = LineOf(proc + "/limits", "Max core file size");
    EXPECT_THAT(limits, ::testing::ContainsRegex("size +0 +0 ")) << service;
    if (IsSanitized()) continue;  // has no mlock
    const std::string locked = LineOf(proc + "/status", "VmLck:");
    EXPECT_THAT(locked, ::testing::ContainsRegex("[1-9][0-9]* kB")) << service;
  }
  std::map<std::string, std::string> stolen = FilesUnder(hub.hub().folder() + "/data");
  for (auto& [file, bytes] : FilesUnder(hub.hub().folder() + "/log")) stolen[file] = bytes;
  stolen["metrics"] = MetricsAt(port);
  EXPECT_TRUE(absl::StrContains(stolen["metrics"], "trusthub_calls_total"));
  EXPECT_TRUE(std::any_of(stolen.begin(), stolen.end(), [](const auto& file) {
    return absl::EndsWith(file.first, "store.db-wal") && file.second.size() > 4096;
  })) << "stores are looked at with their logs";

  // And what a stopped hub leaves.
  ASSERT_THAT(hub.Stop(), IsOk());
  for (auto& [file, bytes] : FilesUnder(hub.hub().folder() + "/data")) {
    stolen[file + " (stopped)"] = bytes;
  }
  const TempFolder outside;
  Needles needles;
  int records = 0;
  {
    const auto plain = OpenPlain(outside.File("plain.db"), true);
    ASSERT_THAT(plain, IsOk());
    for (const char* service : hubctl::kServices) {
      if (service == std::string("directory")) continue;
      ASSERT_THAT(Collect(hub, service, **plain, &needles, &records), IsOk()) << service;
    }
  }
  std::size_t searched = 0;
  for (const auto& [file, bytes] : stolen) {
    searched += bytes.size();
    EXPECT_THAT(FieldsIn(bytes, needles), ::testing::IsEmpty()) << file;
    EXPECT_FALSE(absl::StrContains(bytes, "9434765919")) << file << " echoes a refused request";
  }
  std::printf("%zu texts of %d records looked for in %zu files of %zu KiB\n", needles.size(),
              records, stolen.size(), searched / 1024);
  EXPECT_GT(needles.size(), 1'000u);
  EXPECT_GT(records, 300);

  // A store that is not sealed would have told every one of them.
  std::string plain;
  for (const auto& [file, bytes] : FilesUnder(outside.path())) plain += bytes;
  for (const auto& [needle, field] : needles) {
    // NHS numbers as people write them stand in no record.
    const bool is_spaced = identifiers::IsNhsNumber(absl::StrReplaceAll(needle, {{" ", ""}})) &&
                           absl::StrContains(needle, ' ');
    EXPECT_TRUE(is_spaced || absl::StrContains(plain, needle)) << "never found: " << field;
  }
}

}  // namespace
}  // namespace trusthub::testing
