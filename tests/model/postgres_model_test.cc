// The model check over two processes' stores on one PostgreSQL database, with one fault in the
// middle of each run: the server is killed, stands still, throws everybody out, or loses the
// answer to a commit. In the gate one run a fault, in the longer suite (TRUSTHUB_LONG=1) twenty.
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/store/postgres/store_fixture.h"
#include "common/testing/cutting_relay.h"
#include "common/testing/matchers.h"
#include "common/testing/seed.h"
#include "gtest/gtest.h"
#include "tests/fault/extent.h"
#include "tests/model/clients.h"

namespace trusthub::model {
namespace {

using testing::CuttingRelay;
using testing::IsOk;
using testing::PostgresServer;

constexpr absl::Duration kNoticed = absl::Milliseconds(300);

// Two processes, as far as a database can tell.
class Pair {
 public:
  explicit Pair(PostgresServer& server)
      : server_(server),
        database_(server.socket_folder()),
        relay_(server.socket_folder(), ".s.PGSQL.5432") {
    // The second one by way of the relay.
    stores_.push_back(Open(database_.url(), &sequencers_[0], "auditTrees/one"));
    stores_.push_back(Open(absl::StrCat("postgresql://hub@/postgres?host=", relay_.folder(),
                                        "&options=-csearch_path%3D", database_.name()),
                           &sequencers_[1], "auditTrees/two"));
  }

  History Run(std::uint64_t seed, const std::function<void(Pair&)>& fault) {
    ClientsOptions options;
    options.stores = {stores_[0].get(), stores_[1].get()};
    options.seed = seed;
    options.fault = [&] { fault(*this); };
    return RunClients(options);
  }

  void KillTheServer() {
    server_.Kill();
    AwaitRefusal();
    ASSERT_THAT(server_.StartAgain(), IsOk());
  }
  void FreezeTheServer() {
    server_.Freeze();
    AwaitRefusal();
    server_.Thaw();
  }
  void ThrowEverybodyOut() {
    ASSERT_THAT(database_.Run("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                              " WHERE usename = 'hub'"),
                IsOk());
  }
  void LoseTheAnswerToACommit() { relay_.CutAt("COMMIT", CuttingRelay::Cut::kBeforeClient); }
  void LoseACommit() { relay_.CutAt("COMMIT", CuttingRelay::Cut::kBeforeServer); }

 private:
  static std::unique_ptr<store::Store> Open(const std::string& url, store::LeafSequencer* sequencer,
                                            const std::string& tree) {
    store::PostgresOptions options = testing::OptionsFor(url, sequencer, tree);
    options.commit_limit = absl::Seconds(3);
    auto opened = store::OpenPostgres(options);
    EXPECT_THAT(opened, IsOk());
    return *std::move(opened);
  }
  // Until a call has noticed.
  void AwaitRefusal() {
    while (true) {
      const auto view = stores_[0]->Open(RealClock().Now() + kNoticed);
      if (!view.ok() || !(*view)->Find("referrals/model0").ok()) return;
    }
  }

  PostgresServer& server_;
  const testing::PostgresDatabase database_;
  CuttingRelay relay_;
  testing::FakeLeafSequencer sequencers_[2];
  std::vector<std::unique_ptr<store::Store>> stores_;
};

TEST(PostgresModel, EveryRecordIsLinearizableWhateverFailsInBetween) {
  const std::pair<const char*, void (Pair::*)()> faults[] = {
      {"server killed", &Pair::KillTheServer},
      {"server frozen", &Pair::FreezeTheServer},
      {"connections ended", &Pair::ThrowEverybodyOut},
      {"a commit's answer lost", &Pair::LoseTheAnswerToACommit},
      {"a commit lost", &Pair::LoseACommit},
  };
  const auto server = PostgresServer::Start();
  ASSERT_THAT(server, IsOk());
  const auto runs = static_cast<std::uint64_t>(testing::Extent(1, 20));
  for (std::uint64_t run = 0; run < runs; ++run) {
    for (const auto& [what, fault] : faults) {
      const std::uint64_t seed = static_cast<std::uint64_t>(testing::TestSeed()) + run;
      Pair pair(**server);
      const auto make = fault;
      const History history = pair.Run(seed, [make](Pair& one) { (one.*make)(); });
      std::printf("seed %llu, %s: %d reads, %d writes, %d overtaken, %d unknown, %d refused\n",
                  static_cast<unsigned long long>(seed), what, history.reads, history.writes,
                  history.overtaken, history.unknown, history.refused);
      EXPECT_THAT(CheckLinearizable(history), IsOk());
      EXPECT_GT(history.writes, 0);
    }
  }
}

}  // namespace
}  // namespace trusthub::model
