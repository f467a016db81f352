#include "common/audit/tiles.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/audit_fixtures.h"
#include "common/audit/entry.h"
#include "common/audit/log_check.h"
#include "common/audit/proof.h"
#include "common/testing/log_snapshot.h"
#include "common/testing/matchers.h"
#include "gtest/gtest.h"

namespace trusthub::audit {
namespace {

using testing::IsOk;
using testing::LogSnapshot;
using testing::StatusIs;

// Tiles and leaves that the proofs of a log of `size` entries may read: on each level of tiles the
// one over the entry and the one at the right edge.
int ReadsMax(std::int64_t size) {
  int levels = 1;
  for (std::int64_t nodes = size >> kTileHeight; nodes > 0; nodes >>= kTileHeight) ++levels;
  return 2 * levels;
}

// Proofs from tiles are those from leaves, for `tries` random entries and earlier sizes.
void CheckProofs(TestLog& log, std::mt19937_64& random, int tries) {
  const auto size = static_cast<std::int64_t>(log.leaves().size());
  const auto pick = [&](std::int64_t end) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(end));
  };
  // Every hash from the leaves once, for all tries.
  std::vector<std::string> hashes;
  for (const std::string& leaf : log.leaves()) hashes.push_back(EntryLeafHash(leaf));
  const NodeHashes from_leaves = NodesOf([&](std::int64_t i) -> absl::StatusOr<std::string> {
    return hashes[static_cast<std::size_t>(i)];
  });
  for (int i = 0; i < tries; ++i) {
    const std::int64_t tree = 1 + pick(size);
    const std::int64_t entry = pick(tree);
    const std::int64_t earlier = 1 + pick(tree);
    SCOPED_TRACE(absl::StrCat(entry, " and ", earlier, " of ", tree, " of ", size));
    log.snapshot().ForgetReads();
    const auto inclusion = InclusionProof(entry, tree, NodesOfLog(&log.snapshot()));
    ASSERT_THAT(inclusion, IsOk());
    ASSERT_LE(log.snapshot().reads(), ReadsMax(size));
    ASSERT_EQ(*inclusion, *InclusionProof(entry, tree, from_leaves));
    log.snapshot().ForgetReads();
    const auto consistency = ConsistencyProof(earlier, tree, NodesOfLog(&log.snapshot()));
    ASSERT_THAT(consistency, IsOk());
    ASSERT_LE(log.snapshot().reads(), ReadsMax(size));
    ASSERT_EQ(*consistency, *ConsistencyProof(earlier, tree, from_leaves));
    ASSERT_EQ(*RootOf(tree, NodesOfLog(&log.snapshot())), *RootOf(tree, from_leaves));
  }
}

