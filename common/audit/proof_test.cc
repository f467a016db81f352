#include "common/audit/proof.h"

#include <bit>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/crypto.h"
#include "common/testing/matchers.h"
#include "gtest/gtest.h"

namespace trusthub::audit {
namespace {

using testing::IsOk;
using testing::StatusIs;
using Proof = std::vector<std::string>;

std::string Hex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }
std::string Raw(absl::string_view hex) { return absl::HexStringToBytes(hex); }

// The eight leaves of the RFC 6962 reference tree, their hashes, and the roots of the first n.
const std::vector<std::string>& Inputs() {
  static const auto* inputs = new std::vector<std::string>{"",
                                                           Raw("00"),
                                                           Raw("10"),
                                                           Raw("2021"),
                                                           Raw("3031"),
                                                           Raw("40414243"),
                                                           Raw("5051525354555657"),
                                                           Raw("606162636465666768696a6b6c6d6e6f")};
  return *inputs;
}
constexpr const char* kLeafHashes[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
    "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
    "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1"};
constexpr const char* kRoots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
constexpr char kNode23[] = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
constexpr char kNode45[] = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
constexpr char kNode67[] = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
constexpr char kNode47[] = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

absl::StatusOr<std::string> ReferenceLeaf(std::int64_t index) {
  return LeafHash(Inputs()[static_cast<std::size_t>(index)]);
}
const NodeHashes& ReferenceNodes() {
  static const auto* nodes = new NodeHashes(NodesOf(ReferenceLeaf));
  return *nodes;
}

std::vector<std::string> HexOf(const absl::StatusOr<Proof>& proof) {
  EXPECT_THAT(proof, IsOk());
  std::vector<std::string> hex;
  for (const std::string& hash : *proof) hex.push_back(Hex(hash));
  return hex;
}

TEST(ProofTest, HashesAreThoseOfTheReference) {
  EXPECT_EQ(Hex(EmptyRoot()), kRoots[0]);
  EXPECT_EQ(Hex(LeafHash("L123456")),
            "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
  EXPECT_EQ(Hex(NodeHash("N123", "N456")),
            "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb");
  EXPECT_NE(LeafHash(""), EmptyRoot());
  // Second preimage: a leaf that holds two children is not their node. Order counts.
  const std::string a = LeafHash("a");
  const std::string b = LeafHash("b");
  EXPECT_NE(LeafHash(a + b), NodeHash(a, b));
  EXPECT_NE(NodeHash(a, b), NodeHash(b, a));
}

TEST(ProofTest, LeavesNodesAndRootsAreThoseOfTheReference) {
  RootBuilder builder;
  EXPECT_EQ(Hex(builder.Root()), kRoots[0]);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(Hex(LeafHash(Inputs()[i])), kLeafHashes[i]);
    builder.Add(LeafHash(Inputs()[i]));
    EXPECT_EQ(Hex(builder.Root()), kRoots[i + 1]);
    EXPECT_EQ(builder.size(), static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(Hex(*RootOf(static_cast<std::int64_t>(i) + 1, ReferenceNodes())), kRoots[i + 1]);
  }
  EXPECT_EQ(Hex(NodeHash(Raw(kLeafHashes[2]), Raw(kLeafHashes[3]))), kNode23);
  EXPECT_EQ(Hex(NodeHash(Raw(kLeafHashes[4]), Raw(kLeafHashes[5]))), kNode45);
  EXPECT_EQ(Hex(NodeHash(Raw(kLeafHashes[6]), Raw(kLeafHashes[7]))), kNode67);
  EXPECT_EQ(Hex(NodeHash(Raw(kNode45), Raw(kNode67))), kNode47);
  EXPECT_EQ(Hex(NodeHash(Raw(kRoots[4]), Raw(kNode47))), kRoots[8]);
}

TEST(ProofTest, InclusionProofsAreThoseOfTheReference) {
  using Lines = std::vector<std::string>;
  const auto proof = [](std::int64_t index, std::int64_t size) {
    return HexOf(InclusionProof(index, size, ReferenceNodes()));
  };
  EXPECT_EQ(proof(0, 1), Lines());
  EXPECT_EQ(proof(0, 8), (Lines{kLeafHashes[1], kNode23, kNode47}));
  EXPECT_EQ(proof(5, 8), (Lines{kLeafHashes[4], kNode67, kRoots[4]}));
  EXPECT_EQ(proof(2, 3), (Lines{kRoots[2]}));
  EXPECT_EQ(proof(1, 5), (Lines{kLeafHashes[0], kNode23, kLeafHashes[4]}));
}

TEST(ProofTest, ConsistencyProofsAreThoseOfTheReference) {
  using Lines = std::vector<std::string>;
  const auto proof = [](std::int64_t first, std::int64_t second) {
    return HexOf(ConsistencyProof(first, second, ReferenceNodes()));
  };
  constexpr char kLast3[] = "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e";
  EXPECT_EQ(proof(1, 1), Lines());
  EXPECT_EQ(proof(1, 8), (Lines{kLeafHashes[1], kNode23, kNode47}));
  EXPECT_EQ(proof(6, 8), (Lines{kNode45, kNode67, kRoots[4]}));
  EXPECT_EQ(proof(2, 5), (Lines{kNode23, kLeafHashes[4]}));
  EXPECT_EQ(proof(6, 7), (Lines{kNode45, kLeafHashes[6], kRoots[4]}));
  EXPECT_EQ(proof(3, 7), (Lines{kLeafHashes[2], kLeafHashes[3], kRoots[2], kLast3}));
  EXPECT_EQ(proof(4, 7), (Lines{kLast3}));
}

// --- Accumulators: every proof of every tree up to 130 leaves, folded into one hash
// ---------------

constexpr std::int64_t kMost = 130;

// Leaf hashes of D[i] = one byte i, counted from `begin`.
LeafHashes ByteLeaves(std::int64_t begin = 0) {
  static const auto* hashes = [] {
    auto* all = new std::vector<std::string>;
    for (int i = 0; i < kMost; ++i) all->push_back(LeafHash(std::string(1, static_cast<char>(i))));
    return all;
  }();
  return [begin](std::int64_t i) -> absl::StatusOr<std::string> {
    return (*hashes)[static_cast<std::size_t>(begin + i)];
  };
}
NodeHashes ByteNodes(std::int64_t begin = 0) { return NodesOf(ByteLeaves(begin)); }

void AddLine(std::string& lines, absl::string_view prefix, const absl::StatusOr<Proof>& proof) {
  ASSERT_THAT(proof, IsOk());
  lines.append(prefix.data(), prefix.size());
  for (const std::string& hash : *proof) absl::StrAppend(&lines, " ", Hex(hash));
  lines.push_back('\n');
}

bool IsSubtree(std::int64_t begin, std::int64_t end) {
  if (begin == 0 || begin == end) return true;
  return begin %
             static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(end - begin))) ==
         0;
}

