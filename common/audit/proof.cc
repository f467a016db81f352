#include "common/audit/proof.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"

namespace trusthub::audit {
namespace {

constexpr absl::string_view kLeafPrefix("\x00", 1);
constexpr absl::string_view kNodePrefix("\x01", 1);

absl::Status Bad(absl::string_view what) { return absl::DataLossError(what); }

bool IsHash(absl::string_view hash) { return hash.size() == crypto::kSha256Bytes; }

bool AreHashes(const std::vector<std::string>& hashes) {
  return std::all_of(hashes.begin(), hashes.end(), [](const std::string& h) { return IsHash(h); });
}

// The largest power of two smaller than `size`; `size` is at least 2.
std::int64_t SplitOf(std::int64_t size) {
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(size - 1)));
}

// Root of the leaves from `begin`, a multiple of the smallest power of two that is not smaller than
// the range, to before `end`: one complete subtree for each bit of its size.
absl::StatusOr<std::string> RangeRoot(std::int64_t begin, std::int64_t end,
                                      const NodeHashes& nodes) {
  if (begin == end) return EmptyRoot();
  std::vector<std::string> roots;
  for (std::int64_t left = end - begin; left > 0;) {
    const int height = std::bit_width(static_cast<std::uint64_t>(left)) - 1;
    TRUSTHUB_ASSIGN_OR_RETURN(std::string hash, nodes(height, begin >> height));
    if (!IsHash(hash)) return Bad(absl::StrCat("a hash before leaf ", end, " is not 32 bytes"));
    roots.push_back(std::move(hash));
    begin += std::int64_t{1} << height;
    left -= std::int64_t{1} << height;
  }
  std::string root = std::move(roots.back());
  for (auto it = std::next(roots.rbegin()); it != roots.rend(); ++it) root = NodeHash(*it, root);
  return root;
}

// RFC 9162's fn and sn: the path of one node and of the last node, level by level upwards.
class Climb {
 public:
  Climb(std::int64_t node, std::int64_t last)
      : node_(static_cast<std::uint64_t>(node)), last_(static_cast<std::uint64_t>(last)) {}

  bool at_top() const { return last_ == 0; }
  // Whether the next hash of the proof stands to the left of the node.
  bool sibling_is_left() const { return (node_ & 1) != 0 || node_ == last_; }
  // Up one level after a hash was used; a node without sibling goes up until it has one.
  void Up() {
    if (sibling_is_left()) {
      while ((node_ & 1) == 0 && node_ != 0) Shift();
    }
    Shift();
  }
  void SkipRightEdge() {
    while ((node_ & 1) != 0) Shift();
  }

 private:
  void Shift() {
    node_ >>= 1;
    last_ >>= 1;
  }

  std::uint64_t node_;
  std::uint64_t last_;
};

}  // namespace

std::string LeafHash(absl::string_view input) { return crypto::Sha256({kLeafPrefix, input}); }

std::string NodeHash(absl::string_view left, absl::string_view right) {
  return crypto::Sha256({kNodePrefix, left, right});
}

std::string EmptyRoot() { return crypto::Sha256(absl::string_view()); }

NodeHashes NodesOf(LeafHashes leaves) {
  return
      [leaves = std::move(leaves)](int height, std::int64_t index) -> absl::StatusOr<std::string> {
        RootBuilder root;
        for (std::int64_t i = index << height; i < (index + 1) << height; ++i) {
          TRUSTHUB_ASSIGN_OR_RETURN(const std::string hash, leaves(i));
          if (!IsHash(hash)) return Bad(absl::StrCat("leaf hash ", i, " is not 32 bytes"));
          root.Add(hash);
        }
        return root.Root();
      };
}

absl::StatusOr<std::string> RootOf(std::int64_t size, const NodeHashes& nodes) {
  if (size < 0) return absl::InvalidArgumentError("a tree has no negative size");
  return RangeRoot(0, size, nodes);
}

