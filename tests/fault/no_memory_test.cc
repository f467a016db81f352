// Memory runs out under SQLite (C-7): of the allocations that an opening, two commits and all reads
// make, the first fails, the second, and so on until they run clean. After each: a typed error or
// the right answer, nothing half applied, and a store that works as soon as there is memory again.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/error/error.h"
#include "common/testing/seed.h"
#include "common/testing/temp_folder.h"
#include "tests/fault/everything.h"
#include "tests/fault/extent.h"
#include "tests/fault/fault_memory.h"
#include "tests/fault/numbered_store.h"
#include "tests/fault/store_files.h"

namespace trusthub::testing {
namespace {

constexpr std::int64_t kBaseSets = 5;
constexpr std::int64_t kForEver = 1'000'000'000;

class NoMemoryTest : public ::testing::TestWithParam<std::int64_t> {
 protected:
  NoMemoryTest() : base_("") {
    NumberedStore store(Path());
    EXPECT_TRUE(store.Open().ok());
    for (std::int64_t n = 0; n < kBaseSets; ++n) EXPECT_TRUE(store.Commit(n).ok());
    base_.Expect(store);
    expected_ = ReadAll(store);
    files_ = StoreFiles(Path());  // as a crash leaves them: their opening has more to do
  }
  ~NoMemoryTest() override { memory_.Mend(); }

  std::string Path() const { return folder_.File("store.db"); }
  std::unique_ptr<NumberedStore> FreshStore() const {
    PlaceStore(files_, Path());
    auto store = std::make_unique<NumberedStore>(Path());
    store->Expect(base_);
    store->options().checkpoint_pages = 1;
    return store;
  }
  static std::vector<ReadAnswer> ReadAll(NumberedStore& store) {
    auto snapshot = store.store().Open(absl::InfiniteFuture());
    if (snapshot.ok()) return ReadEverything(**snapshot, kBaseSets);
    EXPECT_EQ(error::ReasonOf(snapshot.status()), errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
    return {};
  }
  // Whether none failed: the loop is done. There is memory again.
  bool RanClean() {
    const bool clean = memory_.failed() == 0;
    memory_.Mend();
    return clean;
  }
  // In the gate some of them, other ones in each run.
  std::int64_t First() const {
    return InLongerSuite() ? 1 : 1 + static_cast<std::int64_t>(seed_ % 9);
  }
  static std::int64_t Step() { return Extent(9, 1); }

  FaultMemory& memory_ = FaultMemory::Install();
  const std::uint64_t seed_ = TestSeed();
  const TempFolder folder_;
  NumberedStore base_;  // what the base acknowledged; never opened
  std::vector<ReadAnswer> expected_;
  LossyDisk::Files files_;
};

TEST_P(NoMemoryTest, WhileWriting) {
  std::int64_t nth = First();
  for (bool clean = false; !clean && !HasFailure(); nth += Step()) {
    SCOPED_TRACE(absl::StrCat("allocation ", nth));
    auto store = FreshStore();
    ASSERT_TRUE(store->Open().ok());
    memory_.FailFrom(nth, GetParam());
    bool done[2];
    for (std::int64_t i = 0; i < 2; ++i) {
      const absl::Status status = store->Commit(kBaseSets + i, i);
      done[i] = status.ok();
      if (!status.ok()) {
        EXPECT_EQ(error::ReasonOf(status), errors::v1::ERROR_REASON_STORE_UNAVAILABLE) << status;
      }
    }
    clean = RanClean();
    ASSERT_TRUE(!clean || (done[0] && done[1])) << "refused without a fault";
    for (std::int64_t i = 0; i < 2; ++i) {
      if (done[i]) continue;
      const absl::Status again = store->Commit(kBaseSets + i, i);
      ASSERT_TRUE(again.ok()) << again;
    }
    EXPECT_EQ(store->Check(kBaseSets + 2).size(), static_cast<std::size_t>(kBaseSets + 2));
    store->Close();
    EXPECT_EQ(IntegrityOf(Path()), "ok");
  }
  std::printf("some of %lld allocations failed in turn\n", static_cast<long long>(nth));
}

TEST_P(NoMemoryTest, WhileReading) {
  std::int64_t nth = First();
  for (bool clean = false; !clean && !HasFailure(); nth += Step()) {
    SCOPED_TRACE(absl::StrCat("allocation ", nth));
    auto store = FreshStore();
    ASSERT_TRUE(store->Open().ok());
    const auto taken = store->store().Open(absl::InfiniteFuture());  // the reader of the start
    memory_.FailFrom(nth, GetParam());
    for (int times = 0; times < 2; ++times) {
      const std::vector<ReadAnswer> read = ReadAll(*store);
      if (read.empty()) continue;
      EXPECT_EQ(absl::StrJoin(WronglyServed(expected_, read), "\n"), "");
    }
    clean = RanClean();
    const std::vector<ReadAnswer> after = ReadAll(*store);
    ASSERT_EQ(after.size(), expected_.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
      EXPECT_TRUE(after[i].gave.ok()) << after[i].what << ": " << after[i].gave.status();
    }
    EXPECT_EQ(absl::StrJoin(WronglyServed(expected_, after), "\n"), "");
  }
  std::printf("some of %lld allocations failed in turn\n", static_cast<long long>(nth));
}

TEST_P(NoMemoryTest, WhileOpening) {
  std::int64_t nth = First();
  for (bool clean = false; !clean && !HasFailure(); nth += Step()) {
    SCOPED_TRACE(absl::StrCat("allocation ", nth));
    auto store = FreshStore();
    memory_.FailFrom(nth, GetParam());
    const absl::Status opened = store->Open();
    clean = RanClean();
    if (!opened.ok()) {
      EXPECT_FALSE(clean) << opened;
      EXPECT_TRUE(absl::StartsWith(opened.message(), "store ")) << opened;
      const absl::Status again = store->Open();
      ASSERT_TRUE(again.ok()) << again;
    }
    store->Check(kBaseSets);
    ASSERT_TRUE(store->Commit(kBaseSets).ok());
  }
  std::printf("some of %lld allocations failed in turn\n", static_cast<long long>(nth));
}

INSTANTIATE_TEST_SUITE_P(Times, NoMemoryTest, ::testing::Values(1, kForEver),
                         [](const auto& times) {
                           return times.param == 1 ? "Once" : "UntilMended";
                         });

}  // namespace
}  // namespace trusthub::testing
