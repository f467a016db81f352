// Every call that a write, a read or an opening makes of the disk fails once, the first, the second
// and so on, until the operation runs clean (C-1). After each: a typed error at once, nothing
// acknowledged lost, nothing half applied, an audit log that verifies, and a store that works again
// as soon as the disk does. A failed fsync ends the process instead, before any answer.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/testing/temp_folder.h"
#include "common/testing/write_sets.h"
#include "common/time/clock.h"
#include "tests/fault/fault_vfs.h"
#include "tests/fault/numbered_store.h"
#include "tests/fault/store_files.h"

namespace trusthub::testing {
namespace {

constexpr std::int64_t kBaseSets = 6;
constexpr std::int64_t kForEver = 1'000'000;
// No refusal takes longer: the engine waits for nothing that is broken.
constexpr absl::Duration kAtOnce = absl::Seconds(1);

struct LoopCase {
  const char* name;
  unsigned kinds;
  IoFault fault;
  std::int64_t times;    // calls that fail from the n-th on
  int checkpoint_pages;  // 1: the log is moved into the database after every commit
};

// A base of a few sets, as its store left it when it was closed and as a crash would have.
class StoreCopies : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    FaultVfs::Install().SkipSyncs();
    TempFolder folder;
    NumberedStore store(folder.File("store.db"));
    ASSERT_TRUE(store.Open().ok());
    for (std::int64_t n = 0; n < kBaseSets; ++n) ASSERT_TRUE(store.Commit(n).ok());
    base_ = new NumberedStore("");
    base_->Expect(store);
    left_by_crash_ = new LossyDisk::Files(StoreFiles(folder.File("store.db")));
    store.Close();
    closed_ = new LossyDisk::Files(StoreFiles(folder.File("store.db")));
  }
  static void TearDownTestSuite() {
    delete std::exchange(base_, nullptr);
    delete std::exchange(closed_, nullptr);
    delete std::exchange(left_by_crash_, nullptr);
  }
  static NumberedStore* base_;  // what the base acknowledged; never opened
  static LossyDisk::Files* closed_;
  static LossyDisk::Files* left_by_crash_;

  TempFolder folder_;
};

NumberedStore* StoreCopies::base_ = nullptr;
LossyDisk::Files* StoreCopies::closed_ = nullptr;
LossyDisk::Files* StoreCopies::left_by_crash_ = nullptr;

class IoLoopTest : public StoreCopies, public ::testing::WithParamInterface<LoopCase> {
 protected:
  void TearDown() override { vfs_.Mend(); }

  // A store over a copy of `files`, with the case's engine options.
  std::unique_ptr<NumberedStore> StoreOver(const LossyDisk::Files& files, const std::string& name) {
    PlaceStore(files, folder_.File(name));
    auto store = std::make_unique<NumberedStore>(folder_.File(name));
    store->Expect(*base_);
    store->options().checkpoint_pages = GetParam().checkpoint_pages;
    store->options().restart_pages = GetParam().checkpoint_pages;
    return store;
  }
  void FailFrom(std::int64_t nth) {
    vfs_.Inject({GetParam().kinds, nth, GetParam().times, GetParam().fault});
  }
  // Whether the disk did not fail any more: the loop is done. Mends it.
  bool RanClean() {
    const bool clean = vfs_.failed() == 0;
    vfs_.Mend();
    return clean;
  }
  // What lies on disk now is a store with everything acknowledged so far, as after a crash here.
  void CheckAsAfterACrash(const NumberedStore& store, const std::string& name, std::int64_t end) {
    auto copy = StoreOver(StoreFiles(folder_.File(name)), "crashed.db");
    copy->Expect(store);
    const absl::Status opened = copy->Open();
    ASSERT_TRUE(opened.ok()) << opened;
    copy->Check(end);
    copy->Close();
    EXPECT_EQ(IntegrityOf(folder_.File("crashed.db")), "ok");
  }

  FaultVfs& vfs_ = FaultVfs::Install();
};

// For operations that write nothing, or next to nothing.
class ReadLoopTest : public IoLoopTest {};

