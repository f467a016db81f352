// A service's sealed store with its audit log, moved between engines with what stands beside it.
#include "deploy/hubctl/moving/moving.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/audit/tree.h"
#include "common/store/open.h"
#include "common/store/postgres/postgres_store.h"
#include "common/store/sealed/sealed_store.h"
#include "common/testing/matchers.h"
#include "common/testing/postgres_server.h"
#include "common/testing/temp_folder.h"
#include "deploy/hubctl/backup/backup_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::PostgresDatabase;
using testing::StatusIs;
using testing::TempFolder;

constexpr char kTree[] = "auditTrees/backup-test";  // as ServiceStore calls it
constexpr int kRecords = 40;

class MovingTest : public ::testing::Test {
 protected:
  MovingTest() : service_(folder_.File("service")) {
    EXPECT_THAT(service_.Open(), IsOk());
    EXPECT_THAT(service_.WriteMany(0, kRecords), IsOk());
    EXPECT_THAT(service_.Forget("children/c7"), IsOk());
    service_.Close();
    std::ofstream(service_.data() + "/audit-tree") << kTree << "\n";
  }

  MoveOptions Options(StorePlace from, StorePlace to) const {
    MoveOptions options;
    options.service = "referrals";
    options.from = std::move(from);
    options.to = std::move(to);
    options.audit_key = service_.audit_key().public_key();
    return options;
  }
  StorePlace Files() const { return {"", service_.data()}; }
  StorePlace Database() const { return {database_.url(), service_.data()}; }
  absl::Status Move(StorePlace from, StorePlace to) {
    const auto moved = MoveStore(Options(std::move(from), std::move(to)));
    if (moved.ok()) trees_ = moved->trees;
    return moved.status();
  }

  // As the service opens what its configuration names.
  absl::StatusOr<std::unique_ptr<store::Store>> OpenAsService(const std::string& url,
                                                              const std::string& tree = kTree) {
    tree_ = audit::MakeTree(tree, &service_.audit_key(), &RealClock());
    store::OpenOptions options;
    options.url = url;
    options.folder = service_.data();
    options.service = "referrals";
    options.tree = tree;
    options.sequencer = tree_.get();
    options.create = !fs::exists(service_.data() + "/refusals.spool");
    return store::OpenStore(options);
  }
  std::string WhyNot(const std::string& url) {
    return std::string(OpenAsService(url).status().message());
  }

  const TempFolder folder_;
  ServiceStore service_;
  const PostgresDatabase database_;
  std::unique_ptr<store::LeafSequencer> tree_;
  std::vector<CheckedTree> trees_;
};

TEST_F(MovingTest, ThereAndBackInOneDataFolder) {
  ASSERT_THAT(Move(Files(), Database()), IsOk());
  EXPECT_EQ(trees_.size(), 1u);
  const std::int64_t entries = EntriesOf(trees_);
  EXPECT_GE(entries, kRecords);
  EXPECT_THAT(WhyNot(""), HasSubstr("was moved to postgresql://"));
  {
    const auto store = OpenAsService(database_.url());
    ASSERT_THAT(store, IsOk());
    store::WriteSet set;
    audit::v1::AuditEntry entry;
    set.leaves.push_back(audit::MakeLeaf(entry));
    const auto committed = store::CommitAndWait(**store, std::move(set));
    ASSERT_THAT(committed, IsOk());
    EXPECT_EQ(committed->leaves[0].index, entries) << "the same log goes on";
    EXPECT_EQ(committed->head->tree, kTree);
  }
  ASSERT_THAT(Move(Database(), Files()), IsOk());
  EXPECT_EQ(EntriesOf(trees_), entries + 1);
  EXPECT_THAT(WhyNot(database_.url()), HasSubstr("would hide"));
  ASSERT_THAT(service_.Open(), IsOk());
  for (int number = 0; number < kRecords; ++number) {
    EXPECT_EQ(service_.Has(number), number != 7) << number;  // who was forgotten stays so
  }
  EXPECT_EQ(*service_.VerifiedEntries(), entries + 1);
  EXPECT_THAT(service_.Write(kRecords, "children/new"), IsOk());
}

