// A failed fsync ends the process before anything is acknowledged: what reached the disk is
// unknown. A shim under SQLite lets the sync of the log fail once, as a dying disk does, then
// succeed again.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "common/testing/temp_folder.h"
#include "common/testing/write_sets.h"

namespace trusthub::store {
namespace {

std::atomic<int> failures_left{0};
int (*real_open)(sqlite3_vfs*, const char*, sqlite3_file*, int, int*) = nullptr;
const sqlite3_io_methods* real_methods = nullptr;
sqlite3_io_methods shim_methods;

int FailingSync(sqlite3_file* file, int flags) {
  if (failures_left > 0) {
    --failures_left;
    return SQLITE_IOERR_FSYNC;
  }
  return real_methods->xSync(file, flags);
}

int ShimOpen(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  const int code = real_open(vfs, name, file, flags, out);
  if (code == SQLITE_OK && (flags & SQLITE_OPEN_WAL) != 0) {
    real_methods = file->pMethods;
    shim_methods = *real_methods;
    shim_methods.xSync = FailingSync;
    file->pMethods = &shim_methods;
  }
  return code;
}

void InstallShim() {
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  real_open = vfs->xOpen;
  vfs->xOpen = ShimOpen;
}

TEST(SqliteSyncTest, FailedSyncEndsTheProcessUnacknowledged) {
  testing::TempFolder folder;
  SqliteOptions options;
  options.path = folder.File("store.db");
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    InstallShim();
    testing::FakeLeafSequencer sequencer;
    options.sequencer = &sequencer;
    auto store = OpenSqlite(options);
    if (!store.ok() || !CommitAndWait(**store, testing::LeafSet("kept")).ok()) _exit(10);
    failures_left = 1;
    const bool ok = CommitAndWait(**store, testing::LeafSet("unknown")).ok();
    const char answer = ok ? 'y' : 'n';
    _exit(write(ends[1], &answer, 1) == 1 ? 11 : 12);
  }
  close(ends[1]);
  char answer = 0;
  EXPECT_EQ(read(ends[0], &answer, 1), 0) << "answered '" << answer << "' after a failed fsync";
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), EXIT_FAILURE);

  testing::FakeLeafSequencer sequencer;
  options.sequencer = &sequencer;
  auto store = OpenSqlite(options);
  ASSERT_TRUE(store.ok()) << store.status();
  auto snapshot = *(*store)->Open(absl::InfiniteFuture());
  EXPECT_EQ(snapshot->ReadLeaves(0, 1)->at(0).bytes, "kept");
}

}  // namespace
}  // namespace trusthub::store