TEST(ProofAccumulatorTest, Subtrees) {
  std::string all;
  std::string not_empty;
  std::string inclusion;
  for (std::int64_t end = 0; end <= kMost; ++end) {
    for (std::int64_t begin = 0; begin <= end; ++begin) {
      if (!IsSubtree(begin, end)) continue;
      const std::string range = absl::StrCat("[", begin, ", ", end, ")");
      const std::string line =
          absl::StrCat(range, " ", Hex(*RootOf(end - begin, ByteNodes(begin))), "\n");
      all += line;
      if (begin != end) not_empty += line;
      for (std::int64_t i = begin; i < end; ++i) {
        AddLine(inclusion, absl::StrCat(i, " ", range),
                InclusionProof(i - begin, end - begin, ByteNodes(begin)));
      }
    }
  }
  EXPECT_EQ(Hex(crypto::Sha256(all)),
            "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81");
  EXPECT_EQ(Hex(crypto::Sha256(not_empty)),
            "94a95384a8c69acea9b50d035a58285b3a777cb7a724005faa5e1f1e1190007f");
  EXPECT_EQ(Hex(crypto::Sha256(inclusion)),
            "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f");
}

TEST(ProofAccumulatorTest, Roots) {
  std::string lines;
  RootBuilder builder;
  for (std::int64_t size = 0; size <= kMost; ++size) {
    if (size > 0) builder.Add(*ByteLeaves()(size - 1));
    const std::string root = *RootOf(size, ByteNodes());
    ASSERT_EQ(builder.Root(), root);
    absl::StrAppend(&lines, size, " ", Hex(root), "\n");
  }
  EXPECT_EQ(Hex(crypto::Sha256(lines)),
            "9c67f07f906103b6bf201842a50ff0b8c91fca9b3e211334a6b7aa3133165dec");
}

