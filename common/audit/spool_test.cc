#include "common/audit/spool.h"

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/audit_fixtures.h"
#include "common/audit/tree.h"
#include "common/store/sqlite/sqlite_factory.h"
#include "common/testing/matchers.h"
#include "gtest/gtest.h"

namespace trusthub::audit {
namespace {

using testing::IsOk;
using testing::StatusIs;

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() : key_(crypto::SigningKey::Generate()) { OpenAll(); }

  void OpenAll() {
    tree_ = MakeTree(kTestTree, key_.get(), &clock_);
    auto store = factory_.Open(tree_.get(), 100);
    ASSERT_THAT(store, IsOk());
    store_ = *std::move(store);
    OpenAgain();
  }
  // As after a crash of the process: the file is taken up again.
  void OpenAgain() {
    spool_.reset();
    auto spool = OpenSpool(path());
    ASSERT_THAT(spool, IsOk());
    spool_ = *std::move(spool);
  }
  std::string path() const { return folder_.File("refusals.spool"); }
  std::string ReadFile() const {
    std::ifstream file(path(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void WriteFile(const std::string& bytes) const {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
  }
  std::vector<std::string> Logged() {
    std::vector<std::string> logged;
    auto snapshot = store_->Open(absl::InfiniteFuture());
    EXPECT_THAT(snapshot, IsOk());
    const auto leaves = (*snapshot)->ReadLeaves(0, 1000);
    EXPECT_THAT(leaves, IsOk());
    for (const store::StoredLeaf& leaf : *leaves) logged.push_back(leaf.bytes);
    return logged;
  }

  testing::FakeClock clock_;
  testing::TempFolder folder_;
  testing::SqliteFactory factory_;
  std::unique_ptr<crypto::SigningKey> key_;
  std::unique_ptr<store::LeafSequencer> tree_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Spool> spool_;
};

using Lines = std::vector<std::string>;

TEST_F(SpoolTest, KeepsUntilDrained) {
  EXPECT_TRUE(spool_->empty());
  EXPECT_THAT(spool_->Drain(*store_), IsOk());
  ASSERT_THAT(spool_->Add(TestLeaf(1)), IsOk());
  ASSERT_THAT(spool_->Add(TestLeaf(2)), IsOk());
  EXPECT_FALSE(spool_->empty());
  OpenAgain();
  EXPECT_FALSE(spool_->empty());
  ASSERT_THAT(spool_->Add(TestLeaf(3)), IsOk());
  EXPECT_THAT(spool_->Drain(*store_), IsOk());
  EXPECT_TRUE(spool_->empty());
  EXPECT_EQ(Logged(), (Lines{TestLeaf(1), TestLeaf(2), TestLeaf(3)}));
  // Emptied for good, and of use again.
  OpenAgain();
  EXPECT_TRUE(spool_->empty());
  ASSERT_THAT(spool_->Add(TestLeaf(4)), IsOk());
  EXPECT_THAT(spool_->Drain(*store_), IsOk());
  EXPECT_EQ(Logged(), (Lines{TestLeaf(1), TestLeaf(2), TestLeaf(3), TestLeaf(4)}));
}

TEST_F(SpoolTest, KeepsEverythingWhenTheStoreRefuses) {
  ASSERT_THAT(spool_->Add(TestLeaf(1)), IsOk());
  store_->Close();
  EXPECT_FALSE(spool_->Drain(*store_).ok());
  EXPECT_FALSE(spool_->empty());
  store_.reset();
  OpenAll();
  EXPECT_THAT(spool_->Drain(*store_), IsOk());
  EXPECT_EQ(Logged(), (Lines{TestLeaf(1)}));
}

// A crash after the commit and before the file was emptied: the old file is there again.
TEST_F(SpoolTest, CommitsNothingTwice) {
  ASSERT_THAT(spool_->Add(TestLeaf(1)), IsOk());
  ASSERT_THAT(spool_->Add(TestLeaf(2)), IsOk());
  const std::string before = ReadFile();
  ASSERT_THAT(spool_->Drain(*store_), IsOk());
  spool_.reset();
  WriteFile(before);
  OpenAgain();
  EXPECT_FALSE(spool_->empty());
  ASSERT_THAT(spool_->Add(TestLeaf(3)), IsOk());
  EXPECT_THAT(spool_->Drain(*store_), IsOk());
  EXPECT_EQ(Logged(), (Lines{TestLeaf(1), TestLeaf(2), TestLeaf(3)}));
}

// A crash at every byte of an Add: what was acknowledged stays, the torn entry goes.
TEST_F(SpoolTest, TornTailIsCutOff) {
  ASSERT_THAT(spool_->Add("acknowledged"), IsOk());
  const std::string before = ReadFile();
  ASSERT_THAT(spool_->Add("torn"), IsOk());
  const std::string after = ReadFile();
  int round = 0;
  Lines expected;
  for (std::size_t length = before.size(); length < after.size(); ++length) {
    SCOPED_TRACE(length);
    spool_.reset();
    WriteFile(after.substr(0, length));
    OpenAgain();
    EXPECT_EQ(ReadFile(), before);
    // Zeros in place of bytes that never came down.
    spool_.reset();
    WriteFile(after.substr(0, length) + std::string(after.size() - length, '\0'));
    OpenAgain();
    EXPECT_EQ(ReadFile(), before);
    ++round;
  }
  EXPECT_EQ(round, 16);
  ASSERT_THAT(spool_->Add("next"), IsOk());
  EXPECT_THAT(spool_->Drain(*store_), IsOk());
  EXPECT_EQ(Logged(), (Lines{"acknowledged", "next"}));
}

TEST_F(SpoolTest, DamageInTheMiddleIsNotHidden) {
  ASSERT_THAT(spool_->Add("first"), IsOk());
  ASSERT_THAT(spool_->Add("second"), IsOk());
  spool_.reset();
  std::string bytes = ReadFile();
  bytes[bytes.find("first")] = 'F';
  WriteFile(bytes);
  EXPECT_THAT(OpenSpool(path()), StatusIs(absl::StatusCode::kDataLoss));
  WriteFile("short");
  EXPECT_THAT(OpenSpool(path()), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SpoolTest, OneProcessAtATime) {
  EXPECT_THAT(OpenSpool(path()), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(SpoolTest, IsForItsOwnerOnly) {
  struct stat info;
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(SpoolTest, RefusesWhenFull) {
  const std::string leaf(200'000, 'x');
  int added = 0;
  while (spool_->Add(leaf).ok()) ++added;
  EXPECT_GT(added, 80);
  EXPECT_LT(added, 84);
  EXPECT_THAT(spool_->Add(leaf), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(spool_->Add(""), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(spool_->Drain(*store_), IsOk());
  EXPECT_EQ(Logged().size(), static_cast<std::size_t>(added));
  EXPECT_THAT(spool_->Add(leaf), IsOk());
}

TEST(SpoolFolderTest, NoFolderNoSpool) {
  EXPECT_THAT(OpenSpool("/nonexistent/refusals.spool"), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace trusthub::audit
