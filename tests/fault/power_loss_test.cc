// The power goes in the middle of commits and checkpoints (C-4): the disk keeps what was synced
// and, of the rest, any subset of sectors, half pages among it. Whatever it keeps, the store opens;
// what was acknowledged is there and nothing is there in part.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/testing/seed.h"
#include "common/testing/temp_folder.h"
#include "tests/fault/extent.h"
#include "tests/fault/fault_vfs.h"
#include "tests/fault/numbered_store.h"
#include "tests/fault/store_files.h"

namespace trusthub::testing {
namespace {

constexpr std::int64_t kBaseSets = 8;
constexpr std::int64_t kSets = 40;  // of one life of the store, when the power lasts
constexpr std::int64_t kInFlight = 6;
// Changes to files that such a life makes at least; the power goes before one of them.
constexpr std::uint64_t kChangesAtLeast = 240;

class PowerLossTest : public ::testing::Test {
 protected:
  void TearDown() override { vfs_.EndRecording(); }

  // What stands at `path`, by full names, as the model keeps it.
  static LossyDisk::Files Named(const LossyDisk::Files& by_suffix, const std::string& path) {
    LossyDisk::Files named;
    for (const auto& [suffix, content] : by_suffix) named[path + suffix] = content;
    return named;
  }
  static LossyDisk::Files Suffixed(const LossyDisk::Files& by_name, const std::string& path) {
    LossyDisk::Files files;
    for (const char* suffix : kStoreFiles) {
      const auto found = by_name.find(path + suffix);
      if (found != by_name.end()) files[suffix] = found->second;
    }
    return files;
  }

  // Writes sets from `next` on until the power goes; tells `store` what was acknowledged before.
  void WriteUntilDark(NumberedStore& store, std::int64_t* next) {
    Mutex mutex;
    CondVar answered;
    std::int64_t in_flight = 0;
    for (std::int64_t i = 0; i < kSets && !vfs_.power_lost(); ++i) {
      const std::int64_t number = (*next)++;
      const std::optional<std::int64_t> previous =
          number >= 2 && number - 2 < kBaseSets && updated_.insert(number - 2).second
              ? std::optional<std::int64_t>(number - 2)
              : std::nullopt;
      {
        MutexLock lock(mutex);
        while (in_flight == kInFlight) answered.Wait(mutex);
        ++in_flight;
      }
      store.CommitLater(number, previous, [&](const absl::Status& status) {
        MutexLock lock(mutex);
        --in_flight;
        answered.NotifyOne();
        return status.ok() && !vfs_.power_lost();
      });
    }
    MutexLock lock(mutex);
    while (in_flight > 0) answered.Wait(mutex);
  }

  FaultVfs& vfs_ = FaultVfs::Install();
  std::set<std::int64_t> updated_;
};

// Each seed is a store that lives through three losses of power, one after the other.
TEST_F(PowerLossTest, WhatTheDiskKeptIsAStore) {
  const std::uint64_t first_seed = TestSeed();
  const auto seeds = static_cast<std::uint64_t>(Extent(120, 2'000));
  std::int64_t losses = 0;
  std::int64_t acknowledged = 0;
  std::int64_t unanswered = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE(absl::StrCat("TRUSTHUB_TEST_SEED=", seed));
    std::mt19937_64 random(seed);
    TempFolder folder;
    updated_.clear();
    std::string path = folder.File("life-0.db");
    auto store = std::make_unique<NumberedStore>(path);
    ASSERT_TRUE(store->Open().ok());
    for (std::int64_t n = 0; n < kBaseSets; ++n) ASSERT_TRUE(store->Commit(n).ok());
    store->Close();
    std::int64_t next = kBaseSets;
    for (int life = 1; life <= 3; ++life) {
      store->options().checkpoint_pages = random() % 2 == 0 ? 10 : 4'000;
      store->options().restart_pages = 4 * store->options().checkpoint_pages;
      vfs_.StartRecording(Named(StoreFiles(path), path));
      vfs_.LosePowerAt(static_cast<std::int64_t>(1 + random() % kChangesAtLeast), random());
      ASSERT_TRUE(store->Open().ok());
      WriteUntilDark(*store, &next);
      const LossyDisk::Files kept = Suffixed(vfs_.Remains(random()), path);
      store->Close();
      vfs_.EndRecording();
      ++losses;

      path = folder.File(absl::StrCat("life-", life, ".db"));
      PlaceStore(kept, path);
      auto risen = std::make_unique<NumberedStore>(path);
      risen->Expect(*store);
      const absl::Status opened = risen->Open();
      ASSERT_TRUE(opened.ok()) << opened;
      const std::set<std::int64_t> found = risen->Check(next);
      unanswered += static_cast<std::int64_t>(found.size()) -
                    static_cast<std::int64_t>(risen->acknowledged().size());
      risen->Close();
      EXPECT_EQ(IntegrityOf(path), "ok");
      store = std::move(risen);
      if (HasFailure()) break;
    }
    acknowledged += static_cast<std::int64_t>(store->acknowledged().size());
  }
  std::printf(
      "%lld losses of power over %llu seeds: %lld sets acknowledged, all there; %lld more "
      "came down before their answer\n",
      static_cast<long long>(losses), static_cast<unsigned long long>(seeds),
      static_cast<long long>(acknowledged), static_cast<long long>(unanswered));
  EXPECT_GT(acknowledged, losses);
}

// The check sees what it is there for: a disk that says it synced and did not.
TEST_F(PowerLossTest, ADiskThatLiesAboutSyncsIsCaught) {
  std::mt19937_64 random(TestSeed());
  int caught = 0;
  for (int round = 0; round < 20; ++round) {
    TempFolder folder;
    const std::string path = folder.File("store.db");
    NumberedStore store(path);
    ASSERT_TRUE(store.Open().ok());
    for (std::int64_t n = 0; n < kBaseSets; ++n) ASSERT_TRUE(store.Commit(n).ok());
    // Of the log, everything after a random sector is gone.
    LossyDisk::Files files = StoreFiles(path);
    std::string& log = files["-wal"];
    log.resize(random() % log.size() / LossyDisk::kSectorBytes * LossyDisk::kSectorBytes);
    PlaceStore(files, folder.File("risen.db"));
    NumberedStore risen(folder.File("risen.db"));
    if (!risen.Open().ok()) {
      ++caught;
      continue;
    }
    auto snapshot = risen.store().Open(absl::InfiniteFuture());
    ASSERT_TRUE(snapshot.ok());
    for (std::int64_t n = 0; n < kBaseSets; ++n) {
      if (!risen.IsThere(**snapshot, n)) {
        ++caught;
        break;
      }
    }
  }
  EXPECT_EQ(caught, 20);
}

}  // namespace
}  // namespace trusthub::testing
