#include "common/audit/tree.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/audit/entry.h"
#include "common/audit/head.h"
#include "common/audit/proof.h"
#include "common/audit/tiles.h"
#include "common/base/status_macros.h"

namespace trusthub::audit {
namespace {

constexpr int kLevelsMax = 63;  // sizes are positive 64 bit integers
constexpr std::size_t kHashBytes = crypto::kSha256Bytes;
// 2: the leaf is made of the entry's hash and its content hash.
constexpr char kStateVersion = 2;

using Hash = std::array<char, kHashBytes>;

absl::string_view View(const Hash& hash) { return absl::string_view(hash.data(), hash.size()); }

Hash FromBytes(absl::string_view bytes) {
  Hash hash;
  std::memcpy(hash.data(), bytes.data(), kHashBytes);
  return hash;
}

// The roots of the complete subtrees of which a tree of `size` leaves consists: one of 2^level
// leaves for each set bit of `size`.
struct Frontier {
  std::int64_t size = 0;
  std::array<Hash, kLevelsMax> roots{};  // zeros where the bit is not set

  bool Has(int level) const { return ((size >> level) & 1) != 0; }
};

std::string RootOf(const Frontier& frontier) {
  if (frontier.size == 0) return EmptyRoot();
  int level = std::countr_zero(static_cast<std::uint64_t>(frontier.size));
  Hash root = frontier.roots[static_cast<std::size_t>(level)];
  for (++level; level < kLevelsMax; ++level) {
    if (!frontier.Has(level)) continue;
    root = FromBytes(NodeHash(View(frontier.roots[static_cast<std::size_t>(level)]), View(root)));
  }
  return std::string(View(root));
}

// The nodes that a batch of leaves adds or changes, level by level. On each level these are the
// nodes from that over the first new leaf to the last one; the only older nodes that the batch
// needs are the frontier's.
class Growth {
 public:
  Growth(const Frontier& old, const std::vector<absl::string_view>& leaves) : old_(old) {
    const std::int64_t count = static_cast<std::int64_t>(leaves.size());
    nodes_.reserve(2 * leaves.size() + kLevelsMax);
    size_ = old.size + count;
    levels_.push_back({old.size, 0});
    for (const absl::string_view leaf : leaves) nodes_.push_back(FromBytes(EntryLeafHash(leaf)));
    while (Last(top()) > 0) AddLevel();
  }

  // A node of the batch, or the one before it, which the frontier holds.
  const Hash& At(int level, std::int64_t index) const {
    const Level& nodes = levels_[static_cast<std::size_t>(level)];
    if (index < nodes.first) return old_.roots[static_cast<std::size_t>(level)];
    return nodes_[nodes.position + static_cast<std::size_t>(index - nodes.first)];
  }
  const Hash& Leaf(std::int64_t offset) const { return nodes_[static_cast<std::size_t>(offset)]; }
  const Hash& Root() const { return nodes_.back(); }

  std::string ProofOf(std::int64_t index) const {
    std::string proof;
    proof.reserve(static_cast<std::size_t>(top()) * kHashBytes);
    for (int level = 0; level < top(); ++level, index >>= 1) {
      if ((index & 1) != 0) {
        absl::StrAppend(&proof, View(At(level, index - 1)));
      } else if (index < Last(level)) {
        absl::StrAppend(&proof, View(At(level, index + 1)));
      }
    }
    return proof;
  }

  Frontier NewFrontier() const {
    Frontier frontier;
    frontier.size = size_;
    for (int level = 0; (size_ >> level) > 0; ++level) {
      if (!frontier.Has(level)) continue;
      frontier.roots[static_cast<std::size_t>(level)] = At(level, (size_ >> level) - 1);
    }
    return frontier;
  }

 private:
  struct Level {
    std::int64_t first;    // index, on its level, of its first node here
    std::size_t position;  // of that node in nodes_
  };

  int top() const { return static_cast<int>(levels_.size()) - 1; }
  std::int64_t Last(int level) const { return (size_ - 1) >> level; }

  void AddLevel() {
    const int below = top();
    const std::int64_t first = levels_.back().first >> 1;
    const std::int64_t last = Last(below + 1);
    const std::size_t position = nodes_.size();
    for (std::int64_t index = first; index <= last; ++index) {
      const Hash& left = At(below, 2 * index);
      // A last node without sibling goes up as it is.
      nodes_.push_back(2 * index + 1 > Last(below)
                           ? Hash(left)
                           : FromBytes(NodeHash(View(left), View(At(below, 2 * index + 1)))));
    }
    levels_.push_back({first, position});
  }

  const Frontier& old_;
  std::int64_t size_;
  std::vector<Level> levels_;
  std::vector<Hash> nodes_;
};

class Tree final : public store::LeafSequencer {
 public:
  Tree(absl::string_view tree, const crypto::SigningKey* key, const Clock* clock)
      : tree_(tree), key_(key), clock_(clock) {}

  absl::Status Restore(absl::string_view state, store::Snapshot& log) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t leaves, log.LeafCount());
    Frontier frontier;
    if (!state.empty() || leaves != 0) {
      TRUSTHUB_ASSIGN_OR_RETURN(frontier, ParseState(state));
      if (frontier.size != leaves) {
        return absl::DataLossError("the audit tree and its log differ in size");
      }
      TRUSTHUB_RETURN_IF_ERROR(CheckHead(frontier, log));
    }
    TRUSTHUB_RETURN_IF_ERROR(accepted_edge_.Read(leaves, log));
    TRUSTHUB_RETURN_IF_ERROR(CheckEdge(frontier));
    accepted_ = frontier;
    waiting_ = false;
    return absl::OkStatus();
  }

