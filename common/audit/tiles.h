// File: tiles.h
//
// How a log keeps its tree beside its leaves, so that a proof costs O(log n) reads (after C2SP
// tlog-tiles). Tile (level, index) holds the hashes of nodes index * 256 to index * 256 + 255 of
// height 8 * level, 32 bytes each. Tiles of level 0 hold leaf hashes and are written once, when
// complete: the hashes of the last leaves, at most 255, come from the leaves themselves. A tile of
// a higher level is written anew with each node that it gains, so that its last one may be short.
// All this happens in the transaction that adds the leaves.
#ifndef TRUSTHUB_COMMON_AUDIT_TILES_H_
#define TRUSTHUB_COMMON_AUDIT_TILES_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/audit/proof.h"
#include "common/store/store.h"

namespace trusthub::audit {

inline constexpr int kTileHeight = 8;
inline constexpr std::int64_t kTileWidth = std::int64_t{1} << kTileHeight;
// Levels that a tree of 2^63 leaves could have.
inline constexpr int kTileLevels = 8;

// The last, incomplete tile of each level of a growing tree.
class TileEdge {
 public:
  // Hash of node `index` of height `height`, complete in the grown tree.
  using Node = std::function<absl::string_view(int height, std::int64_t index)>;

  // Grows from `size` leaves to `grown`; gives the tiles to be written.
  std::vector<store::Tile> Grow(std::int64_t size, std::int64_t grown, const Node& node);

  // Takes up the edge of a log of `size` leaves. Fails with DATA_LOSS when leaves or tiles are
  // missing.
  absl::Status Read(std::int64_t size, store::Snapshot& log);
  // Root of the complete subtree of `height` that ends a tree of `size` leaves, for a set bit
  // `height` of `size`.
  std::string RootAt(int height, std::int64_t size) const;

 private:
  std::array<std::string, kTileLevels> hashes_;  // concatenated
};

// The nodes of the log that `log` shows, each tile read once. Good while the snapshot is; fails
// with DATA_LOSS for nodes that are not complete, or not kept.
NodeHashes NodesOfLog(store::Snapshot* log);

// Checks tiles against the hashes of leaves, given one after the other.
class TileCheck {
 public:
  // Gives tiles of a level from `first_index` on, in order, at most `limit`.
  using Read = std::function<absl::StatusOr<std::vector<store::Tile>>(
      int level, std::int64_t first_index, int limit)>;

  explicit TileCheck(Read read) : read_(std::move(read)) {}

  absl::Status Add(absl::string_view leaf_hash);
  // After the last leaf.
  absl::Status Finish();
  // Leaves below the tile that was found bad: [first, second).
  std::pair<std::int64_t, std::int64_t> bad_range() const { return bad_; }

 private:
  absl::Status AddTo(int level, absl::string_view hash);
  absl::Status Compare(int level, std::int64_t index);
  absl::Status Bad(int level, std::int64_t index, absl::string_view what);

  const Read read_;
  std::array<std::string, kTileLevels> hashes_;      // of the tile that fills, by level
  std::array<std::int64_t, kTileLevels> indexes_{};  // of that tile
  std::pair<std::int64_t, std::int64_t> bad_{-1, -1};
};

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_TILES_H_