TEST(ProofAccumulatorTest, InclusionAndConsistencyAndTheirChecks) {
  std::string inclusion;
  std::string consistency;
  std::vector<std::string> roots;
  for (std::int64_t size = 0; size <= kMost; ++size) roots.push_back(*RootOf(size, ByteNodes()));
  for (std::int64_t size = 1; size <= kMost; ++size) {
    const std::string& root = roots[static_cast<std::size_t>(size)];
    for (std::int64_t i = 0; i < size; ++i) {
      const auto proof = InclusionProof(i, size, ByteNodes());
      AddLine(inclusion, absl::StrCat(i, " ", size), proof);
      ASSERT_THAT(VerifyInclusion(*ByteLeaves()(i), i, size, *proof, root), IsOk());
    }
  }
  for (std::int64_t size = 1; size <= kMost; ++size) {
    const std::string& root = roots[static_cast<std::size_t>(size)];
    for (std::int64_t first = 1; first <= size; ++first) {
      const auto proof = ConsistencyProof(first, size, ByteNodes());
      AddLine(consistency, absl::StrCat(first, " ", size), proof);
      ASSERT_THAT(
          VerifyConsistency(first, roots[static_cast<std::size_t>(first)], size, root, *proof),
          IsOk());
    }
  }
  EXPECT_EQ(Hex(crypto::Sha256(inclusion)),
            "893ce6eea61adc33c22c0e3a952498b76dfa3c282e78ac659f6fcc0ea44f9983");
  EXPECT_EQ(Hex(crypto::Sha256(consistency)),
            "2498232e1aebe8d1aa8d339d897fc471f4495fe0b8a55ac08f7dae3d88bc4c2a");
}

// --- What verifiers must refuse
// ---------------------------------------------------------------------

// Wrong forms of a right proof.
std::vector<Proof> Corruptions(const Proof& right, const std::string& root) {
  std::vector<Proof> wrong;
  for (std::size_t i = 0; i < right.size(); ++i) {
    for (const std::size_t byte : {std::size_t{0}, std::size_t{31}}) {
      Proof flipped = right;
      flipped[i][byte] = static_cast<char>(flipped[i][byte] ^ 8);
      wrong.push_back(flipped);
    }
    Proof removed = right;
    removed.erase(removed.begin() + static_cast<std::ptrdiff_t>(i));
    wrong.push_back(removed);
    Proof shortened = right;
    shortened[i].pop_back();
    wrong.push_back(shortened);
    Proof lengthened = right;
    lengthened[i].push_back('\0');
    wrong.push_back(lengthened);
    Proof emptied = right;
    emptied[i].clear();
    wrong.push_back(emptied);
  }
  for (std::size_t i = 0; i <= right.size(); ++i) {
    for (const std::string& extra : {std::string(), std::string(32, '\0'), root}) {
      Proof inserted = right;
      inserted.insert(inserted.begin() + static_cast<std::ptrdiff_t>(i), extra);
      wrong.push_back(inserted);
    }
  }
  if (!right.empty()) wrong.emplace_back();
  return wrong;
}

TEST(ProofRefusalTest, InclusionOfAnythingElse) {
  const auto data_loss = StatusIs(absl::StatusCode::kDataLoss);
  for (std::int64_t size = 1; size <= 8; ++size) {
    const std::string root = Raw(kRoots[size]);
    for (std::int64_t i = 0; i < size; ++i) {
      SCOPED_TRACE(absl::StrCat(i, " of ", size));
      const std::string leaf = *ReferenceLeaf(i);
      const Proof proof = *InclusionProof(i, size, ReferenceNodes());
      ASSERT_THAT(VerifyInclusion(leaf, i, size, proof, root), IsOk());
      for (const Proof& wrong : Corruptions(proof, root)) {
        EXPECT_THAT(VerifyInclusion(leaf, i, size, wrong, root), data_loss);
      }
      for (const std::int64_t index : {i - 1, i + 1, i ^ 2, std::int64_t{-1}, size}) {
        EXPECT_THAT(VerifyInclusion(leaf, index, size, proof, root), data_loss);
      }
      for (const std::int64_t other : {size * 2, size / 2, std::int64_t{0}, std::int64_t{-1}}) {
        // A leaf before a complete tree's last one can sit alike in a tree of twice the size only
        // with another proof.
        if (other > i || other < 1) {
          EXPECT_THAT(VerifyInclusion(leaf, i, other, proof, root), data_loss);
        }
      }
      EXPECT_THAT(VerifyInclusion(LeafHash("wrong"), i, size, proof, root), data_loss);
      EXPECT_THAT(VerifyInclusion("", i, size, proof, root), data_loss);
      EXPECT_THAT(VerifyInclusion(leaf.substr(1), i, size, proof, root), data_loss);
      EXPECT_THAT(VerifyInclusion(leaf, i, size, proof, ""), data_loss);
      EXPECT_THAT(VerifyInclusion(leaf, i, size, proof, EmptyRoot()), data_loss);
      EXPECT_THAT(VerifyInclusion(leaf, i, size, proof, LeafHash("random")), data_loss);
    }
  }
  EXPECT_THAT(VerifyInclusion("", 0, 1, {}, ""), data_loss);
  EXPECT_THAT(VerifyInclusion(EmptyRoot(), 0, 0, {}, EmptyRoot()), data_loss);
}