  absl::StatusOr<Extension> Extend(const std::vector<absl::string_view>& leaves) override {
    if (waiting_) return absl::FailedPreconditionError("an extension waits for Accept or Reject");
    Extension extension;
    pending_ = accepted_;
    std::string root;
    if (leaves.empty()) {
      pending_edge_ = accepted_edge_;
      root = RootOf(accepted_);
    } else {
      const Growth growth(accepted_, leaves);
      extension.places.resize(leaves.size());
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        store::LeafPlace& place = extension.places[i];
        place.index = accepted_.size + static_cast<std::int64_t>(i);
        place.leaf_hash = std::string(View(growth.Leaf(static_cast<std::int64_t>(i))));
        place.inclusion_proof = growth.ProofOf(place.index);
      }
      pending_ = growth.NewFrontier();
      pending_edge_ = accepted_edge_;
      extension.tiles = pending_edge_.Grow(
          accepted_.size, pending_.size,
          [&](int height, std::int64_t index) { return View(growth.At(height, index)); });
      root = std::string(View(growth.Root()));
    }
    extension.state = StateOf(pending_);
    extension.head = Seal(pending_.size, std::move(root));
    waiting_ = true;
    return extension;
  }

  void Accept() override {
    if (waiting_) {
      accepted_ = pending_;
      std::swap(accepted_edge_, pending_edge_);
    }
    waiting_ = false;
  }

  void Reject() override { waiting_ = false; }

 private:
  // The newest head must be ours, and of this state.
  absl::Status CheckHead(const Frontier& frontier, store::Snapshot& log) const {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::shared_ptr<const store::SealedHead> head, log.Head());
    if (head == nullptr || head->tree != tree_ || head->size != frontier.size ||
        head->root != RootOf(frontier)) {
      return absl::DataLossError("the audit tree and its newest head differ");
    }
    return VerifyHead(*head, key_->public_key());
  }

  // What the log ends with must lead to the state.
  absl::Status CheckEdge(const Frontier& frontier) const {
    for (int level = 0; level < kLevelsMax; ++level) {
      if (frontier.Has(level) && accepted_edge_.RootAt(level, frontier.size) !=
                                     View(frontier.roots[static_cast<std::size_t>(level)])) {
        return absl::DataLossError("the last entries or tiles of the audit log were changed");
      }
    }
    return absl::OkStatus();
  }

  std::shared_ptr<const store::SealedHead> Seal(std::int64_t size, std::string root) const {
    auto head = std::make_shared<store::SealedHead>();
    head->tree = tree_;
    head->size = size;
    head->root = std::move(root);
    head->sign_time = absl::FromUnixMicros(absl::ToUnixMicros(clock_->Now()));
    head->signature = key_->Sign(HeadSigningInput(*head));
    return head;
  }

  // version (1) || size (8, big endian) || roots, smallest first || SHA-256(tree || all before).
  std::string StateOf(const Frontier& frontier) const {
    std::string state;
    state.reserve(1 + 8 + kHashBytes * (kLevelsMax + 1));
    state.push_back(kStateVersion);
    for (int shift = 56; shift >= 0; shift -= 8) {
      state.push_back(static_cast<char>((frontier.size >> shift) & 0xff));
    }
    for (int level = 0; level < kLevelsMax; ++level) {
      if (frontier.Has(level)) {
        state.append(frontier.roots[static_cast<std::size_t>(level)].data(), kHashBytes);
      }
    }
    state += crypto::Sha256({tree_, state});
    return state;
  }

  absl::StatusOr<Frontier> ParseState(absl::string_view state) const {
    constexpr std::size_t kHead = 1 + 8;
    if (state.size() < kHead + kHashBytes) {
      return absl::DataLossError("the audit tree's state is missing or cut short");
    }
    const absl::string_view body = state.substr(0, state.size() - kHashBytes);
    if (crypto::Sha256({tree_, body}) != state.substr(body.size())) {
      return absl::DataLossError("the audit tree's state is damaged or of another tree");
    }
    if (body[0] != kStateVersion) {
      return absl::DataLossError("the audit tree was kept by another version of the hub");
    }
    std::uint64_t size = 0;
    for (std::size_t i = 1; i < kHead; ++i) size = size << 8 | static_cast<unsigned char>(body[i]);
    if (body.size() != kHead + kHashBytes * static_cast<std::size_t>(std::popcount(size)) ||
        size >> kLevelsMax != 0) {
      return absl::DataLossError("the audit tree's state does not fit its size");
    }
    Frontier frontier;
    frontier.size = static_cast<std::int64_t>(size);
    absl::string_view rest = body.substr(kHead);
    for (int level = 0; level < kLevelsMax; ++level) {
      if (!frontier.Has(level)) continue;
      frontier.roots[static_cast<std::size_t>(level)] = FromBytes(rest.substr(0, kHashBytes));
      rest.remove_prefix(kHashBytes);
    }
    return frontier;
  }

  const std::string tree_;
  const crypto::SigningKey* const key_;
  const Clock* const clock_;
  Frontier accepted_;
  Frontier pending_;
  TileEdge accepted_edge_;
  TileEdge pending_edge_;
  bool waiting_ = false;
};

}  // namespace

std::unique_ptr<store::LeafSequencer> MakeTree(absl::string_view tree,
                                               const crypto::SigningKey* key, const Clock* clock) {
  return std::make_unique<Tree>(tree, key, clock);
}

}  // namespace trusthub::audit
