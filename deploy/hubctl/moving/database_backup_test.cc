// Backups of a service whose store is in PostgreSQL: made while it works, small when little
// changed, and put back into files, from which the store is moved into a database again.
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/audit/tree.h"
#include "common/store/postgres/postgres_store.h"
#include "common/testing/matchers.h"
#include "common/testing/postgres_server.h"
#include "deploy/hubctl/backup/backup_fixture.h"
#include "deploy/hubctl/moving/moving.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::PostgresDatabase;

constexpr char kTree[] = "auditTrees/backup-test";  // as ServiceStore calls it
constexpr int kRecords = 300;

class DatabaseBackupTest : public BackupFixture {
 protected:
  DatabaseBackupTest() {
    EXPECT_THAT(service_.WriteMany(0, kRecords), IsOk());
    entries_ = *service_.VerifiedEntries();
    service_.Close();
    std::ofstream(service_.data() + "/audit-tree") << kTree << "\n";
    EXPECT_THAT(MoveTo(database_), IsOk());
    EXPECT_TRUE(fs::remove(service_.path() + ".moved"));
  }

  absl::Status MoveTo(const PostgresDatabase& database) {
    MoveOptions options;
    options.service = "referrals";
    options.from = {"", service_.data()};
    options.to = {database.url(), service_.data()};
    options.audit_key = service_.audit_key().public_key();
    return MoveStore(options).status();
  }
  absl::StatusOr<MadeBackup> BackUpDatabase() {
    BackupOptions options;
    options.sources = {service_.source()};
    options.sources[0].database = {database_.url(), "", "referrals"};
    options.key = key_.get();
    options.made_by = "test";
    return MakeBackup(*OpenRepository(), options);
  }
  absl::StatusOr<std::unique_ptr<store::Store>> OpenDatabase(const std::string& name = kTree) {
    trees_.push_back(audit::MakeTree(name, &service_.audit_key(), &RealClock()));
    store::PostgresOptions options;
    options.url = database_.url();
    options.service = "referrals";
    options.tree = name;
    options.sequencer = trees_.back().get();
    return store::OpenPostgres(options);
  }

  const PostgresDatabase database_;
  std::vector<std::unique_ptr<store::LeafSequencer>> trees_;
  std::int64_t entries_ = 0;
};

TEST_F(DatabaseBackupTest, MadeWhileItWorksPutBackAndMovedAgain) {
  const auto running = OpenDatabase();
  ASSERT_THAT(running, IsOk());
  const auto first = BackUpDatabase();
  ASSERT_THAT(first, IsOk());
  store::WriteSet set;
  audit::v1::AuditEntry entry;
  set.leaves.push_back(audit::MakeLeaf(entry));
  ASSERT_THAT(store::CommitAndWait(**running, std::move(set)), IsOk());
  const auto second = BackUpDatabase();
  ASSERT_THAT(second, IsOk());
  EXPECT_LT(second->added[0].bytes, first->added[0].bytes / 4) << "what did not change is kept";
  EXPECT_EQ(second->manifest.services[0].head->size, entries_ + 1);
  EXPECT_THAT(Verify(first->manifest.name), IsOk());
  EXPECT_THAT(Verify(second->manifest.name), IsOk());

  ASSERT_THAT(RestoreFrom(second->manifest.name, /*accept_loss=*/true), IsOk());
  ASSERT_THAT(service_.Open(), IsOk());
  EXPECT_EQ(service_.CountFrom(0), kRecords);
  EXPECT_EQ(*service_.VerifiedEntries(), entries_ + 2) << "and the one that says so";
  service_.Close();
  const PostgresDatabase another;
  EXPECT_THAT(MoveTo(another), IsOk());
}

TEST_F(DatabaseBackupTest, SeveralLogsAreRefused) {
  ASSERT_THAT(OpenDatabase("auditTrees/replica"), IsOk());
  EXPECT_THAT(std::string(BackUpDatabase().status().message()),
              HasSubstr("holds several audit logs"));
}

}  // namespace
}  // namespace trusthub::hubctl
