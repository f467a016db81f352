#include "common/audit/log_check.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/audit_fixtures.h"
#include "common/audit/entry.h"
#include "common/audit/head.h"
#include "common/audit/proof.h"
#include "common/testing/matchers.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"

namespace trusthub::audit {
namespace {

using testing::IsOk;
using testing::StatusIs;

constexpr int kEntries = 200;

class LogCheckTest : public ::testing::Test {
 protected:
  LogCheckTest() {
    for (int size = 0; size < kEntries; size += 8) log_.AppendSome(8);
  }
  // Everything an auditor may have: all heads, and a receipt of every entry.
  Witness Everything() const {
    Witness witness{log_.heads(), {}};
    for (std::size_t i = 0; i < log_.leaves().size(); ++i) {
      witness.leaf_hashes[static_cast<std::int64_t>(i)] = EntryLeafHash(log_.leaves()[i]);
    }
    return witness;
  }
  LogCheck CheckOneHead(const std::vector<std::string>& leaves) const {
    return VerifyLog(ReaderOf(leaves), log_.heads().back(), log_.public_key());
  }
  LogCheck CheckHeads(const std::vector<std::string>& leaves) const {
    return VerifyLog(ReaderOf(leaves), Witness{log_.heads(), {}}, log_.public_key());
  }

