// What an audit log costs at scale: durable entries a second, the time until a store that holds
// them is open again, the check of everything in it. Run by hand:
//
//   log_bench [entries] [folder]
//
// Reads are committed as they are: one entry a set, 64 in flight, until a tenth of the entries is
// there; the rest is added in large sets.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/log_check.h"
#include "common/audit/tree.h"
#include "common/base/mutex.h"
#include "common/crypto/crypto.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/time/clock.h"
#include "tests/fault/large_log.h"
#include "tests/fault/stopwatch.h"

namespace trusthub::testing {
namespace {

constexpr int kInFlight = 64;
constexpr int kDrivers = 2;

// Entries that each wait for their own answer, as reads do.
void AddOneByOne(store::Store& store, std::int64_t entries) {
  std::atomic<std::int64_t> next{0};
  Mutex mutex;
  CondVar freed;
  int free_slots = kInFlight;
  std::vector<std::thread> drivers;
  for (int d = 0; d < kDrivers; ++d) {
    drivers.emplace_back([&] {
      for (std::int64_t n = next++; n < entries; n = next++) {
        store::WriteSet set;
        set.leaves.push_back(EntryOfARead(n));
        {
          MutexLock lock(mutex);
          while (free_slots == 0) freed.Wait(mutex);
          --free_slots;
        }
        store.Commit(std::move(set), [&](absl::StatusOr<store::Committed> done) {
          if (!done.ok()) std::abort();
          MutexLock lock(mutex);
          ++free_slots;
          freed.NotifyOne();
        });
      }
    });
  }
  for (std::thread& driver : drivers) driver.join();
  MutexLock lock(mutex);
  while (free_slots < kInFlight) freed.Wait(mutex);
}

int Main(std::int64_t entries, const std::string& folder) {
  const auto key = crypto::SigningKey::Generate();
  store::SqliteOptions options;
  options.path = absl::StrCat(folder, "/log_bench-", getpid(), ".db");
  std::unique_ptr<store::LeafSequencer> tree;
  std::unique_ptr<store::Store> store;
  const auto open = [&] {
    tree = audit::MakeTree("auditTrees/bench", key.get(), &RealClock());
    options.sequencer = tree.get();
    auto opened = store::OpenSqlite(options);
    if (!opened.ok()) {
      std::printf("%s\n", opened.status().ToString().c_str());
      std::exit(1);
    }
    store = *std::move(opened);
  };
  open();
  const std::int64_t singly = entries / 10;
  {
    const Stopwatch watch;
    AddOneByOne(*store, singly);
    watch.Print("durable, 64 in flight", singly);
  }
  {
    const Stopwatch watch;
    if (!GrowLog(*store, entries - singly).ok()) return 1;
    watch.Print("durable, in large sets", entries - singly);
  }
  store.reset();
  {
    const Stopwatch watch;
    open();
    watch.Print("opened again", entries);
  }
  {
    const Stopwatch watch;
    auto snapshot = *store->Open(absl::InfiniteFuture());
    audit::Witness witness;
    witness.heads.push_back(**snapshot->Head());
    witness.tiles = [&](int level, std::int64_t first, int limit) {
      return snapshot->ReadTiles(level, first, limit);
    };
    const audit::LogCheck check = audit::VerifyLog(
        [&](std::int64_t first, int limit) { return snapshot->ReadLeaves(first, limit); }, witness,
        key->public_key());
    watch.Print("verified: entries, tiles, head", check.checked);
    if (!check.status.ok()) std::printf("%s\n", check.status.ToString().c_str());
  }
  store.reset();
  std::printf(
      "file %.1f MiB, %.0f bytes an entry\n",
      static_cast<double>(std::filesystem::file_size(options.path)) / (1 << 20),
      static_cast<double>(std::filesystem::file_size(options.path)) / static_cast<double>(entries));
  for (const char* side : {"", "-wal", "-shm", ".lock"}) {
    std::filesystem::remove(options.path + side);
  }
  return 0;
}

}  // namespace
}  // namespace trusthub::testing

int main(int argc, char** argv) {
  return trusthub::testing::Main(
      argc > 1 ? std::atoll(argv[1]) : 1'000'000,
      argc > 2 ? argv[2] : std::filesystem::temp_directory_path().string());
}