absl::StatusOr<std::vector<std::string>> InclusionProof(std::int64_t index, std::int64_t size,
                                                        const NodeHashes& nodes) {
  if (index < 0 || index >= size) {
    return absl::InvalidArgumentError("the entry is not in a tree of that size");
  }
  std::vector<std::string> proof;
  std::int64_t begin = 0;
  std::int64_t end = size;
  while (end - begin > 1) {
    const std::int64_t middle = begin + SplitOf(end - begin);
    const bool left = index < middle;
    TRUSTHUB_ASSIGN_OR_RETURN(std::string sibling, left ? RangeRoot(middle, end, nodes)
                                                        : RangeRoot(begin, middle, nodes));
    proof.push_back(std::move(sibling));
    (left ? end : begin) = middle;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

absl::StatusOr<std::vector<std::string>> ConsistencyProof(std::int64_t first, std::int64_t second,
                                                          const NodeHashes& nodes) {
  if (first < 1 || first > second) {
    return absl::InvalidArgumentError(
        "the earlier tree must have at least one entry and no more "
        "than the later");
  }
  std::vector<std::string> proof;
  std::int64_t begin = 0;
  std::int64_t end = second;
  // The verifier knows the root of [0, first), so it is left out of the proof.
  while (end != first) {
    const std::int64_t middle = begin + SplitOf(end - begin);
    const bool left = first <= middle;
    TRUSTHUB_ASSIGN_OR_RETURN(std::string sibling, left ? RangeRoot(middle, end, nodes)
                                                        : RangeRoot(begin, middle, nodes));
    proof.push_back(std::move(sibling));
    (left ? end : begin) = middle;
  }
  if (begin != 0) {
    TRUSTHUB_ASSIGN_OR_RETURN(std::string own, RangeRoot(begin, end, nodes));
    proof.push_back(std::move(own));
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

std::vector<std::string> HashesIn(absl::string_view proof) {
  std::vector<std::string> hashes;
  hashes.reserve(proof.size() / crypto::kSha256Bytes);
  for (std::size_t at = 0; at < proof.size(); at += crypto::kSha256Bytes) {
    hashes.emplace_back(proof.substr(at, crypto::kSha256Bytes));
  }
  return hashes;
}

absl::Status VerifyInclusion(absl::string_view leaf_hash, std::int64_t index, std::int64_t size,
                             const std::vector<std::string>& proof, absl::string_view root) {
  if (!IsHash(leaf_hash) || !IsHash(root) || !AreHashes(proof)) {
    return Bad("a hash of the inclusion proof is not 32 bytes");
  }
  if (index < 0 || index >= size) return Bad("the entry is not in a tree of that size");
  Climb climb(index, size - 1);
  std::string hash(leaf_hash);
  for (const std::string& sibling : proof) {
    if (climb.at_top()) return Bad("the inclusion proof is too long");
    hash = climb.sibling_is_left() ? NodeHash(sibling, hash) : NodeHash(hash, sibling);
    climb.Up();
  }
  if (!climb.at_top()) return Bad("the inclusion proof is too short");
  if (hash != root) return Bad("the inclusion proof does not lead to the root");
  return absl::OkStatus();
}

absl::Status VerifyConsistency(std::int64_t first, absl::string_view first_root,
                               std::int64_t second, absl::string_view second_root,
                               const std::vector<std::string>& proof) {
  if (!IsHash(first_root) || !IsHash(second_root) || !AreHashes(proof)) {
    return Bad("a hash of the consistency proof is not 32 bytes");
  }
  if (first < 1) return Bad("nothing can be consistent with an empty tree");
  if (first > second) return Bad("the later tree is smaller than the earlier");
  if (first == second) {
    if (!proof.empty()) return Bad("a consistency proof of one size must be empty");
    if (first_root != second_root) return Bad("two roots are given for one size");
    return absl::OkStatus();
  }
  if (proof.empty()) return Bad("the consistency proof is empty");
  Climb climb(first - 1, second - 1);
  climb.SkipRightEdge();
  // A complete earlier tree is a node of the later one, and its root starts both paths.
  const bool complete = std::has_single_bit(static_cast<std::uint64_t>(first));
  auto next = proof.begin();
  std::string old_hash = complete ? std::string(first_root) : *next++;
  std::string new_hash = old_hash;
  for (; next != proof.end(); ++next) {
    if (climb.at_top()) return Bad("the consistency proof is too long");
    if (climb.sibling_is_left()) {
      old_hash = NodeHash(*next, old_hash);
      new_hash = NodeHash(*next, new_hash);
    } else {
      new_hash = NodeHash(new_hash, *next);
    }
    climb.Up();
  }
  if (!climb.at_top()) return Bad("the consistency proof is too short");
  if (old_hash != first_root) return Bad("the consistency proof does not lead to the earlier root");
  if (new_hash != second_root) return Bad("the consistency proof does not lead to the later root");
  return absl::OkStatus();
}

void RootBuilder::Add(absl::string_view leaf_hash) {
  std::string hash(leaf_hash);
  for (std::int64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
    hash = NodeHash(frontier_.back(), hash);
    frontier_.pop_back();
  }
  frontier_.push_back(std::move(hash));
  ++size_;
}

std::string RootBuilder::Root() const {
  if (frontier_.empty()) return EmptyRoot();
  std::string root = frontier_.back();
  for (auto it = std::next(frontier_.rbegin()); it != frontier_.rend(); ++it) {
    root = NodeHash(*it, root);
  }
  return root;
}

}  // namespace trusthub::audit
