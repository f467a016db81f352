// Tessera's method (C-1): of the calls of the disk that opening a store, two commits, a checkpoint
// and the closing make, the process is killed at the first, at the second, and so on until it runs
// clean. After each, all that it had acknowledged is there, at most one set more, and the audit log
// verifies.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/testing/temp_folder.h"
#include "tests/fault/extent.h"
#include "tests/fault/fault_vfs.h"
#include "tests/fault/ledger_pipe.h"
#include "tests/fault/numbered_store.h"
#include "tests/fault/store_files.h"

namespace trusthub::testing {
namespace {

// In the gate: calls that change a file. Between two of them a kill finds the same disk.
constexpr unsigned kChanges = kIoOpen | kIoWrite | kIoSync | kIoTruncate | kIoDelete;
constexpr std::int64_t kBaseSets = 4;
constexpr std::int64_t kSets = 3;
constexpr absl::Duration kPatience = absl::Seconds(60);

// Runs the operation over `files` in a process of its own, which dies at its `nth` call. Tells
// `store` what was acknowledged. False when it ran clean.
bool RunUntilKilled(const LossyDisk::Files& files, std::int64_t nth, NumberedStore* store,
                    const std::string& path) {
  PlaceStore(files, path);
  LedgerPipe pipe;
  const pid_t child = fork();
  if (child == 0) {
    FaultVfs::Install().Inject({InLongerSuite() ? kIoAll : kChanges, nth, 1, IoFault::kKill});
    NumberedStore writer(path);
    writer.options().checkpoint_pages = 1;
    if (!writer.Open().ok()) _exit(3);
    for (std::int64_t n = kBaseSets; n < kBaseSets + kSets; ++n) {
      if (!writer.Commit(n, n - kBaseSets).ok()) _exit(4);
      pipe.Tell({Told::kKept, n, writer.acknowledged().at(n)});
    }
    writer.Close();
    _exit(0);
  }
  pipe.CloseWriter();
  while (!pipe.ended()) {
    std::optional<Told> told = pipe.Hear(kPatience);
    if (told.has_value()) store->Expect(told->number, std::move(told->committed));
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return true;
  EXPECT_EQ(WEXITSTATUS(status), 0);
  return false;
}

void KillAtEachCall(const LossyDisk::Files& files, const NumberedStore& base,
                    std::int64_t base_sets) {
  const TempFolder folder;
  const std::string path = folder.File("store.db");
  std::int64_t nth = 0;
  for (bool killed = true; killed && !::testing::Test::HasFailure();) {
    SCOPED_TRACE(absl::StrCat("call ", ++nth));
    NumberedStore store(path);
    store.Expect(base);
    killed = RunUntilKilled(files, nth, &store, path);
    const std::size_t acknowledged = store.acknowledged().size();
    const absl::Status opened = store.Open();
    ASSERT_TRUE(opened.ok()) << opened;
    const std::set<std::int64_t> found = store.Check(kBaseSets + kSets);
    EXPECT_LE(found.size(), acknowledged + 1) << "more than the one set under way";
    ASSERT_TRUE(store.Commit(kBaseSets + kSets + 1).ok()) << "it goes on";
    store.Close();
    EXPECT_EQ(IntegrityOf(path), "ok");
  }
  EXPECT_GT(nth, 30);
  std::printf("killed at each of %lld calls, over %lld sets\n", static_cast<long long>(nth - 1),
              static_cast<long long>(base_sets));
}

class KillEachCallTest : public ::testing::Test {
 protected:
  KillEachCallTest() : base_("") {
    FaultVfs::Install().SkipSyncs();
    const TempFolder folder;
    NumberedStore store(folder.File("store.db"));
    EXPECT_TRUE(store.Open().ok());
    for (std::int64_t n = 0; n < kBaseSets; ++n) EXPECT_TRUE(store.Commit(n).ok());
    base_.Expect(store);
    left_by_crash_ = StoreFiles(folder.File("store.db"));
    store.Close();
    closed_ = StoreFiles(folder.File("store.db"));
  }
  NumberedStore base_;  // what the base acknowledged; never opened
  LossyDisk::Files closed_;
  LossyDisk::Files left_by_crash_;
};

TEST_F(KillEachCallTest, OverAStoreThatWasClosed) { KillAtEachCall(closed_, base_, kBaseSets); }

TEST_F(KillEachCallTest, OverWhatACrashLeft) { KillAtEachCall(left_by_crash_, base_, kBaseSets); }

}  // namespace
}  // namespace trusthub::testing
