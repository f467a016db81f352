// The model check over SQLite, bounded in time as calls see it, with one fault in the
// middle of each run: commits that are refused, overtaken or held back until they are given up.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "common/store/sqlite/sqlite_store.h"
#include "common/store/timely_store.h"
#include "common/testing/failing_store.h"
#include "common/testing/forwarding_store.h"
#include "common/testing/matchers.h"
#include "common/testing/seed.h"
#include "common/testing/temp_folder.h"
#include "gtest/gtest.h"
#include "tests/fault/extent.h"
#include "tests/model/clients.h"

namespace trusthub::model {
namespace {

using testing::IsOk;

struct Bounded {
  Bounded() {
    store::SqliteOptions options;
    options.path = folder.File("store.db");
    auto inner = std::make_unique<testing::FailingStore>(*store::OpenSqlite(options));
    failing = inner.get();
    store = store::MakeTimely(std::move(inner), absl::Milliseconds(50));
  }
  ~Bounded() { failing->ReleaseCommits(); }

  const testing::TempFolder folder;
  testing::FailingStore* failing = nullptr;
  std::unique_ptr<store::TimelyStore> store;
};

// One run on a store of its own, told in one line.
void RunOnce(std::uint64_t seed, const char* what, const std::function<void(Bounded&)>& fault) {
  Bounded one;
  ClientsOptions options;
  options.stores = {one.store.get()};
  options.seed = seed;
  options.fault = [&] { fault(one); };
  const History history = RunClients(options);
  std::printf("seed %llu, %s: %d reads, %d writes, %d overtaken, %d unknown, %d refused\n",
              static_cast<unsigned long long>(seed), what, history.reads, history.writes,
              history.overtaken, history.unknown, history.refused);
  EXPECT_THAT(CheckLinearizable(history), IsOk());
  EXPECT_GT(history.writes, 0);
}

TEST(SqliteModel, EveryRecordIsLinearizableWhateverFailsInBetween) {
  const auto runs = static_cast<std::uint64_t>(testing::Extent(4, 40));
  for (std::uint64_t run = 0; run < runs; ++run) {
    const std::uint64_t seed = static_cast<std::uint64_t>(testing::TestSeed()) + run;
    RunOnce(seed, "commits refused", [](Bounded& one) { one.failing->RefuseCommits(10); });
    RunOnce(seed, "commits overtaken", [](Bounded& one) { one.failing->OvertakeCommits(10); });
    RunOnce(seed, "commits held back", [](Bounded& one) {
      one.failing->HoldCommits();
      // Until one was given up: from then on the store refuses.
      while (one.store->Open(absl::InfiniteFuture()).ok()) std::this_thread::yield();
      one.failing->ReleaseCommits();
    });
  }
}

// The check can fail: of a store that acknowledges what it drops, records say so.
class Forgetful final : public testing::ForwardingStore {
 public:
  explicit Forgetful(std::unique_ptr<store::Store> inner) : ForwardingStore(std::move(inner)) {}
  void Commit(store::WriteSet set, store::CommitCallback done) override {
    if (++commits_ % 20 == 0) return std::move(done)(store::Committed());
    inner().Commit(std::move(set), std::move(done));
  }

 private:
  std::atomic<int> commits_ = 0;
};

TEST(SqliteModel, AStoreThatForgetsWhatItAcknowledgedIsFound) {
  const testing::TempFolder folder;
  store::SqliteOptions options;
  options.path = folder.File("store.db");
  Forgetful forgetful(*store::OpenSqlite(options));
  ClientsOptions clients;
  clients.stores = {&forgetful};
  clients.seed = static_cast<std::uint64_t>(testing::TestSeed());
  EXPECT_FALSE(CheckLinearizable(RunClients(clients)).ok());
}

}  // namespace
}  // namespace trusthub::model