void ExpectTyped(const absl::Status& status, absl::Duration took) {
  if (!status.ok()) {
    EXPECT_EQ(error::ReasonOf(status), errors::v1::ERROR_REASON_STORE_UNAVAILABLE) << status;
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_LT(took, kAtOnce);
}

TEST_P(IoLoopTest, EachCallOfAWriteFails) {
  absl::Duration longest;
  std::int64_t nth = 0;
  for (bool clean = false; !clean && !HasFailure();) {
    SCOPED_TRACE(absl::StrCat("call ", ++nth));
    auto store = StoreOver(*closed_, "store.db");
    ASSERT_TRUE(store->Open().ok());
    FailFrom(nth);
    // The second set comes after the checkpoint that the first one may have begun.
    bool done[2];
    for (std::int64_t i = 0; i < 2; ++i) {
      const absl::Duration began = MonotonicNow();
      const absl::Status status = store->Commit(kBaseSets + i, i);
      const absl::Duration took = MonotonicNow() - began;
      ExpectTyped(status, took);
      longest = std::max(longest, took);
      done[i] = status.ok();
    }
    clean = RanClean();
    ASSERT_TRUE(!clean || (done[0] && done[1])) << "refused by a disk without fault";
    CheckAsAfterACrash(*store, "store.db", kBaseSets + 3);
    // The disk works again, and so does the store; what was refused left no trace.
    for (std::int64_t i = 0; i < 2; ++i) {
      if (!done[i]) {
        ASSERT_TRUE(store->Commit(kBaseSets + i, i).ok()) << i;
      }
    }
    ASSERT_TRUE(store->Commit(kBaseSets + 2, 2).ok());
    EXPECT_EQ(store->Check(kBaseSets + 3).size(), 9u);
    store->Close();
    ASSERT_TRUE(store->Open().ok());
    EXPECT_EQ(store->Check(kBaseSets + 3).size(), 9u);
    store->Close();
    EXPECT_EQ(IntegrityOf(folder_.File("store.db")), "ok");
  }
  std::printf("%s: %lld calls failed in turn; the longest refusal took %s\n", GetParam().name,
              static_cast<long long>(nth - 1), absl::FormatDuration(longest).c_str());
  EXPECT_GT(nth, 1) << "the operation made no such call";
}

// The first error among the reads of one snapshot. What they give is right or nothing: a list is
// never shorter.
absl::Status ReadEverything(NumberedStore& store) {
  auto snapshot = store.store().Open(absl::InfiniteFuture());
  if (!snapshot.ok()) return snapshot.status();
  absl::Status first;
  const auto whole = [&first](const auto& list, std::int64_t size) {
    first.Update(list.status());
    if (list.ok()) {
      EXPECT_EQ(list->size(), static_cast<std::size_t>(size));
    }
  };
  for (std::int64_t n = 0; n <= kBaseSets; ++n) {
    const bool there = n < kBaseSets;
    const std::string name = absl::StrCat("referrals/", n, "a");
    const auto record = (*snapshot)->Find(name);
    first.Update(record.status());
    if (record.ok()) {
      EXPECT_EQ(record->value_or(store::StoredRecord()).bytes, there ? NumberedText(n, "a1") : "");
    }
    whole((*snapshot)->ListByIndex(kTestKind, "fault.number", absl::StrCat(n), 0, 9),
          there ? 2 : 0);
    whole((*snapshot)->Versions(name), there ? 1 : 0);
  }
  whole((*snapshot)->ReadEvents(0, 100), kBaseSets);
  whole((*snapshot)->ReadLeaves(0, 100), kBaseSets);
  const auto head = (*snapshot)->Head();
  first.Update(head.status());
  if (head.ok()) {
    EXPECT_EQ((*head)->size, kBaseSets);
  }
  return first;
}

// Over a log that was never moved into the database, and by a reader that is opened for it.
TEST_P(ReadLoopTest, EachCallOfAReadFails) {
  std::int64_t nth = 0;
  for (bool clean = false; !clean && !HasFailure();) {
    SCOPED_TRACE(absl::StrCat("call ", ++nth));
    auto store = StoreOver(*left_by_crash_, "store.db");
    ASSERT_TRUE(store->Open().ok());
    const auto taken = store->store().Open(absl::InfiniteFuture());  // the reader of the start
    FailFrom(nth);
    absl::Duration began = MonotonicNow();
    ExpectTyped(ReadEverything(*store), MonotonicNow() - began);
    // Once more, by the same connection if it was kept.
    began = MonotonicNow();
    ExpectTyped(ReadEverything(*store), MonotonicNow() - began);
    clean = RanClean();
    const absl::Status after = ReadEverything(*store);
    ASSERT_TRUE(after.ok()) << after;
    ASSERT_TRUE(store->Commit(kBaseSets).ok());
    store->Check(kBaseSets + 1);
  }
  std::printf("%s: %lld calls failed in turn\n", GetParam().name, static_cast<long long>(nth - 1));
}

// A store that a crash left is opened: its log is read again, its file checked, its tree restored.
TEST_P(ReadLoopTest, EachCallOfAnOpeningFails) {
  std::int64_t nth = 0;
  for (bool clean = false; !clean && !HasFailure();) {
    SCOPED_TRACE(absl::StrCat("call ", ++nth));
    auto store = StoreOver(*left_by_crash_, "store.db");
    FailFrom(nth);
    const absl::Duration began = MonotonicNow();
    const absl::Status opened = store->Open();
    EXPECT_LT(MonotonicNow() - began, kAtOnce);
    clean = RanClean();
    EXPECT_EQ(opened.message().find('\n'), opened.message().npos) << "one line";
    if (!opened.ok()) {
      EXPECT_TRUE(absl::StartsWith(opened.message(), "store ")) << opened;
      EXPECT_FALSE(clean) << opened;
      ASSERT_TRUE(store->Open().ok());
    }
    store->Check(kBaseSets);
    ASSERT_TRUE(store->Commit(kBaseSets).ok());
    store->Check(kBaseSets + 1);
  }
  std::printf("%s: %lld calls failed in turn\n", GetParam().name, static_cast<long long>(nth - 1));
}

TEST_P(IoLoopTest, EachCallOfMakingAStoreFails) {
  std::int64_t nth = 0;
  for (bool clean = false; !clean && !HasFailure();) {
    SCOPED_TRACE(absl::StrCat("call ", ++nth));
    auto store = StoreOver({}, "new.db");
    store->Expect(NumberedStore(""));  // nothing
    FailFrom(nth);
    const absl::Status opened = store->Open();
    clean = RanClean();
    if (!opened.ok()) {
      EXPECT_TRUE(absl::StartsWith(opened.message(), "store ")) << opened;
      EXPECT_FALSE(clean) << opened;
      const absl::Status again = store->Open();
      ASSERT_TRUE(again.ok()) << again;
    }
    ASSERT_TRUE(store->Commit(0).ok());
    EXPECT_EQ(store->Check(1).size(), 1u);
  }
  EXPECT_GT(nth, 1);
}

// --- Failed syncs -------------------------------------------------------------------------------

// What a process of its own did while the `nth` sync failed.
struct Ended {
  int code = -1;
  int acknowledged = 0;  // sets, from kBaseSets on
};

// Opens the store at `path`, commits sets and ends with 0; unless the sync that fails ends it.
Ended RunWithFailingSync(const std::string& path, std::int64_t nth) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    FaultVfs::Install().Inject({kIoSync, nth, 1, IoFault::kError});
    NumberedStore store(path);
    store.options().checkpoint_pages = 1;
    if (!store.Open().ok()) _exit(10);
    for (std::int64_t i = 0; i < 3; ++i) {
      if (!store.Commit(kBaseSets + i).ok()) _exit(11);
      if (write(ends[1], "x", 1) != 1) _exit(12);
    }
    store.store().Close();
    _exit(0);
  }
  close(ends[1]);
  Ended ended;
  char byte = 0;
  while (read(ends[0], &byte, 1) == 1) ++ended.acknowledged;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return ended;
}

