// Sets a second and sets an fsync with 64 committers in flight:
//   leaf   what a read commits: one audit leaf
//   full   what a write commits: a record with two index entries, an event, a leaf, an answer, a
//          guard and a touch
//   update a second version of one of those records, otherwise the same
//   read   one record of those found by name, in a view of its own, 8 readers
//
//   store_bench [seconds] [folder | postgresql://...] [sets a group] [stores]
//
// In a folder it is SQLite's engine, at a URL PostgreSQL's, which needs an empty database or
// schema. With one set a group every set has an fsync of its own: what group commit is compared
// with. Several stores are several processes of one service on one database.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/store/postgres/postgres_store.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/fake_leaf_sequencer.h"

namespace trusthub::store {
namespace {

constexpr int kInFlight = 64;
constexpr int kDrivers = 2;
constexpr std::size_t kReaders = 8;
// Records that `update` changes, round and round: fewer when each costs an fsync.
constexpr int kRecords = 20'000;
constexpr int kRecordsAlone = 1'000;
const std::string kBytes(600, 'r');
const std::string kEvent(250, 'e');
const std::string kLeaf(350, 'l');
const std::string kResponse(700, 'a');

WriteSet LeafOnly() {
  WriteSet set;
  set.leaves.push_back(kLeaf);
  return set;
}

WriteSet Full(std::string name, std::string child, std::int64_t version, std::int64_t seen) {
  WriteSet set;
  PutRecord put;
  put.head = {std::move(name),
              options::v1::RECORD_KIND_REFERRAL,
              child,
              "agencies/redbridge",
              "agencies/bhr-trust",
              version};
  put.bytes = kBytes;
  put.written = RealClock().Now();
  put.index = {{"trusthub.referrals.v1.Referral.state", version == 1 ? "1" : "2"},
               {"trusthub.referrals.v1.Referral.upn", RandomBytes(32)}};
  set.records.push_back(std::move(put));
  set.events.push_back({child, kEvent});
  set.leaves.push_back(kLeaf);
  if (seen >= 0) set.guards.push_back({child, seen});
  set.touches.push_back(child);
  set.answer =
      PutAnswer{RandomBytes(32), RandomBytes(32), kResponse, RealClock().Now() + absl::Hours(168)};
  return set;
}

// Gives out sets until time is up; at most kInFlight wait for their answer.
class Load {
 public:
  explicit Load(const std::vector<Store*>& stores) : stores_(stores) {}

  // Sets committed a second.
  template <class Make>
  double Run(double seconds, Make make) {
    const absl::Time start = RealClock().Now();
    const absl::Time end = start + absl::Seconds(seconds);
    std::vector<std::thread> drivers;
    for (int d = 0; d < kDrivers; ++d) {
      drivers.emplace_back([&] {
        while (RealClock().Now() < end) {
          const std::int64_t number = next_++;
          WriteSet set = make(number);
          TakeSlot();
          Store& store = *stores_[static_cast<std::size_t>(number) % stores_.size()];
          store.Commit(std::move(set), [this](absl::StatusOr<Committed> done) {
            done.ok() ? ++committed_ : ++failed_;
            FreeSlot();
          });
        }
      });
    }
    for (std::thread& driver : drivers) driver.join();
    for (int i = 0; i < kInFlight; ++i) TakeSlot();
    if (failed_ != 0) std::printf("%ld sets FAILED\n", failed_.load());
    return static_cast<double>(committed_) / absl::ToDoubleSeconds(RealClock().Now() - start);
  }
  std::int64_t committed() const { return committed_; }

 private:
  void TakeSlot() {
    MutexLock lock(mutex_);
    while (free_ == 0) freed_.Wait(mutex_);
    --free_;
  }
  void FreeSlot() {
    MutexLock lock(mutex_);
    ++free_;
    freed_.NotifyOne();
  }

  const std::vector<Store*>& stores_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::int64_t> committed_{0};
  std::atomic<std::int64_t> failed_{0};
  Mutex mutex_;
  CondVar freed_;
  int free_ ABSL_GUARDED_BY(mutex_) = kInFlight;
};

// The stores of one run and their logs.
struct Engine {
  std::vector<std::unique_ptr<testing::FakeLeafSequencer>> trees;
  std::vector<std::unique_ptr<Store>> owned;
  std::vector<Store*> stores;

