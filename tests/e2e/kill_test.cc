// kill -9 of each service while clients write: what was acknowledged is there, once.
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/testing/matchers.h"
#include "common/testing/seed.h"
#include "common/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/hub_records.h"
#include "tests/e2e/processes.h"
#include "tests/e2e/writers.h"
#include "tests/e2e/writes.h"
#include "tests/fault/extent.h"

namespace trusthub::testing {
namespace {

constexpr int kWritesAfterRestart = 8;
// From a kill to the next acknowledged write; near 0.4 s on an idle machine.
constexpr absl::Duration kBackWithin = absl::Seconds(10);

class KillTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto started = RunningHub::Start({CaseStart()});
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    ASSERT_THAT(hub_->LoadDirectory(), IsOk());
  }

  // Records of the events of `kind`, with how often each came.
  std::map<std::string, int> Told(const std::string& service, events::v1::EventKind kind) {
    std::map<std::string, int> told;
    const auto events = EventsOf(hub_->hub(), service);
    EXPECT_THAT(events, IsOk());
    if (!events.ok()) return told;
    for (const events::v1::Event& event : *events) {
      if (event.kind() == kind) ++told[event.record()];
    }
    return told;
  }

  std::unique_ptr<RunningHub> hub_;
};

TEST_P(KillTest, NothingAcknowledgedIsLostAndNothingDoubled) {
  const std::string service = GetParam();
  std::mt19937 random(static_cast<std::uint32_t>(TestSeed()));
  const int rounds = static_cast<int>(Extent(3, 20));
  const std::unique_ptr<Writes> writes = MakeWrites(service, &hub_->hub());
  ASSERT_THAT(writes->Prepare(), IsOk());
  const std::map<std::string, int> before = Told(service, writes->event());

  std::vector<Acknowledged> all;
  int next_number = 0;
  int retried = 0;
  absl::Duration longest_away;
  for (int round = 0; round < rounds; ++round) {
    Writers writers(writes.get(), &next_number);
    ASSERT_TRUE(writers.WaitFor(std::uniform_int_distribution<int>(5, 40)(random)));
    ASSERT_EQ(hub_->Kill(service, SIGKILL), -SIGKILL);
    const absl::Duration killed = MonotonicNow();
    ASSERT_THAT(hub_->Restart(service), IsOk());
    ASSERT_TRUE(writers.WaitFor(writers.count() + 1));
    const absl::Duration away = MonotonicNow() - killed;
    longest_away = std::max(longest_away, away);
    EXPECT_LT(away, kBackWithin) << "clients find a service that came back";
    ASSERT_TRUE(writers.WaitFor(writers.count() + kWritesAfterRestart));
    writers.Stop();
    EXPECT_THAT(writers.refused(), ::testing::IsEmpty());
    retried += writers.retried();
    all.insert(all.end(), writers.acknowledged().begin(), writers.acknowledged().end());
  }
  std::printf("%s: %zu writes acknowledged, %d sent again, %d kills, away for %s at most\n",
              service.c_str(), all.size(), retried, rounds,
              absl::FormatDuration(longest_away).c_str());

  std::set<std::string> records;
  std::vector<types::v1::Receipt> receipts;
  for (const Acknowledged& write : all) {
    EXPECT_TRUE(records.insert(write.written.record).second) << "one record, two answers";
    EXPECT_THAT(writes->Read(write.written.record), IsOk()) << write.written.record;
    const auto again = writes->Write(write.number, write.request_id);
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->record, write.written.record) << "the same request gives the same record";
    receipts.push_back(write.written.receipt);
    receipts.push_back(again->receipt);
  }
  std::map<std::string, int> told = Told(service, writes->event());
  for (const auto& [record, count] : before) {
    EXPECT_EQ(told[record], count) << record;
    told.erase(record);
  }
  for (const auto& [record, count] : told) {
    EXPECT_EQ(count, 1) << record;
    EXPECT_TRUE(records.count(record) == 1) << record << " was made and never acknowledged";
  }
  EXPECT_EQ(told.size(), records.size());

  const auto listed = writes->List();
  ASSERT_THAT(listed, IsOk());
  if (listed->has_value()) {
    std::map<std::string, int> times;
    for (const std::string& name : **listed) ++times[name];
    for (const auto& [name, count] : times) EXPECT_EQ(count, 1) << name;
    for (const std::string& record : records) EXPECT_EQ(times[record], 1) << record;
  }
  const auto entries = CheckAuditLog(hub_->hub(), service, receipts);
  ASSERT_THAT(entries, IsOk());
  EXPECT_GT(*entries, static_cast<std::int64_t>(receipts.size()));
  EXPECT_THAT(hub_->Stop(), IsOk());
}

INSTANTIATE_TEST_SUITE_P(Services, KillTest,
                         ::testing::ValuesIn(hubctl::kServices.begin(), hubctl::kServices.end()),
                         [](const auto& service) { return std::string(service.param); });

}  // namespace
}  // namespace trusthub::testing