TEST_F(MovingTest, WhatStandsBesideTheStoreGoesToAnotherFolder) {
  std::ofstream(service_.data() + "/restored") << "000002-of-a-restore\n";
  const TempFolder other;
  const std::string data = other.File("data");
  ASSERT_THAT(Move(Files(), {database_.url(), data}), IsOk());
  std::string text;
  ASSERT_THAT(ReadFile(data + "/audit-tree", &text), IsOk());
  EXPECT_EQ(text, absl::StrCat(kTree, "\n"));
  ASSERT_THAT(ReadFile(data + "/restored", &text), IsOk());
  EXPECT_EQ(text, "000002-of-a-restore\n");
  EXPECT_TRUE(fs::exists(data + "/refusals.spool")) << "no empty store is begun there";
  // Back into a third, with no word of the second but the database's.
  const std::string third = other.File("third");
  ASSERT_THAT(Move({database_.url(), third}, {"", third}), IsOk());
  ASSERT_THAT(ReadFile(third + "/audit-tree", &text), IsOk());
  EXPECT_EQ(text, absl::StrCat(kTree, "\n"));
  EXPECT_TRUE(fs::exists(third + "/store.db"));
}

TEST_F(MovingTest, AFolderOfAnotherLogIsRefused) {
  std::ofstream(service_.data() + "/audit-tree") << "auditTrees/other\n";
  EXPECT_THAT(std::string(Move(Files(), Database()).message()),
              HasSubstr("holds the audit tree auditTrees/backup-test"));
  std::ofstream(service_.data() + "/audit-tree") << kTree << "\n";
  const TempFolder other;
  std::ofstream(other.File("audit-tree")) << "auditTrees/other\n";
  const absl::Status refused = Move(Files(), {"", other.path()});
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(MovingTest, ARunningServiceIsRefusedAndNothingIsLeft) {
  ASSERT_THAT(service_.Open(), IsOk());
  const TempFolder other;
  const absl::Status refused = Move(Files(), {"", other.File("data")});
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("a service has it open"));
  EXPECT_FALSE(fs::exists(other.File("data")));
  EXPECT_THAT(service_.Write(kRecords, "children/new"), IsOk());
}

// Every row is as the database has it, and still somebody changed the log there.
TEST_F(MovingTest, ALogThatWasChangedIsNotMoved) {
  ASSERT_THAT(Move(Files(), Database()), IsOk());
  ASSERT_THAT(database_.Run("UPDATE leaf SET bytes = bytes || '\\x00' WHERE position = 5"), IsOk());
  const absl::Status refused = Move(Database(), Files());
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(std::string(refused.message()), HasSubstr(kTree));
  EXPECT_FALSE(fs::exists(service_.path()));
  ASSERT_THAT(database_.Run("UPDATE leaf SET bytes = substr(bytes, 1, length(bytes) - 1)"
                            " WHERE position = 5"),
              IsOk());
  EXPECT_THAT(Move(Database(), Files()), IsOk());
}

TEST_F(MovingTest, SeveralLogsDoNotGoIntoOneFile) {
  ASSERT_THAT(Move(Files(), Database()), IsOk());
  {
    const auto tree = audit::MakeTree("auditTrees/replica", &service_.audit_key(), &RealClock());
    store::PostgresOptions options;
    options.url = database_.url();
    options.service = "referrals";
    options.tree = "auditTrees/replica";
    options.sequencer = tree.get();
    ASSERT_THAT(store::OpenPostgres(options), IsOk());
  }
  const absl::Status refused = Move(Database(), Files());
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("holds the audit logs of 2 processes"));
}

TEST_F(MovingTest, AnotherStoresPartIsNotGoneOnWith) {
  ServiceStore other(folder_.File("other"));
  ASSERT_THAT(other.Open(), IsOk());
  other.Close();
  // A copy of the first that died when its log was looked at.
  MoveOptions options = Options(Files(), Database());
  options.audit_key = std::string(32, 'x');
  EXPECT_THAT(MoveStore(options), StatusIs(absl::StatusCode::kDataLoss));
  std::ofstream(other.data() + "/audit-tree") << "auditTrees/third\n";
  const absl::Status refused = Move({"", other.data()}, {database_.url(), other.data()});
  EXPECT_THAT(std::string(refused.message()), HasSubstr("holds a part of another store"));
  EXPECT_THAT(Move(Files(), Database()), IsOk()) << "its own it goes on with";
}

TEST(PlaceTest, ReadsWhatAnAdministratorWrites) {
  EXPECT_EQ(ParsePlace("sqlite:/var/data")->folder, "/var/data");
  EXPECT_EQ(ParsePlace("sqlite:x")->folder, (fs::current_path() / "x").string());
  EXPECT_EQ(ParsePlace("postgresql://h/d")->url, "postgresql://h/d");
  for (const char* wrong : {"", "sqlite:", "/var/data", "mysql://h/d"}) {
    EXPECT_THAT(ParsePlace(wrong), StatusIs(absl::StatusCode::kInvalidArgument)) << wrong;
  }
}

}  // namespace
}  // namespace trusthub::hubctl