  TestLog log_;
};

TEST_F(LogCheckTest, WholeLogPasses) {
  const LogCheck check = CheckOneHead(log_.leaves());
  EXPECT_THAT(check.status, IsOk());
  EXPECT_EQ(check.checked, kEntries);
  EXPECT_EQ(check.first_bad, -1);
  EXPECT_THAT(CheckHeads(log_.leaves()).status, IsOk());
  EXPECT_THAT(VerifyLog(ReaderOf(log_.leaves()), Everything(), log_.public_key()).status, IsOk());
}

TEST_F(LogCheckTest, EmptyLogPasses) {
  TestLog log;
  const auto head = log.Append({}).head;
  EXPECT_THAT(VerifyLog(ReaderOf(log.leaves()), *head, log.public_key()).status, IsOk());
}

// Every bit of every entry (T-A2): its hash differs from the receipted one. The whole check, which
// must name the entry, runs for a share of the bits.
TEST_F(LogCheckTest, EveryFlippedBitIsFoundAndItsEntryNamed) {
  const google::protobuf::LogSilencer quiet;
  const Witness witness = Everything();
  std::vector<std::string> leaves = log_.leaves();
  for (std::size_t entry = 0; entry < leaves.size(); ++entry) {
    const auto index = static_cast<std::int64_t>(entry);
    for (std::size_t bit = 0; bit < leaves[entry].size() * 8; ++bit) {
      const char flip = static_cast<char>(1 << (bit % 8));
      leaves[entry][bit / 8] = static_cast<char>(leaves[entry][bit / 8] ^ flip);
      ASSERT_NE(EntryLeafHash(leaves[entry]), witness.leaf_hashes.at(index));
      if (bit % 1009 == entry % 1009) {
        const LogCheck check = VerifyLog(ReaderOf(leaves), witness, log_.public_key());
        ASSERT_THAT(check.status, StatusIs(absl::StatusCode::kDataLoss));
        ASSERT_EQ(check.first_bad, index);
        ASSERT_EQ(check.last_bad, index);
      }
      leaves[entry][bit / 8] = static_cast<char>(leaves[entry][bit / 8] ^ flip);
    }
  }
}

// Without receipts a changed entry is found, and lies between the two heads that enclose it.
TEST_F(LogCheckTest, HeadsEncloseTheFault) {
  const google::protobuf::LogSilencer quiet;
  std::mt19937_64 random(TestSeed());
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> leaves = log_.leaves();
    const std::size_t entry = random() % leaves.size();
    const std::size_t bit = random() % (leaves[entry].size() * 8);
    leaves[entry][bit / 8] = static_cast<char>(leaves[entry][bit / 8] ^ (1 << (bit % 8)));
    const LogCheck check = CheckHeads(leaves);
    ASSERT_THAT(check.status, StatusIs(absl::StatusCode::kDataLoss));
    ASSERT_LE(check.first_bad, static_cast<std::int64_t>(entry));
    ASSERT_GE(check.last_bad, static_cast<std::int64_t>(entry));
    ASSERT_LE(check.last_bad - check.first_bad, 7);
    ASSERT_THAT(CheckOneHead(leaves).status, StatusIs(absl::StatusCode::kDataLoss));
  }
}

TEST_F(LogCheckTest, DeletedInsertedSwappedAndCutLogsAreFound) {
  const Witness witness = Everything();
  for (std::size_t i = 0; i < log_.leaves().size(); i += 3) {
    SCOPED_TRACE(absl::StrCat("entry ", i));
    const auto found = [&](const std::vector<std::string>& leaves) {
      const LogCheck check = VerifyLog(ReaderOf(leaves), witness, log_.public_key());
      EXPECT_THAT(check.status, StatusIs(absl::StatusCode::kDataLoss));
      EXPECT_EQ(check.first_bad, static_cast<std::int64_t>(i));
      EXPECT_THAT(CheckOneHead(leaves).status, StatusIs(absl::StatusCode::kDataLoss));
    };
    const auto at = static_cast<std::ptrdiff_t>(i);
    std::vector<std::string> leaves = log_.leaves();
    leaves.erase(leaves.begin() + at);
    found(leaves);
    leaves = log_.leaves();
    leaves.insert(leaves.begin() + at, TestLeaf(5000));
    found(leaves);
    leaves = log_.leaves();
    std::swap(leaves[i], leaves[(i + 1) % leaves.size()]);
    if (i + 1 < leaves.size()) found(leaves);
    leaves = log_.leaves();
    leaves.resize(i);
    found(leaves);
  }
}

TEST_F(LogCheckTest, EntriesBeyondTheHeadAreFound) {
  std::vector<std::string> leaves = log_.leaves();
  leaves.push_back(TestLeaf(5000));
  const LogCheck check = CheckOneHead(leaves);
  EXPECT_THAT(check.status, StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(check.first_bad, kEntries);
}

TEST_F(LogCheckTest, WrongNumbersAreFound) {
  const ReadLeaves skips = [&](std::int64_t first, int limit) {
    auto leaves = ReaderOf(log_.leaves())(first, limit);
    for (auto& leaf : *leaves) {
      if (leaf.index >= 100) ++leaf.index;
    }
    return leaves;
  };
  const LogCheck check = VerifyLog(skips, log_.heads().back(), log_.public_key());
  EXPECT_THAT(check.status, StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(check.first_bad, 100);
}

// A thief of the signing key rewrites history and signs it: any head seen before gives it away.
TEST_F(LogCheckTest, ForkSignedWithTheRealKeyIsFound) {
  std::vector<std::string> forged = log_.leaves();
  forged[63] = TestLeaf(5000);
  store::SealedHead head = log_.heads().back();
  head.root = *RootOf(kEntries, NodesOf([&](std::int64_t i) -> absl::StatusOr<std::string> {
                        return EntryLeafHash(forged[static_cast<std::size_t>(i)]);
                      }));
  head.signature = log_.key().Sign(HeadSigningInput(head));
  EXPECT_THAT(VerifyLog(ReaderOf(forged), head, log_.public_key()).status, IsOk());
  for (const store::SealedHead& seen : log_.heads()) {
    const LogCheck check =
        VerifyLog(ReaderOf(forged), Witness{{seen, head}, {}}, log_.public_key());
    if (seen.size > 63) {
      EXPECT_THAT(check.status, StatusIs(absl::StatusCode::kDataLoss)) << seen.size;
      EXPECT_LE(check.first_bad, 63);
      EXPECT_GE(check.last_bad, 63);
    }
  }
}

TEST_F(LogCheckTest, HeadsMustBeSignedAndOfOneTree) {
  store::SealedHead head = log_.heads().back();
  head.size -= 1;
  const LogCheck unsigned_head = VerifyLog(ReaderOf(log_.leaves()), head, log_.public_key());
  EXPECT_THAT(unsigned_head.status, StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(unsigned_head.first_bad, -1);
  store::SealedHead other = log_.heads().front();
  other.tree = "auditTrees/other";
  other.signature = log_.key().Sign(HeadSigningInput(other));
  EXPECT_THAT(VerifyLog(ReaderOf(log_.leaves()), Witness{{other, log_.heads().back()}, {}},
                        log_.public_key())
                  .status,
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(VerifyLog(ReaderOf(log_.leaves()), Witness{}, log_.public_key()).status,
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(LogCheckTest, ReadersErrorIsPassedOn) {
  const ReadLeaves broken = [](std::int64_t,
                               int) -> absl::StatusOr<std::vector<store::StoredLeaf>> {
    return absl::UnavailableError("disk");
  };
  EXPECT_THAT(VerifyLog(broken, log_.heads().back(), log_.public_key()).status,
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace trusthub::audit
