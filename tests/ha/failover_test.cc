// A primary fails under eight writers and its synchronous standby takes over: nothing that was
// acknowledged is lost or done twice, what was not known is found by its key, and a primary that
// comes back acknowledges nothing any more. The primary is killed, stands still, or is parted from
// everybody by the network. In the gate one trial each, in the longer suite (TRUSTHUB_LONG=1) 20 of
// the first and 5 of the others.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/store/postgres/store_fixture.h"
#include "common/store/timely_store.h"
#include "common/testing/matchers.h"
#include "common/testing/seed.h"
#include "tests/fault/extent.h"
#include "tests/ha/server_pair.h"
#include "tests/ha/writers.h"

namespace trusthub::ha {
namespace {

using testing::FakeLeafSequencer;
using testing::IsOk;

constexpr int kWriters = 8;
constexpr absl::Duration kRecoveryMax = absl::Seconds(60);
// As a call: a store that does not answer is answered for (timely_store.h). On a busy machine.
constexpr absl::Duration kAttemptMax = absl::Seconds(3);

enum class Failure { kKilled, kFrozen, kParted };

// The hub's end of a trial: two replicas of a service, their stores bounded in time as a service's.
struct Replicas {
  Replicas(const std::string& hosts, const ServerPair& servers) {
    for (int i = 0; i < 2; ++i) {
      sequencers.push_back(std::make_unique<FakeLeafSequencer>());
      auto opened = store::OpenPostgres(OptionsAt(hosts, servers, i, sequencers.back().get()));
      EXPECT_THAT(opened, IsOk());
      owned.push_back(store::MakeTimely(*std::move(opened)));
      stores.push_back(owned.back().get());
    }
  }
  static store::PostgresOptions OptionsAt(const std::string& hosts, const ServerPair& servers,
                                          int number, store::LeafSequencer* sequencer) {
    store::PostgresOptions options = testing::OptionsFor(
        servers.UrlAt(hosts), sequencer, absl::StrCat("auditTrees/replica", number));
    options.commit_limit = absl::Seconds(2);
    options.connect_limit = absl::Seconds(2);
    options.start_limit = absl::Seconds(10);
    return options;
  }

  std::vector<std::unique_ptr<FakeLeafSequencer>> sequencers;
  std::vector<std::unique_ptr<store::Store>> owned;
  std::vector<store::Store*> stores;
};

class Trial {
 public:
  Trial(std::uint64_t seed, Failure failure) : random_(seed), failure_(failure) {}

  // How long nothing was acknowledged.
  absl::Duration Run() {
    Replicas hub(servers_.hosts(), servers_);
    Writers writers(hub.stores, kWriters);
    EXPECT_TRUE(writers.Await(static_cast<std::int64_t>(20 + random_() % 400), kRecoveryMax));
    Fail();
    const absl::Duration failed = MonotonicNow();
    servers_.Promote();
    EXPECT_TRUE(writers.Await(100, kRecoveryMax)) << "the replicas do not go on";
    if (failure_ != Failure::kKilled) {
      Return();
      EXPECT_TRUE(writers.Await(200, kRecoveryMax)) << "the replicas do not go on";
      ExpectNoCommitAtOldPrimary();
    }
    writers.Stop(kRecoveryMax);
    Expect(writers, hub);
    const Tally tally = writers.tally();
    const absl::Duration pause = LongestPause(tally, failed);
    std::printf(
        "%lld acknowledged; unknown %lld, of which done %lld; pause %s, longest attempt %s; stale "
        "reads, none answered: %lld%s\n",
        static_cast<long long>(tally.acknowledged), static_cast<long long>(tally.unknown),
        static_cast<long long>(tally.found_done),
        absl::FormatDuration(absl::Trunc(pause, absl::Milliseconds(1))).c_str(),
        absl::FormatDuration(absl::Trunc(tally.longest, absl::Milliseconds(1))).c_str(),
        static_cast<long long>(tally.stale), only_there_.c_str());
    std::fflush(stdout);
    return pause;
  }

 private:
  void Fail() {
    switch (failure_) {
      case Failure::kKilled:
        return servers_.primary().Kill();
      case Failure::kFrozen:
        return servers_.primary().Freeze();
      case Failure::kParted:
        return servers_.relay().Hold();
    }
  }
  void Return() {
    if (failure_ == Failure::kFrozen) servers_.primary().Thaw();
    if (failure_ == Failure::kParted) servers_.relay().LetPass();
  }

  // It takes connections and says that it may be written to; but it waits for its standby.
  void ExpectNoCommitAtOldPrimary() {
    FakeLeafSequencer sequencer;
    auto options = Replicas::OptionsAt(servers_.primary().socket_folder(), servers_, 7, &sequencer);
    const auto opened = store::OpenPostgres(options);
    EXPECT_FALSE(opened.ok()) << "the old primary committed";
    const auto there = servers_.database().Run("SELECT count(*) FROM record");
    EXPECT_THAT(there, IsOk()) << "the old primary was to be up";
    const auto waiting = servers_.database().Run(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    only_there_ = absl::StrCat("; the old primary is back with ", there.value_or("?"), " records, ",
                               waiting.value_or("?"), " commits wait for ever");
  }

  // As the replicas show it, and as others do that start now.
  void Expect(const Writers& writers, const Replicas& hub) {
    EXPECT_EQ(absl::StrJoin(writers.problems(), "\n"), "");
    EXPECT_EQ(absl::StrJoin(writers.Compare(hub.stores), "\n"), "");
    const Replicas fresh(servers_.standby().socket_folder(), servers_);
    EXPECT_EQ(absl::StrJoin(writers.Compare(fresh.stores), "\n"), "");
    EXPECT_LT(writers.tally().longest, kAttemptMax);
  }

  std::mt19937_64 random_;
  const Failure failure_;
  ServerPair servers_;
  std::string only_there_;
};

void RunTrials(Failure failure, std::int64_t count) {
  std::vector<absl::Duration> pauses;
  for (std::int64_t i = 0; i < count && !::testing::Test::HasFailure(); ++i) {
    const std::uint64_t seed = testing::TestSeed() + static_cast<std::uint64_t>(i);
    std::printf("seed %llu: ", static_cast<unsigned long long>(seed));
    pauses.push_back(Trial(seed, failure).Run());
  }
  std::sort(pauses.begin(), pauses.end());
  std::printf("%zu trials; nothing acknowledged for %s at least, %s in the median, %s at most\n",
              pauses.size(), absl::FormatDuration(pauses.front()).c_str(),
              absl::FormatDuration(pauses[pauses.size() / 2]).c_str(),
              absl::FormatDuration(pauses.back()).c_str());
}

TEST(FailoverTest, KilledPrimary) { RunTrials(Failure::kKilled, testing::Extent(1, 20)); }
TEST(FailoverTest, FrozenPrimary) { RunTrials(Failure::kFrozen, testing::Extent(1, 5)); }
TEST(FailoverTest, PartedPrimary) { RunTrials(Failure::kParted, testing::Extent(1, 5)); }

}  // namespace
}  // namespace trusthub::ha