TEST(ProofRefusalTest, ConsistencyOfAnythingElse) {
  const auto data_loss = StatusIs(absl::StatusCode::kDataLoss);
  for (std::int64_t second = 1; second <= 8; ++second) {
    const std::string new_root = Raw(kRoots[second]);
    for (std::int64_t first = 1; first <= second; ++first) {
      SCOPED_TRACE(absl::StrCat(first, " to ", second));
      const std::string old_root = Raw(kRoots[first]);
      const Proof proof = *ConsistencyProof(first, second, ReferenceNodes());
      ASSERT_THAT(VerifyConsistency(first, old_root, second, new_root, proof), IsOk());
      for (const Proof& wrong : Corruptions(proof, new_root)) {
        EXPECT_THAT(VerifyConsistency(first, old_root, second, new_root, wrong), data_loss);
      }
      for (const std::int64_t other : {first - 1, first + 1, first ^ 2}) {
        EXPECT_THAT(VerifyConsistency(other, old_root, second, new_root, proof), data_loss);
      }
      for (const std::int64_t other : {second * 2, second / 2, std::int64_t{0}}) {
        EXPECT_THAT(VerifyConsistency(first, old_root, other, new_root, proof), data_loss);
      }
      if (first != second) {
        EXPECT_THAT(VerifyConsistency(first, new_root, second, old_root, proof), data_loss);
      }
      const std::string random = LeafHash("random");
      EXPECT_THAT(VerifyConsistency(first, random, second, new_root, proof), data_loss);
      EXPECT_THAT(VerifyConsistency(first, old_root, second, random, proof), data_loss);
      EXPECT_THAT(VerifyConsistency(first, "", second, new_root, proof), data_loss);
      EXPECT_THAT(VerifyConsistency(first, old_root, second, "", proof), data_loss);
      EXPECT_THAT(VerifyConsistency(first, EmptyRoot(), second, new_root, proof), data_loss);
    }
  }
  EXPECT_THAT(VerifyConsistency(0, EmptyRoot(), 0, EmptyRoot(), {}), data_loss);
  EXPECT_THAT(VerifyConsistency(0, EmptyRoot(), 8, Raw(kRoots[8]), {}), data_loss);
  EXPECT_THAT(VerifyConsistency(-1, EmptyRoot(), 8, Raw(kRoots[8]), {Raw(kRoots[8])}), data_loss);
}

TEST(ProofRefusalTest, NothingIsProvedOfWhatIsNotThere) {
  EXPECT_THAT(InclusionProof(8, 8, ReferenceNodes()), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(InclusionProof(-1, 8, ReferenceNodes()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ConsistencyProof(0, 8, ReferenceNodes()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ConsistencyProof(9, 8, ReferenceNodes()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  const NodeHashes broken = [](int, std::int64_t) -> absl::StatusOr<std::string> {
    return absl::UnavailableError("disk");
  };
  EXPECT_THAT(InclusionProof(0, 8, broken), StatusIs(absl::StatusCode::kUnavailable));
  const auto data_loss = StatusIs(absl::StatusCode::kDataLoss);
  EXPECT_THAT(RootOf(8, [](int, std::int64_t) -> absl::StatusOr<std::string> { return "short"; }),
              data_loss);
  const NodeHashes short_leaf =
      NodesOf([](std::int64_t) -> absl::StatusOr<std::string> { return "short"; });
  EXPECT_THAT(RootOf(8, short_leaf), data_loss);
}

}  // namespace
}  // namespace trusthub::audit
