#include "deploy/hubctl/backup/restoring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/testing/matchers.h"
#include "deploy/hubctl/backup/backup_fixture.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

class RestoringTest : public BackupFixture {
 protected:
  // Numbers 0 to 29 are in the backup, 30 to 39 came later.
  void SetUp() override {
    ASSERT_THAT(service_.WriteMany(0, 30), IsOk());
    const auto made = Backup();
    ASSERT_THAT(made, IsOk());
    backup_ = made->manifest.name;
    ASSERT_THAT(service_.WriteMany(30, 40), IsOk());
  }

  std::string backup_;
};

TEST_F(RestoringTest, PutsBackWhatWasBackedUpAndSaysSo) {
  service_.Close();
  auto restore = Prepare(backup_, /*accept_loss=*/true);
  ASSERT_THAT(restore, IsOk());
  EXPECT_EQ((*restore)->entries(), 31);
  EXPECT_EQ((*restore)->entries_lost(), 10);
  EXPECT_FALSE(service_.Open().ok()) << "the service cannot start meanwhile";
  ASSERT_THAT((*restore)->Replace(), IsOk());
  const std::string replaced = (*restore)->replaced();
  EXPECT_TRUE(fs::exists(replaced + "/store.db"));
  restore->reset();
  ASSERT_THAT(service_.Open(), IsOk());
  EXPECT_EQ(service_.CountFrom(0), 30);
  EXPECT_FALSE(service_.Has(30));
  EXPECT_EQ(*service_.VerifiedEntries(), 31);
  ASSERT_THAT(service_.WriteMany(50, 55), IsOk()) << "it goes on";
  EXPECT_EQ(*service_.VerifiedEntries(), 36);

  // What was there before can be had again.
  service_.Close();
  fs::rename(replaced + "/store.db", service_.path());
  ASSERT_THAT(service_.Open(), IsOk());
  EXPECT_EQ(service_.CountFrom(0), 40);
}

TEST_F(RestoringTest, AfterTheDiskIsGone) {
  service_.Close();
  fs::remove_all(service_.data());
  EXPECT_THAT(Prepare(backup_, false).status(), StatusIs(StatusCode::kFailedPrecondition))
      << "nobody knows what is lost";
  ASSERT_THAT(RestoreFrom(backup_, true), IsOk());
  std::string tree;
  std::getline(std::ifstream(service_.data() + "/audit-tree") >> std::ws, tree);
  EXPECT_EQ(tree, "auditTrees/backup-test");
  EXPECT_TRUE(fs::exists(service_.data() + "/refusals.spool"));
  EXPECT_TRUE(fs::exists(service_.data() + "/restored"));
  ASSERT_THAT(service_.Open(), IsOk());
  EXPECT_EQ(service_.CountFrom(0), 30);
}