// The process ends with the failed sync, wherever it comes (C-5). What it had answered is there.
void EachSyncFails(const std::string& path, const LossyDisk::Files& files,
                   const NumberedStore& base) {
  int nth = 0;
  for (Ended ended; ended.code != 0 && !::testing::Test::HasFailure();) {
    SCOPED_TRACE(absl::StrCat("sync ", ++nth));
    PlaceStore(files, path);
    ended = RunWithFailingSync(path, nth);
    EXPECT_TRUE(ended.code == EXIT_FAILURE || ended.code == 0) << ended.code;
    NumberedStore store(path);
    store.Expect(base);
    ASSERT_TRUE(store.Open().ok());
    const auto found = store.Check(kBaseSets + 3);
    for (int i = 0; i < ended.acknowledged; ++i) EXPECT_EQ(found.count(kBaseSets + i), 1u);
    // One more may be there: the one that the process could not answer.
    const std::size_t base_sets = base.acknowledged().size();
    EXPECT_LE(found.size(), base_sets + static_cast<std::size_t>(ended.acknowledged) + 1);
    store.Close();
    EXPECT_EQ(IntegrityOf(path), "ok");
  }
  EXPECT_GT(nth, 3);
  std::printf("%d syncs failed in turn\n", nth - 1);
}

class FailedSyncTest : public StoreCopies {};

TEST_F(FailedSyncTest, EndsTheProcess) {
  EachSyncFails(folder_.File("store.db"), *closed_, *base_);
}

TEST_F(FailedSyncTest, EndsTheProcessThatOpensWhatACrashLeft) {
  EachSyncFails(folder_.File("store.db"), *left_by_crash_, *base_);
}

TEST_F(FailedSyncTest, EndsTheProcessThatMakesAStore) {
  EachSyncFails(folder_.File("store.db"), {}, NumberedStore(""));
}

// --- Cases --------------------------------------------------------------------------------------

constexpr unsigned kAllButSync = kIoAll & ~kIoSync;
constexpr unsigned kTakeSpace = kIoWrite | kIoTruncate | kIoSharedMap;
constexpr LoopCase kEioOnce = {"EioOnce", kAllButSync, IoFault::kError, 1, 4'000};
constexpr LoopCase kEioUntilMended = {"EioUntilMended", kAllButSync, IoFault::kError, kForEver,
                                      4'000};

std::string NameOf(const ::testing::TestParamInfo<LoopCase>& loop) { return loop.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Faults, IoLoopTest,
    ::testing::Values(kEioOnce, kEioUntilMended,
                      LoopCase{"FullUntilMended", kTakeSpace, IoFault::kFull, kForEver, 4'000},
                      LoopCase{"ShortWriteOnce", kIoWrite, IoFault::kShortWrite, 1, 4'000},
                      LoopCase{"CheckpointEioOnce", kAllButSync, IoFault::kError, 1, 1},
                      LoopCase{"CheckpointFullUntilMended", kTakeSpace, IoFault::kFull, kForEver,
                               1}),
    NameOf);
INSTANTIATE_TEST_SUITE_P(Faults, ReadLoopTest, ::testing::Values(kEioOnce, kEioUntilMended),
                         NameOf);

}  // namespace
}  // namespace trusthub::testing
