// What only the SQLite engine promises: its files, and what happens when the disk fails.
#include "common/store/sqlite/sqlite_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/store/sqlite/connection.h"
#include "common/store/sqlite/files.h"
#include "common/store/sqlite/page_checks.h"
#include "common/store/sqlite/schema.h"
#include "common/testing/fake_clock.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "common/testing/temp_folder.h"
#include "common/testing/write_sets.h"

namespace trusthub::store {
namespace {

using testing::FakeLeafSequencer;
using testing::LeafSet;
using testing::RecordSet;
using testing::TempFolder;

absl::StatusOr<std::unique_ptr<Store>> OpenAt(const std::string& path, LeafSequencer* sequencer) {
  SqliteOptions options;
  options.path = path;
  options.sequencer = sequencer;
  return OpenSqlite(options);
}

std::string ErrorOf(const std::string& path) {
  FakeLeafSequencer sequencer;
  return std::string(OpenAt(path, &sequencer).status().message());
}

// As another program would, or (`vfs`) one that keeps the checksums of pages.
void RunSql(const std::string& path, const char* sql, const char* vfs = nullptr) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
            SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

std::unique_ptr<Snapshot> Snap(Store& store) { return *store.Open(absl::InfiniteFuture()); }

// Runs `body` in a process of its own; returns its exit code, or -signal. Nothing of this process
// may run on in the child, so `body` ends it itself when it must not return.
template <class Body>
int InChild(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// --- Which files are taken ----------------------------------------------------------------------

TEST(SqliteStoreTest, RefusesWhatIsNoStore) {
  TempFolder folder;
  const std::string path = folder.File("store.db");
  std::ofstream(path) << "This is a letter, not a database. " << std::string(5000, 'x');
  EXPECT_EQ(ErrorOf(path), absl::StrCat("store ", path, ": not a store of the hub"));
}

TEST(SqliteStoreTest, RefusesAnotherProgramsDatabase) {
  TempFolder folder;
  const std::string path = folder.File("store.db");
  RunSql(path, "CREATE TABLE theirs (x)");
  EXPECT_EQ(ErrorOf(path), absl::StrCat("store ", path, ": not a store of the hub"));
}

TEST(SqliteStoreTest, RefusesANewerVersion) {
  TempFolder folder;
  const std::string path = folder.File("store.db");
  ASSERT_EQ(ErrorOf(path), "");
  RunSql(path, "PRAGMA user_version = 4", sqlite::PageChecksVfs());
  EXPECT_EQ(ErrorOf(path), absl::StrCat("store ", path,
                                        ": made by another version of the hub "
                                        "(schema 4, this one knows 3)"));
}

TEST(SqliteStoreTest, BringsAnEarlierVersionToTheNewest) {
  TempFolder folder;
  const std::string path = folder.File("store.db");
  ASSERT_TRUE(sqlite::CreatePrivate(path).ok());
  {
    auto connection = sqlite::Connection::Open(path, sqlite::Connection::Mode::kWriter);
    ASSERT_TRUE(connection.ok()) << connection.status();
    ASSERT_TRUE(
        sqlite::PrepareSchema(**connection, path, /*check=*/false, {Migrations().front()}).ok());
    ASSERT_TRUE(
        (*connection)->Execute("INSERT INTO leaf (position, bytes) VALUES (0, x'6f6e65')").ok());
    ASSERT_TRUE(
        (*connection)->Execute("INSERT INTO leaf_key (key, position) VALUES (x'61', 0)").ok());
  }
  const auto store = OpenAt(path, nullptr);
  ASSERT_TRUE(store.ok()) << store.status();
  const auto leaves = Snap(**store)->ListLeavesByKey("a", 0, 9);
  ASSERT_EQ(leaves->size(), 1u);
  EXPECT_EQ(leaves->front().bytes, "one");
}

TEST(SqliteStoreTest, RefusesADamagedFile) {
  TempFolder folder;
  const std::string path = folder.File("store.db");
  {
    FakeLeafSequencer sequencer;
    auto store = OpenAt(path, &sequencer);
    ASSERT_TRUE(store.ok()) << store.status();
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(CommitAndWait(**store, LeafSet(std::string(500, 'x'))).ok());
    }
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(0, std::ios::end);
  const auto size = static_cast<std::int64_t>(file.tellp());
  for (std::int64_t at = 4096; at < size; at += 4096) {
    file.seekp(at);
    file << std::string(64, '\xee');
  }
  file.close();
  EXPECT_EQ(ErrorOf(path), absl::StrCat("store ", path, ": damaged; restore it from a backup"));
}

TEST(SqliteStoreTest, MissingFileIsNotMadeUnlessAsked) {
  TempFolder folder;
  SqliteOptions options;
  options.path = folder.File("store.db");
  options.create = false;
  EXPECT_EQ(std::string(OpenSqlite(options).status().message()),
            absl::StrCat("store ", options.path, ": does not exist; restore it from a backup"));
  std::ofstream(options.path).close();
  EXPECT_EQ(std::string(OpenSqlite(options).status().message()),
            absl::StrCat("store ", options.path, ": is empty; restore it from a backup"));
}

TEST(SqliteStoreTest, OnlyItsUserMayReadIt) {
  TempFolder folder;
  const std::string path = folder.File("store.db");
  FakeLeafSequencer sequencer;
  auto store = OpenAt(path, &sequencer);
  ASSERT_TRUE(CommitAndWait(**store, LeafSet("x")).ok());
  for (const char* side : {"", "-wal", "-shm", ".lock"}) {
    struct stat info;
    ASSERT_EQ(stat((path + side).c_str(), &info), 0) << side;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << side;
  }
}

TEST(SqliteStoreTest, SecondProcessIsRefused) {
  TempFolder folder;
  const std::string path = folder.File("store.db");
  FakeLeafSequencer sequencer;
  auto store = OpenAt(path, &sequencer);
  ASSERT_TRUE(store.ok());
  const std::string wanted =
      absl::StrCat("store ", path, ".lock: in use by another process; stop that one first");
  EXPECT_EQ(ErrorOf(path), wanted);
  EXPECT_EQ(InChild([&] { return ErrorOf(path) == wanted ? 0 : 1; }), 0);
  store->reset();
  EXPECT_EQ(ErrorOf(path), "");
}

TEST(SqliteStoreTest, ReadOnlyFolderIsRefused) {
  TempFolder folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0555), 0);
  const int code = InChild([&] {
    if (geteuid() == 0 && seteuid(65534) != 0) return 3;  // root may write anywhere
    const std::string error = ErrorOf(folder.File("store.db"));
    return error.find("Permission denied") != std::string::npos ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
  chmod(folder.path().c_str(), 0755);
}

TEST(SqliteStoreTest, RemovedFileIsNoticed) {
  TempFolder folder;
  const std::string path = folder.File("store.db");
  FakeLeafSequencer sequencer;
  auto store = OpenAt(path, &sequencer);
  ASSERT_TRUE(CommitAndWait(**store, RecordSet("referrals/a", 1, "x")).ok());
  ASSERT_EQ(unlink(path.c_str()), 0);
  EXPECT_EQ(error::ReasonOf(CommitAndWait(**store, RecordSet("referrals/b", 1, "x")).status()),
            errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
}

// --- Housekeeping -------------------------------------------------------------------------------

TEST(SqliteStoreTest, ExpiredAnswersAreRemovedAsNewOnesCome) {
  TempFolder folder;
  testing::FakeClock clock;
  SqliteOptions options;
  options.path = folder.File("store.db");
  options.clock = &clock;
  auto store = OpenSqlite(options);
  ASSERT_TRUE(store.ok());
  const auto answer = [&](int i) {
    WriteSet set;
    set.answer =
        PutAnswer{absl::StrCat("key", i), "digest", "response", clock.Now() + absl::Hours(1)};
    return set;
  };
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(CommitAndWait(**store, answer(i)).ok());
  clock.Set(clock.Now() + absl::Hours(2));
  for (int i = 40; i < 60; ++i) ASSERT_TRUE(CommitAndWait(**store, answer(i)).ok());
  const absl::Time long_ago = absl::FromUnixSeconds(0);
  auto snapshot = Snap(**store);
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(snapshot->FindAnswer(absl::StrCat("key", i), long_ago)->has_value(), i >= 40) << i;
  }
}

TEST(SqliteStoreTest, LogDoesNotGrowWithoutBound) {
  TempFolder folder;
  const std::string path = folder.File("store.db");
  FakeLeafSequencer sequencer;
  auto store = OpenAt(path, &sequencer);
  const std::string leaf(200'000, 'x');
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(CommitAndWait(**store, LeafSet(leaf)).ok());
  struct stat info;
  ASSERT_EQ(stat((path + "-wal").c_str(), &info), 0);
  EXPECT_LT(info.st_size, 40 << 20) << "of 60 MiB written";
}

TEST(SqliteStoreTest, ReadersWaitForAConnectionUntilTheirDeadline) {
  TempFolder folder;
  testing::FakeClock clock;
  SqliteOptions options;
  options.path = folder.File("store.db");
  options.clock = &clock;
  options.readers_max = 1;
  auto store = OpenSqlite(options);
  auto first = (*store)->Open(absl::InfiniteFuture());
  EXPECT_EQ((*store)->Open(clock.Now()).status().code(), absl::StatusCode::kDeadlineExceeded);
  first->reset();
  EXPECT_TRUE((*store)->Open(clock.Now()).ok());
}

// --- Disks that fail ----------------------------------------------------------------------------

// Commits until one is refused, frees space, commits again. Returns an exit code.
int FillThenFree(const std::string& path, const std::function<void()>& free_space) {
  FakeLeafSequencer sequencer;
  auto store = OpenAt(path, &sequencer);
  if (!store.ok()) return 10;
  int kept = 0;
  absl::Status refused;
  while (refused.ok() && kept < 10'000) {
    WriteSet set = RecordSet(absl::StrCat("referrals/", kept), 1, std::string(20'000, 'x'));
    set.leaves.emplace_back("leaf");
    refused = CommitAndWait(**store, std::move(set)).status();
    if (refused.ok()) ++kept;
  }
  if (error::ReasonOf(refused) != errors::v1::ERROR_REASON_STORE_UNAVAILABLE) return 11;
  const absl::Status audit = CommitAndWait(**store, LeafSet(std::string(2'000'000, 'x'))).status();
  if (error::ReasonOf(audit) != errors::v1::ERROR_REASON_AUDIT_UNAVAILABLE) return 12;
  if (*Snap(**store)->LeafCount() != kept) return 13;  // reads go on
  free_space();
  WriteSet again = RecordSet("referrals/again", 1, "x");
  again.leaves.emplace_back("leaf");
  const auto committed = CommitAndWait(**store, std::move(again));
  if (!committed.ok() || committed->leaves[0].index != kept) return 14;
  store->reset();
  auto reopened = OpenAt(path, &sequencer);  // checks the file
  if (!reopened.ok() || *Snap(**reopened)->LeafCount() != kept + 1) return 15;
  return 0;
}

TEST(SqliteStoreTest, FullDiskRefusesAndRecovers) {
  TempFolder folder;
  if (geteuid() != 0 || mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=8m") != 0) {
    GTEST_SKIP() << "cannot mount a small disk here; FileLimitRefusesAndRecovers covers it";
  }
  const std::string ballast = folder.File("ballast");
  std::ofstream(ballast) << std::string(2'000'000, 'b');
  EXPECT_EQ(FillThenFree(folder.File("store.db"), [&] { unlink(ballast.c_str()); }), 0);
  EXPECT_EQ(umount(folder.path().c_str()), 0);
}

TEST(SqliteStoreTest, FileLimitRefusesAndRecovers) {
  TempFolder folder;
  const int code = InChild([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{4 << 20, 64 << 20};
    setrlimit(RLIMIT_FSIZE, &limit);
    return FillThenFree(folder.File("store.db"), [&] {
      limit.rlim_cur = limit.rlim_max;
      setrlimit(RLIMIT_FSIZE, &limit);
    });
  });
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace trusthub::store