TEST_F(RestoringTest, ARunningServiceIsLeftAlone) {
  const auto refused = Prepare(backup_, true);
  EXPECT_THAT(refused.status(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("in use"));
  EXPECT_EQ(service_.CountFrom(0), 40);
}

TEST_F(RestoringTest, LossIsAcceptedAloud) {
  service_.Close();
  const auto refused = Prepare(backup_, false);
  EXPECT_THAT(refused.status(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("10 entries"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("--accept-loss"));
  // Nothing is lost by what holds the same.
  ASSERT_THAT(service_.Open(), IsOk());
  const auto newest = Backup();
  ASSERT_THAT(newest, IsOk());
  service_.Close();
  EXPECT_THAT(RestoreFrom(newest->manifest.name, false), IsOk());
  ASSERT_THAT(service_.Open(), IsOk());
  EXPECT_EQ(service_.CountFrom(0), 40);
}

TEST_F(RestoringTest, WhoWasForgottenStaysSo) {
  // One is forgotten in a later backup, one after the last one, by the store that is replaced.
  ASSERT_THAT(service_.Forget("children/c3"), IsOk());
  const auto later = Backup();
  ASSERT_THAT(later, IsOk());
  ASSERT_THAT(service_.Forget("children/c5"), IsOk());
  service_.Close();
  auto restore = Prepare(backup_, true);
  ASSERT_THAT(restore, IsOk());
  EXPECT_EQ((*restore)->keys_destroyed(), 2);
  ASSERT_THAT((*restore)->Replace(), IsOk());
  restore->reset();
  ASSERT_THAT(service_.Open(), IsOk());
  EXPECT_TRUE(service_.Has(2));
  EXPECT_FALSE(service_.Has(3));
  EXPECT_FALSE(service_.Has(5));
  EXPECT_TRUE(store::IsConflict(service_.Write(300, "children/c3")));
  EXPECT_TRUE(store::IsConflict(service_.Write(301, "children/c5")));
  EXPECT_EQ(*service_.VerifiedEntries(), 31) << "the log verifies as before";
  service_.Close();

  // With the disk gone, what the repository knows still holds; also when that backup is dropped.
  {
    const auto repository = OpenRepository();
    const auto lock = repository->LockToChange();
    ASSERT_THAT(lock, IsOk());
    ASSERT_THAT(repository->Drop(later->manifest.name), IsOk());
    ASSERT_THAT(repository->Collect(signers()), IsOk());
  }
  fs::remove_all(service_.data());
  ASSERT_THAT(RestoreFrom(backup_, true), IsOk());
  ASSERT_THAT(service_.Open(), IsOk());
  EXPECT_FALSE(service_.Has(3));
}

TEST_F(RestoringTest, ADamagedStoreIsReplacedWithItsLog) {
  // As after a crash, with a log beside it.
  ASSERT_THAT(service_.Open(), IsOk());
  ASSERT_THAT(service_.WriteMany(40, 42), IsOk());
  const std::string copy = folder_.File("copy");
  fs::copy(service_.data(), copy);
  service_.Close();
  fs::remove_all(service_.data());
  fs::copy(copy, service_.data());
  ServiceStore::Damage(service_.path());
  ASSERT_FALSE(service_.Open().ok());
  EXPECT_THAT(std::string(Prepare(backup_, false).status().message()), HasSubstr("--accept-loss"));
  auto restore = Prepare(backup_, true);
  ASSERT_THAT(restore, IsOk());
  EXPECT_FALSE((*restore)->entries_lost().has_value());
  ASSERT_THAT((*restore)->Replace(), IsOk());
  EXPECT_TRUE(fs::exists((*restore)->replaced() + "/store.db"));
  restore->reset();
  ASSERT_THAT(service_.Open(), IsOk());
  EXPECT_EQ(service_.CountFrom(0), 30);
}

TEST_F(RestoringTest, WhatIsNotSoundTouchesNothing) {
  service_.Close();
  const auto untouched = [&](const std::string& backup, const char* what) {
    const auto refused = Prepare(backup, true);
    EXPECT_FALSE(refused.ok()) << what;
    EXPECT_FALSE(fs::exists(service_.path() + ".restoring")) << what;
    EXPECT_THAT(service_.Open(), IsOk()) << what;
    EXPECT_EQ(service_.CountFrom(0), 40) << what;
    service_.Close();
    return std::string(refused.status().message());
  };
  for (const auto& entry : fs::recursive_directory_iterator(Repo() + "/chunks")) {
    if (!entry.is_regular_file()) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file << "damage";
    break;
  }
  EXPECT_THAT(untouched(backup_, "a damaged chunk"), HasSubstr("/chunks/"));
  ASSERT_THAT(service_.Open(), IsOk());
  fs::remove_all(Repo());
  ASSERT_THAT(Repository::Make(Repo(), *ring_, UnsyncedDisk::Get()), IsOk());
  const auto made = Backup();
  ASSERT_THAT(made, IsOk());
  service_.Close();
  // A ring without the key of that time.
  const std::string ring = service_.target().data_keys;
  fs::copy(ring, folder_.File("ring"));
  const std::string keys = fs::path(ring).parent_path().string();
  fs::copy(keys + "/kek-1.key", keys + "/kek-9.key");
  std::ofstream(ring, std::ios::trunc) << "version: 1\nkeys:\n  - {id: kek-9, file: kek-9.key}\n";
  const auto refused = Prepare(made->manifest.name, true);
  EXPECT_THAT(refused.status(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("kek-1"));
  fs::copy(folder_.File("ring"), ring, fs::copy_options::overwrite_existing);
  // Another audit key than the one that signed the log.
  const std::string audit = service_.target().audit_key;
  fs::copy(audit, folder_.File("audit"));
  std::ofstream(audit, std::ios::trunc) << crypto::SigningKey::Generate()->ToPem();
  EXPECT_THAT(std::string(Prepare(made->manifest.name, true).status().message()),
              HasSubstr("audit key of that time"));
  fs::copy(folder_.File("audit"), audit, fs::copy_options::overwrite_existing);
  EXPECT_THAT(RestoreFrom(made->manifest.name, true), IsOk());
}

// A service that was killed, and does not run: its log holds what its database does not.
TEST_F(RestoringTest, WhatAKilledServiceLeftCanBeBackedUp) {
  const std::string copy = folder_.File("copy");
  fs::copy(service_.data(), copy);
  service_.Close();
  fs::remove_all(service_.data());
  fs::copy(copy, service_.data());
  ASSERT_GT(fs::file_size(service_.path() + "-wal"), 0u);
  const auto made = Backup();
  ASSERT_THAT(made, IsOk());
  fs::remove_all(service_.data());
  ASSERT_THAT(RestoreFrom(made->manifest.name, true), IsOk());
  ASSERT_THAT(service_.Open(), IsOk());
  EXPECT_EQ(service_.CountFrom(0), 40);
}

TEST_F(RestoringTest, RefusalsThatWereSpooledStay) {
  service_.Close();
  std::ofstream(service_.data() + "/refusals.spool") << "kept as it is";
  ASSERT_THAT(RestoreFrom(backup_, true), IsOk());
  std::ifstream file(service_.data() + "/refusals.spool");
  const std::string spool((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(spool, "kept as it is");
}

}  // namespace
}  // namespace trusthub::hubctl
