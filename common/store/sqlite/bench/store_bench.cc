// Sets a second and sets an fsync with 64 committers in flight:
//   leaf   what a read commits: one audit leaf
//   full   what a write commits: a record with two index entries, an event, a leaf, an answer, a
//          guard and a touch
//   update a second version of one of those records, otherwise the same
//
//   store_bench [seconds] [folder]
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/fake_leaf_sequencer.h"

namespace trusthub::store {
namespace {

constexpr int kInFlight = 64;
constexpr int kDrivers = 2;
constexpr int kRecords = 20'000;  // that `update` changes, round and round
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
  explicit Load(Store* store) : store_(*store) {}

  // Sets committed a second.
  template <class Make>
  double Run(double seconds, Make make) {
    const absl::Time start = RealClock().Now();
    const absl::Time end = start + absl::Seconds(seconds);
    std::vector<std::thread> drivers;
    for (int d = 0; d < kDrivers; ++d) {
      drivers.emplace_back([&] {
        while (RealClock().Now() < end) {
          WriteSet set = make(next_++);
          TakeSlot();
          store_.Commit(std::move(set), [this](absl::StatusOr<Committed> done) {
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

  Store& store_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::int64_t> committed_{0};
  std::atomic<std::int64_t> failed_{0};
  Mutex mutex_;
  CondVar freed_;
  int free_ ABSL_GUARDED_BY(mutex_) = kInFlight;
};

template <class Make>
void Measure(const char* what, Store* store, testing::FakeLeafSequencer* tree, double seconds,
             Make make) {
  const std::int64_t groups = tree->accepts();
  Load load(store);
  const double rate = load.Run(seconds, make);
  const std::int64_t syncs = std::max<std::int64_t>(tree->accepts() - groups, 1);
  std::printf("%-7s %9.0f sets/s  %6.1f sets/fsync  %7.0f fsync/s\n", what, rate,
              static_cast<double>(load.committed()) / static_cast<double>(syncs),
              rate * static_cast<double>(syncs) / static_cast<double>(load.committed()));
  std::fflush(stdout);
}

int Main(double seconds, const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/store_bench-", getpid(), ".db");
  {
    testing::FakeLeafSequencer tree;
    SqliteOptions options;
    options.path = path;
    options.sequencer = &tree;
    auto store = OpenSqlite(options);
    if (!store.ok()) {
      std::printf("%s\n", store.status().ToString().c_str());
      return 1;
    }
    Measure("leaf", store->get(), &tree, seconds, [](std::int64_t) { return LeafOnly(); });
    Measure("full", store->get(), &tree, seconds,
            [](std::int64_t) { return Full(NewName("referrals"), NewName("children"), 1, 0); });
    std::vector<std::string> names;
    for (int i = 0; i < kRecords; ++i) names.push_back(NewName("referrals"));
    for (int i = 0; i < kRecords; ++i) {
      const auto record = static_cast<std::size_t>(i);
      (*store)->Commit(Full(names[record], absl::StrCat("children/", i), 1, 0),
                       [](absl::StatusOr<Committed>) {});
      if (i % 1000 == 999) CommitAndWait(**store, WriteSet()).status().IgnoreError();
    }
    Measure("update", store->get(), &tree, seconds, [&](std::int64_t n) {
      const std::int64_t record = n % kRecords;
      return Full(names[static_cast<std::size_t>(record)], absl::StrCat("children/", record),
                  2 + n / kRecords, 1 + n / kRecords);
    });
  }
  std::printf("file    %9.1f MiB\n",
              static_cast<double>(std::filesystem::file_size(path)) / (1 << 20));
  for (const char* side : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(path + side);
  return 0;
}

}  // namespace
}  // namespace trusthub::store

int main(int argc, char** argv) {
  return trusthub::store::Main(
      argc > 1 ? std::atof(argv[1]) : 3.0,
      argc > 2 ? argv[2] : std::filesystem::temp_directory_path().string());
}