TEST(TilesTest, ProofsAreThoseFromLeavesAtRandomSizes) {
  std::mt19937_64 random(TestSeed());
  TestLog log;
  while (log.leaves().size() < 5000) {
    log.AppendSome(1 + static_cast<int>(random() % 700));
    CheckProofs(log, random, 25);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(TilesTest, ProofsAreThoseFromLeavesAroundTheEdgesOfTiles) {
  std::mt19937_64 random(TestSeed());
  for (const int size : {1, 2, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537}) {
    TestLog log;
    log.AppendSome(size);
    CheckProofs(log, random, 40);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(TilesTest, TilesAreTheSameHoweverTheLeavesCame) {
  std::mt19937_64 random(TestSeed());
  TestLog at_once;
  at_once.AppendSome(3000);
  TestLog in_batches;
  while (in_batches.leaves().size() < 3000) {
    const int left = 3000 - static_cast<int>(in_batches.leaves().size());
    in_batches.AppendSome(std::min(left, 1 + static_cast<int>(random() % 300)));
  }
  EXPECT_EQ(at_once.snapshot().tiles(), in_batches.snapshot().tiles());
  EXPECT_EQ(at_once.snapshot().tiles().size(), 3000u / 256 + 1);
}

TEST(TilesTest, OfARejectedExtensionNothingStays) {
  TestLog log;
  log.AppendSome(250);
  std::vector<std::string> never(300, "never");
  const std::vector<absl::string_view> views(never.begin(), never.end());
  ASSERT_THAT(log.tree().Extend(views), IsOk());
  log.tree().Reject();
  log.AppendSome(400);
  std::mt19937_64 random(TestSeed());
  CheckProofs(log, random, 20);
}

TEST(TilesTest, RecoveryGoesOnWithTheLastTiles) {
  std::mt19937_64 random(TestSeed());
  for (int round = 0; round < 12; ++round) {
    TestLog log;
    log.AppendSome(1 + static_cast<int>(random() % 2000));
    ASSERT_THAT(log.tree().Restore(log.snapshot().state(), log.snapshot()), IsOk());
    log.AppendSome(1 + static_cast<int>(random() % 600));
    CheckProofs(log, random, 10);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

// What recovery reads: the entries of the last tile, and one tile a level.
TEST(TilesTest, RecoveryReadsTheEndAlone) {
  TestLog log;
  log.AppendSome(70'000);
  log.snapshot().ForgetReads();
  ASSERT_THAT(log.tree().Restore(log.snapshot().state(), log.snapshot()), IsOk());
  EXPECT_LE(log.snapshot().reads(), 3);
  EXPECT_LE(log.snapshot().rows(), 256 + 2);
}

TEST(TilesTest, RecoveryRefusesAChangedEnd) {
  TestLog log;
  log.AppendSome(1000);
  const auto refused = [&](auto change) {
    LogSnapshot damaged = log.snapshot();
    change(damaged);
    EXPECT_THAT(log.tree().Restore(damaged.state(), damaged),
                StatusIs(absl::StatusCode::kDataLoss));
  };
  for (std::size_t entry = 768; entry < 1000; ++entry) {
    refused([&](LogSnapshot& damaged) { damaged.leaves()[entry][5] ^= 1; });
  }
  for (std::size_t byte = 0; byte < 3 * 32; ++byte) {
    refused([&](LogSnapshot& damaged) { damaged.tiles()[{1, 0}][byte] ^= 16; });
  }
  refused([](LogSnapshot& damaged) { damaged.tiles().erase({1, 0}); });
  refused([](LogSnapshot& damaged) { damaged.tiles()[{1, 0}].resize(64); });
  refused([](LogSnapshot& damaged) { damaged.tiles()[{1, 0}].append(32, 'x'); });
  refused([](LogSnapshot& damaged) { damaged.leaves().pop_back(); });
  // As it was, it is taken up.
  LogSnapshot right = log.snapshot();
  EXPECT_THAT(log.tree().Restore(right.state(), right), IsOk());
}

TEST(TilesTest, RecoveryRefusesAHeadThatIsNotItsOwn) {
  TestLog log;
  TestLog other;
  log.AppendSome(10);
  other.AppendSome(10);  // signed by another key
  EXPECT_THAT(log.tree().Restore(other.snapshot().state(), other.snapshot()),
              StatusIs(absl::StatusCode::kDataLoss));
}

// --- Damage ------------------------------------------------------------------------------------

LogCheck CheckAll(const TestLog& log, LogSnapshot& kept) {
  Witness witness;
  witness.heads = {log.heads().back()};
  witness.tiles = [&](int level, std::int64_t first, int limit) {
    return kept.ReadTiles(level, first, limit);
  };
  return VerifyLog([&](std::int64_t first, int limit) { return kept.ReadLeaves(first, limit); },
                   witness, log.public_key());
}

TEST(TilesTest, TheWholeCheckFindsEveryChangedTile) {
  TestLog log;
  log.AppendSome(66'000);
  {
    LogSnapshot right = log.snapshot();
    const LogCheck check = CheckAll(log, right);
    ASSERT_THAT(check.status, IsOk());
    ASSERT_EQ(check.checked, 66'000);
  }
  std::mt19937_64 random(TestSeed());
  std::vector<std::pair<int, std::int64_t>> names;
  for (const auto& [name, bytes] : log.snapshot().tiles()) names.push_back(name);
  for (int i = 0; i < 40; ++i) {
    const auto name = names[random() % names.size()];
    LogSnapshot damaged = log.snapshot();
    std::string& bytes = damaged.tiles()[name];
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << (random() % 8));
    SCOPED_TRACE(absl::StrCat("tile ", name.second, " of level ", name.first));
    const LogCheck check = CheckAll(log, damaged);
    ASSERT_THAT(check.status, StatusIs(absl::StatusCode::kDataLoss));
    ASSERT_EQ(check.first_bad, name.second << (kTileHeight * (name.first + 1)));
  }
  LogSnapshot without = log.snapshot();
  without.tiles().erase({0, 17});
  EXPECT_EQ(CheckAll(log, without).first_bad, 17 * 256);
  LogSnapshot with = log.snapshot();
  with.tiles()[{0, 257}] = std::string(256 * 32, 'x');
  EXPECT_THAT(CheckAll(log, with).status, StatusIs(absl::StatusCode::kDataLoss));
}

TEST(TilesTest, AProofOverAMissingTileFails) {
  TestLog log;
  log.AppendSome(1000);
  log.snapshot().tiles().erase({0, 1});
  const auto proof = InclusionProof(300, 1000, NodesOfLog(&log.snapshot()));
  EXPECT_THAT(proof, StatusIs(absl::StatusCode::kDataLoss));
  log.snapshot().tiles()[{0, 1}] = "short";
  EXPECT_THAT(InclusionProof(300, 1000, NodesOfLog(&log.snapshot())),
              StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace trusthub::audit
