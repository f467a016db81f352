// The process is killed at the first change that a backup, a restore or a drop makes on disk, at
// the second, and so on until it runs clean. After each, the earlier backups are whole and the next
// run succeeds; and a service finds the old store or the new one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/testing/matchers.h"
#include "deploy/hubctl/backup/backup_fixture.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;
using testing::IsOk;

// Ends the process at its nth call: before it is made, or half-way through a file.
class DyingDisk : public Disk {
 public:
  DyingDisk(int dies_at, bool half) : dies_at_(dies_at), half_(half) {}

  absl::Status Write(const std::string& path, absl::string_view bytes) override {
    Count(path, bytes);
    return Disk::Write(path, bytes);
  }
  absl::Status WriteForGood(const std::string& path, absl::string_view bytes) override {
    Count(path, bytes);
    return Disk::WriteForGood(path, bytes);
  }
  absl::Status MakeFolder(const std::string& path) override {
    Count();
    return Disk::MakeFolder(path);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    Count();
    return Disk::Rename(from, to);
  }
  absl::Status Link(const std::string& from, const std::string& to) override {
    Count();
    return Disk::Link(from, to);
  }
  absl::Status Remove(const std::string& path) override {
    Count();
    return Disk::Remove(path);
  }
  absl::Status SyncAll(const std::string&) override {
    Count();
    return absl::OkStatus();  // a killed process takes nothing along that it wrote
  }

 private:
  void Count(const std::string& path = "", absl::string_view bytes = "") {
    if (++calls_ != dies_at_) return;
    if (half_ && !path.empty()) {
      std::ofstream(path + ".new", std::ios::binary) << bytes.substr(0, bytes.size() / 2);
    }
    _exit(kDied);
  }

 public:
  static constexpr int kDied = 9;

 private:
  const int dies_at_;
  const bool half_;
  int calls_ = 0;
};

