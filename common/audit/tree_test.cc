#include "common/audit/tree.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/audit_fixtures.h"
#include "common/audit/entry.h"
#include "common/audit/head.h"
#include "common/audit/proof.h"
#include "common/testing/matchers.h"
#include "gtest/gtest.h"

namespace trusthub::audit {
namespace {

using testing::IsOk;
using ::testing::Not;
using testing::StatusIs;
using Extension = store::LeafSequencer::Extension;

// Everything that a commit promises about its batch, checked from the leaves alone.
void CheckExtension(const Extension& extension, const TestLog& log, std::int64_t before) {
  const auto size = static_cast<std::int64_t>(log.leaves().size());
  ASSERT_EQ(extension.places.size(), static_cast<std::size_t>(size - before));
  ASSERT_EQ(extension.head->size, size);
  ASSERT_EQ(extension.head->tree, kTestTree);
  ASSERT_THAT(VerifyHead(*extension.head, log.public_key()), IsOk());
  ASSERT_EQ(extension.head->root, *RootOf(size, log.hashes()));
  for (std::size_t i = 0; i < extension.places.size(); ++i) {
    const store::LeafPlace& place = extension.places[i];
    ASSERT_EQ(place.index, before + static_cast<std::int64_t>(i));
    ASSERT_EQ(place.leaf_hash, EntryLeafHash(log.leaves()[static_cast<std::size_t>(place.index)]));
    const std::vector<std::string> proof = HashesIn(place.inclusion_proof);
    ASSERT_THAT(VerifyInclusion(place.leaf_hash, place.index, size, proof, extension.head->root),
                IsOk());
    ASSERT_EQ(proof, *InclusionProof(place.index, size, log.hashes()));
  }
}

TEST(TreeTest, EveryBatchFromEverySizeIsProved) {
  for (int before = 0; before <= 17; ++before) {
    for (int batch = 1; batch <= 17; ++batch) {
      SCOPED_TRACE(absl::StrCat(batch, " leaves after ", before));
      TestLog log;
      if (before > 0) log.AppendSome(before);
      CheckExtension(log.AppendSome(batch), log, before);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(TreeTest, RandomSplitsGiveTheSameTree) {
  std::mt19937_64 random(TestSeed());
  for (int round = 0; round < 4; ++round) {
    TestLog log;
    std::int64_t before = 0;
    while (before < 400) {
      const int batch = 1 + static_cast<int>(random() % 70);
      CheckExtension(log.AppendSome(batch), log, before);
      if (::testing::Test::HasFatalFailure()) return;
      before += batch;
    }
    for (std::size_t i = 1; i < log.heads().size(); ++i) {
      const store::SealedHead& old_head = log.heads()[i - 1];
      const store::SealedHead& head = log.heads()[i];
      EXPECT_THAT(VerifyConsistency(old_head.size, old_head.root, head.size, head.root,
                                    *ConsistencyProof(old_head.size, head.size, log.hashes())),
                  IsOk());
    }
  }
}

TEST(TreeTest, RestoreGoesOnWhereTheStateWas) {
  std::mt19937_64 random(TestSeed());
  TestLog log;
  for (std::int64_t before = 0; before < 200;) {
    const int batch = 1 + static_cast<int>(random() % 9);
    const Extension extension = log.AppendSome(batch);
    before += batch;
    // The same next batch from the running tree and from a restored one.
    auto restored = MakeTree(kTestTree, &log.key(), &log.clock());
    ASSERT_THAT(restored->Restore(extension.state, log.snapshot()), IsOk());
    const std::vector<absl::string_view> next = {"one", "two", "three"};
    const auto from_restored = restored->Extend(next);
    const auto from_running = log.tree().Extend(next);
    log.tree().Reject();
    ASSERT_THAT(from_restored, IsOk());
    ASSERT_THAT(from_running, IsOk());
    EXPECT_EQ(from_restored->state, from_running->state);
    EXPECT_EQ(from_restored->head->root, from_running->head->root);
    EXPECT_EQ(from_restored->head->signature, from_running->head->signature);
    EXPECT_EQ(from_restored->places[2].inclusion_proof, from_running->places[2].inclusion_proof);
  }
}

TEST(TreeTest, RejectLeavesNoTrace) {
  TestLog log;
  log.AppendSome(5);
  ASSERT_THAT(log.tree().Extend({"never", "committed"}), IsOk());
  log.tree().Reject();
  CheckExtension(log.AppendSome(3), log, 5);
}

TEST(TreeTest, OneExtensionAtATime) {
  TestLog log;
  ASSERT_THAT(log.tree().Extend({"a"}), IsOk());
  EXPECT_THAT(log.tree().Extend({"b"}), StatusIs(absl::StatusCode::kFailedPrecondition));
  log.tree().Accept();
  EXPECT_THAT(log.tree().Extend({"b"}), IsOk());
}

TEST(TreeTest, NoLeavesSealTheSameRoot) {
  TestLog log;
  const Extension empty = log.Append({});
  EXPECT_EQ(empty.head->root, EmptyRoot());
  EXPECT_EQ(empty.head->size, 0);
  log.AppendSome(11);
  const Extension again = log.Append({});
  EXPECT_EQ(again.head->root, *RootOf(11, log.hashes()));
  EXPECT_THAT(VerifyHead(*again.head, log.public_key()), IsOk());
}

TEST(TreeTest, NewStoreStartsEmpty) {
  TestLog log;
  testing::LogSnapshot kept;
  EXPECT_THAT(log.tree().Restore("", kept), IsOk());
  kept.leaves() = {TestLeaf(1)};
  EXPECT_THAT(log.tree().Restore("", kept), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(TreeTest, RestoreRefusesWhatDoesNotFit) {
  TestLog log;
  const std::string state = log.AppendSome(13).state;
  const auto restore = [&](absl::string_view bytes, std::size_t leaves, const char* tree) {
    testing::LogSnapshot kept = log.snapshot();
    kept.leaves().resize(leaves, TestLeaf(99));
    return MakeTree(tree, &log.key(), &log.clock())->Restore(bytes, kept);
  };
  ASSERT_THAT(restore(state, 13, kTestTree), IsOk());
  EXPECT_THAT(restore(state, 12, kTestTree), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(restore(state, 14, kTestTree), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(restore(state, 0, kTestTree), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(restore(state, 13, "auditTrees/other"), StatusIs(absl::StatusCode::kDataLoss));
  for (std::size_t bit = 0; bit < state.size() * 8; ++bit) {
    std::string damaged = state;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_THAT(restore(damaged, 13, kTestTree), StatusIs(absl::StatusCode::kDataLoss)) << bit;
  }
  for (std::size_t length = 1; length < state.size(); ++length) {
    ASSERT_THAT(restore(state.substr(0, length), 13, kTestTree), Not(IsOk())) << length;
  }
}

TEST(HeadTest, SignsWhatItSays) {
  TestLog log;
  log.clock().Set(absl::FromUnixMicros(1268733600123456) + absl::Nanoseconds(789));
  const store::SealedHead head = *log.AppendSome(1).head;
  EXPECT_EQ(head.sign_time, absl::FromUnixMicros(1268733600123456));
  store::SealedHead plain;
  plain.tree = "auditTrees/abc";
  plain.size = 7;
  plain.root = std::string("\x01\xab", 2);
  plain.sign_time = absl::FromUnixMicros(1500000);
  EXPECT_EQ(HeadSigningInput(plain), "trusthub/audit/v1\nauditTrees/abc\n7\n01ab\n1500000\n");
  const store::SealedHead travelled = HeadFromProto(HeadToProto(head, log.public_key()));
  EXPECT_THAT(VerifyHead(travelled, log.public_key()), IsOk());
  const auto other_key = crypto::SigningKey::Generate();
  EXPECT_THAT(VerifyHead(head, other_key->public_key()), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(HeadTest, AnyOtherHeadIsRefused) {
  TestLog log;
  log.AppendSome(6);
  const store::SealedHead right = log.heads().back();
  const auto refused = [&](auto change) {
    store::SealedHead head = right;
    change(head);
    EXPECT_THAT(VerifyHead(head, log.public_key()), StatusIs(absl::StatusCode::kDataLoss));
  };
  refused([](auto& head) { head.size += 1; });
  refused([](auto& head) { head.size = -1; });
  refused([](auto& head) { head.tree = "auditTrees/tesu"; });
  refused([](auto& head) { head.tree = "auditTrees/test\n6"; });
  refused([](auto& head) { head.tree.clear(); });
  refused([](auto& head) { head.sign_time += absl::Microseconds(1); });
  refused([](auto& head) { head.root.pop_back(); });
  refused([](auto& head) { head.signature.pop_back(); });
  for (std::size_t bit = 0; bit < 256; ++bit) {
    refused([bit](auto& head) { head.root[bit / 8] ^= static_cast<char>(1 << (bit % 8)); });
  }
  for (std::size_t bit = 0; bit < 512; ++bit) {
    refused([bit](auto& head) { head.signature[bit / 8] ^= static_cast<char>(1 << (bit % 8)); });
  }
}

}  // namespace
}  // namespace trusthub::audit