  std::int64_t groups() const {
    std::int64_t groups = 0;
    for (const auto& tree : trees) groups += tree->accepts();
    return groups;
  }
};

template <class Make>
void Measure(const char* what, const Engine& engine, double seconds, Make make) {
  const std::int64_t groups = engine.groups();
  Load load(engine.stores);
  const double rate = load.Run(seconds, make);
  const std::int64_t syncs = std::max<std::int64_t>(engine.groups() - groups, 1);
  std::printf("%-7s %9.0f sets/s  %6.1f sets/fsync  %7.0f fsync/s\n", what, rate,
              static_cast<double>(load.committed()) / static_cast<double>(syncs),
              rate * static_cast<double>(syncs) / static_cast<double>(load.committed()));
  std::fflush(stdout);
}

void MeasureReads(const Engine& engine, double seconds, const std::vector<std::string>& names) {
  std::atomic<std::int64_t> reads{0};
  const absl::Time end = RealClock().Now() + absl::Seconds(seconds);
  std::vector<std::thread> readers;
  for (std::size_t r = 0; r < kReaders; ++r) {
    readers.emplace_back([&, r] {
      for (std::size_t i = r; RealClock().Now() < end; i += kReaders) {
        auto view = engine.stores[i % engine.stores.size()]->Open(absl::InfiniteFuture());
        if (view.ok() && (*view)->Find(names[i % names.size()]).ok()) ++reads;
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  std::printf("read    %9.0f reads/s\n", static_cast<double>(reads) / seconds);
}

absl::StatusOr<std::unique_ptr<Store>> OpenAt(const std::string& where, int group, int number,
                                              LeafSequencer* tree) {
  if (!absl::StartsWith(where, "postgresql://")) {
    SqliteOptions options;
    options.path = where;
    options.sequencer = tree;
    options.group_sets_max = group;
    return OpenSqlite(options);
  }
  PostgresOptions options;
  options.url = where;
  options.service = "bench";
  options.tree = absl::StrCat("auditTrees/bench", number);
  options.sequencer = tree;
  options.group_sets_max = group;
  options.allow_plain = true;
  return OpenPostgres(options);
}

absl::Status Run(double seconds, const std::string& where, int group, int count) {
  Engine engine;
  for (int i = 0; i < count; ++i) {
    engine.trees.push_back(std::make_unique<testing::FakeLeafSequencer>());
    auto opened = OpenAt(where, group, i, engine.trees.back().get());
    if (!opened.ok()) return opened.status();
    engine.owned.push_back(*std::move(opened));
    engine.stores.push_back(engine.owned.back().get());
  }
  Measure("leaf", engine, seconds, [](std::int64_t) { return LeafOnly(); });
  Measure("full", engine, seconds,
          [](std::int64_t) { return Full(NewName("referrals"), NewName("children"), 1, 0); });
  const int records = group == 1 ? kRecordsAlone : kRecords;
  std::vector<std::string> names;
  for (int i = 0; i < records; ++i) names.push_back(NewName("referrals"));
  for (int i = 0; i < records; ++i) {
    const auto record = static_cast<std::size_t>(i);
    engine.stores[0]->Commit(Full(names[record], absl::StrCat("children/", i), 1, 0),
                             [](absl::StatusOr<Committed>) {});
    if (i % 1000 == 999) CommitAndWait(*engine.stores[0], WriteSet()).status().IgnoreError();
  }
  Measure("update", engine, seconds, [&](std::int64_t n) {
    const std::int64_t record = n % records;
    return Full(names[static_cast<std::size_t>(record)], absl::StrCat("children/", record),
                2 + n / records, 1 + n / records);
  });
  MeasureReads(engine, seconds, names);
  return absl::OkStatus();
}

int Main(double seconds, const std::string& where, int group, int count) {
  const bool in_folder = !absl::StartsWith(where, "postgresql://");
  const std::string path =
      in_folder ? absl::StrCat(where, "/store_bench-", getpid(), ".db") : where;
  const absl::Status status = Run(seconds, path, group, count);
  if (!status.ok()) std::printf("%s\n", status.ToString().c_str());
  if (in_folder && status.ok()) {
    std::printf("file    %9.1f MiB\n",
                static_cast<double>(std::filesystem::file_size(path)) / (1 << 20));
  }
  if (in_folder) {
    for (const char* side : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(path + side);
  }
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace trusthub::store

int main(int argc, char** argv) {
  return trusthub::store::Main(
      argc > 1 ? std::atof(argv[1]) : 3.0,
      argc > 2 ? argv[2] : std::filesystem::temp_directory_path().string(),
      argc > 3 ? std::atoi(argv[3]) : trusthub::store::SqliteOptions().group_sets_max,
      argc > 4 ? std::atoi(argv[4]) : 1);
}