class BackupCrashTest : public BackupFixture {
 protected:
  // Runs `work` in a process of its own. Whether it died; it may not fail.
  bool DiesAt(int call, const std::function<absl::Status(Disk&)>& work) {
    const pid_t child = fork();
    if (child == 0) {
      RandomBytes(1 << 16);  // past those that the parent has drawn ahead: no two use the same
      DyingDisk disk(call, call % 2 == 1);
      const absl::Status status = work(disk);
      if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
      _exit(status.ok() ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_NE(WEXITSTATUS(status), 1) << "call " << call;
    return WEXITSTATUS(status) == DyingDisk::kDied;
  }
  void Keep(const std::string& name) {
    fs::remove_all(folder_.File("kept-" + name));
    fs::copy(folder_.File(name), folder_.File("kept-" + name), fs::copy_options::recursive);
  }
  void PutBack(const std::string& name) {
    fs::remove_all(folder_.File(name));
    fs::copy(folder_.File("kept-" + name), folder_.File(name), fs::copy_options::recursive);
  }
};

TEST_F(BackupCrashTest, EarlierBackupsOutliveARunThatDied) {
  ASSERT_THAT(service_.WriteMany(0, 60), IsOk());
  ASSERT_THAT(service_.Forget("children/c1"), IsOk());
  const auto first = Backup();
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(service_.WriteMany(60, 120), IsOk());
  ASSERT_THAT(service_.Forget("children/c2"), IsOk());
  service_.Close();
  Keep("repo");
  int call = 0;
  for (bool died = true; died && !HasFailure();) {
    SCOPED_TRACE(absl::StrCat("call ", ++call));
    PutBack("repo");
    died = DiesAt(call, [&](Disk& disk) { return Backup(disk).status(); });
    ASSERT_THAT(Verify(first->manifest.name), IsOk());
    const auto names = OpenRepository()->List();
    ASSERT_THAT(names, IsOk());
    for (const std::string& name : *names) EXPECT_THAT(Verify(name), IsOk());
    const auto next = Backup();
    ASSERT_THAT(next, IsOk()) << "it goes on";
    EXPECT_THAT(Verify(next->manifest.name), IsOk());
    for (const auto& file : fs::directory_iterator(service_.data())) {
      EXPECT_EQ(file.path().string().find(".copy-"), std::string::npos) << "a copy is left over";
    }
  }
  EXPECT_GT(call, 5);
  std::printf("a backup was killed at each of %d changes\n", call - 1);
}

TEST_F(BackupCrashTest, ADropThatDiedTakesNoOtherBackupAlong) {
  ASSERT_THAT(service_.WriteMany(0, 60), IsOk());
  const auto first = Backup();
  ASSERT_THAT(service_.WriteMany(60, 90), IsOk());
  const auto second = Backup();
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  service_.Close();
  Keep("repo");
  int call = 0;
  for (bool died = true; died && !HasFailure();) {
    SCOPED_TRACE(absl::StrCat("call ", ++call));
    PutBack("repo");
    died = DiesAt(call, [&](Disk& disk) {
      const auto repository = OpenRepository(disk);
      const absl::Status dropped = repository->Drop(first->manifest.name);
      return dropped.ok() ? repository->Collect(signers()).status() : dropped;
    });
    EXPECT_THAT(Verify(second->manifest.name), IsOk());
    EXPECT_THAT(OpenRepository()->Collect(signers()), IsOk()) << "and what it left is collected";
    EXPECT_THAT(Verify(second->manifest.name), IsOk());
  }
  EXPECT_GT(call, 3);
}

class RestoreCrashTest : public BackupCrashTest, public ::testing::WithParamInterface<bool> {};

TEST_P(RestoreCrashTest, TheOldStoreOrTheNewOneIsThere) {
  ASSERT_THAT(service_.WriteMany(0, 30), IsOk());
  const auto made = Backup();
  ASSERT_THAT(made, IsOk());
  ASSERT_THAT(service_.WriteMany(30, 45), IsOk());
  const bool left_by_crash = GetParam();
  if (left_by_crash) {
    // With a log that holds what the database does not.
    fs::copy(folder_.File("service"), folder_.File("kept-service"), fs::copy_options::recursive);
    service_.Close();
  } else {
    service_.Close();
    Keep("service");
  }
  int call = 0;
  int old_ones = 0;
  for (bool died = true; died && !HasFailure();) {
    SCOPED_TRACE(absl::StrCat("call ", ++call));
    PutBack("service");
    died = DiesAt(call, [&](Disk& disk) { return RestoreFrom(made->manifest.name, true, disk); });
    ASSERT_THAT(service_.Open(), IsOk());
    const int count = service_.CountFrom(0);
    const auto entries = service_.VerifiedEntries();
    ASSERT_THAT(entries, IsOk());
    if (count == 45) {
      EXPECT_EQ(*entries, 45);
      EXPECT_TRUE(died);
      ++old_ones;
    } else {
      EXPECT_EQ(count, 30);
      EXPECT_EQ(*entries, 31) << "it says that it was restored";
    }
    service_.Close();
    ASSERT_THAT(RestoreFrom(made->manifest.name, true), IsOk()) << "run again it goes on";
    ASSERT_THAT(service_.Open(), IsOk());
    EXPECT_EQ(service_.CountFrom(0), 30);
    service_.Close();
  }
  EXPECT_GT(old_ones, 5);
  std::printf("a restore was killed at each of %d changes; the old store stayed %d times\n",
              call - 1, old_ones);
}

INSTANTIATE_TEST_SUITE_P(Over, RestoreCrashTest, ::testing::Values(false, true),
                         [](const auto& over) {
                           return over.param ? "WhatACrashLeft" : "AStoreThatWasClosed";
                         });

// A damaged store is no store to go back to, but it must not be served in part either.
TEST_F(BackupCrashTest, ADamagedStoreIsNeverServedWithoutItsLog) {
  ASSERT_THAT(service_.WriteMany(0, 30), IsOk());
  const auto made = Backup();
  ASSERT_THAT(made, IsOk());
  ASSERT_THAT(service_.Open(), IsOk());  // moves the log into the database
  ASSERT_THAT(service_.WriteMany(30, 45), IsOk());
  fs::copy(folder_.File("service"), folder_.File("kept-service"), fs::copy_options::recursive);
  service_.Close();
  ServiceStore::Damage(folder_.File("kept-service/data/store.db"));
  int call = 0;
  int refused = 0;
  for (bool died = true; died && !HasFailure();) {
    SCOPED_TRACE(absl::StrCat("call ", ++call));
    PutBack("service");
    died = DiesAt(call, [&](Disk& disk) { return RestoreFrom(made->manifest.name, true, disk); });
    if (const absl::Status opened = service_.Open(); opened.ok()) {
      EXPECT_EQ(service_.CountFrom(0), 30);
      EXPECT_EQ(*service_.VerifiedEntries(), 31);
      service_.Close();
    } else {
      EXPECT_TRUE(died) << opened;
      ++refused;
    }
    ASSERT_THAT(RestoreFrom(made->manifest.name, true), IsOk()) << "run again it goes on";
    ASSERT_THAT(service_.Open(), IsOk());
    EXPECT_EQ(service_.CountFrom(0), 30);
    service_.Close();
  }
  EXPECT_GT(refused, 5);
}

}  // namespace
}  // namespace trusthub::hubctl
