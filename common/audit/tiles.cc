#include "common/audit/tiles.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"

namespace trusthub::audit {
namespace {

constexpr std::size_t kHashBytes = crypto::kSha256Bytes;
constexpr std::size_t kTileBytes = kHashBytes * static_cast<std::size_t>(kTileWidth);

absl::string_view HashAt(absl::string_view hashes, std::size_t position) {
  return hashes.substr(position * kHashBytes, kHashBytes);
}

std::string RootOfHashes(absl::string_view hashes) {
  RootBuilder root;
  for (std::size_t i = 0; i < hashes.size() / kHashBytes; ++i) root.Add(HashAt(hashes, i));
  return root.Root();
}

// Nodes of the height of tiles of `level` that a tree of `size` leaves has.
std::int64_t NodesAt(int level, std::int64_t size) { return size >> (kTileHeight * level); }

absl::Status Missing(int level, std::int64_t index) {
  return absl::DataLossError(
      absl::StrCat("tile ", index, " of level ", level, " of the audit log is missing or short"));
}

// Leaf hashes from the leaves themselves.
absl::StatusOr<std::string> HashesOfLeaves(store::Snapshot& log, std::int64_t first,
                                           std::int64_t count) {
  std::string hashes;
  if (count == 0) return hashes;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<store::StoredLeaf> leaves,
                            log.ReadLeaves(first, static_cast<int>(count)));
  for (const store::StoredLeaf& leaf : leaves) {
    if (leaf.index != first++) return absl::DataLossError("an audit entry is missing");
    hashes += EntryLeafHash(leaf.bytes);
  }
  if (static_cast<std::int64_t>(leaves.size()) != count) {
    return absl::DataLossError("audit entries are missing at the end of the log");
  }
  return hashes;
}

// A tile that holds at least `count` hashes.
absl::StatusOr<std::string> HashesOfTile(store::Snapshot& log, int level, std::int64_t index,
                                         std::int64_t count) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<store::Tile> tiles, log.ReadTiles(level, index, 1));
  if (tiles.empty() || tiles.front().index != index ||
      tiles.front().bytes.size() < kHashBytes * static_cast<std::size_t>(count)) {
    return Missing(level, index);
  }
  return std::move(tiles.front().bytes);
}

// Reads tiles as they are needed and keeps them.
class LogNodes {
 public:
  explicit LogNodes(store::Snapshot* log) : log_(*log) {}

  absl::StatusOr<std::string> Node(int height, std::int64_t index) {
    const int level = height / kTileHeight;
    const int rest = height % kTileHeight;
    const std::int64_t first = index << rest;
    const std::int64_t count = std::int64_t{1} << rest;
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string* hashes,
                              Tile(level, first >> kTileHeight, first % kTileWidth + count));
    return RootOfHashes(
        absl::string_view(*hashes).substr(kHashBytes * static_cast<std::size_t>(first % kTileWidth),
                                          kHashBytes * static_cast<std::size_t>(count)));
  }

 private:
  absl::StatusOr<const std::string*> Tile(int level, std::int64_t index, std::int64_t count) {
    std::string& hashes = kept_[{level, index}];
    if (hashes.empty()) {
      TRUSTHUB_ASSIGN_OR_RETURN(hashes, Read(level, index));
    }
    if (hashes.size() < kHashBytes * static_cast<std::size_t>(count)) return Missing(level, index);
    return &hashes;
  }

  absl::StatusOr<std::string> Read(int level, std::int64_t index) {
    if (level > 0) return HashesOfTile(log_, level, index, 1);
    if (size_ < 0) {
      TRUSTHUB_ASSIGN_OR_RETURN(size_, log_.LeafCount());
    }
    const std::int64_t left = size_ - index * kTileWidth;
    if (left >= kTileWidth) return HashesOfTile(log_, 0, index, kTileWidth);
    return HashesOfLeaves(log_, index * kTileWidth, std::max<std::int64_t>(left, 0));
  }

  store::Snapshot& log_;
  std::int64_t size_ = -1;  // of the log; negative: not asked yet
  std::map<std::pair<int, std::int64_t>, std::string> kept_;
};

}  // namespace

NodeHashes NodesOfLog(store::Snapshot* log) {
  return [nodes = std::make_shared<LogNodes>(log)](int height, std::int64_t index) {
    return nodes->Node(height, index);
  };
}

// --- Growing ------------------------------------------------------------------------------------

std::vector<store::Tile> TileEdge::Grow(std::int64_t size, std::int64_t grown, const Node& node) {
  std::vector<store::Tile> tiles;
  for (int level = 0; level < kTileLevels && NodesAt(level, grown) > 0; ++level) {
    std::string& hashes = hashes_[static_cast<std::size_t>(level)];
    std::int64_t index = NodesAt(level, size);
    if (index == NodesAt(level, grown)) break;  // nothing new here, so nothing new above
    for (; index < NodesAt(level, grown); ++index) {
      const absl::string_view hash = node(kTileHeight * level, index);
      hashes.append(hash.data(), hash.size());
      if (hashes.size() < kTileBytes) continue;
      tiles.push_back({level, index >> kTileHeight, std::move(hashes)});
      hashes.clear();
    }
    if (level > 0 && !hashes.empty()) tiles.push_back({level, index >> kTileHeight, hashes});
  }
  return tiles;
}

absl::Status TileEdge::Read(std::int64_t size, store::Snapshot& log) {
  for (int level = 0; level < kTileLevels; ++level) {
    std::string& hashes = hashes_[static_cast<std::size_t>(level)];
    hashes.clear();
    const std::int64_t nodes = NodesAt(level, size);
    const std::int64_t last = nodes % kTileWidth;
    if (last == 0) continue;
    if (level == 0) {
      TRUSTHUB_ASSIGN_OR_RETURN(hashes, HashesOfLeaves(log, nodes - last, last));
      continue;
    }
    TRUSTHUB_ASSIGN_OR_RETURN(hashes, HashesOfTile(log, level, nodes >> kTileHeight, last));
    if (hashes.size() != kHashBytes * static_cast<std::size_t>(last)) {
      return absl::DataLossError(absl::StrCat("the last tile of level ", level,
                                              " of the audit log is longer than its tree"));
    }
  }
  return absl::OkStatus();
}

std::string TileEdge::RootAt(int height, std::int64_t size) const {
  const int level = height / kTileHeight;
  const int rest = height % kTileHeight;
  const std::int64_t last = NodesAt(level, size) % kTileWidth;
  // Larger subtrees stand before it.
  const auto first = static_cast<std::size_t>((last >> (rest + 1)) << (rest + 1));
  return RootOfHashes(absl::string_view(hashes_[static_cast<std::size_t>(level)])
                          .substr(kHashBytes * first, kHashBytes << rest));
}

// --- Checking -----------------------------------------------------------------------------------

absl::Status TileCheck::Add(absl::string_view leaf_hash) { return AddTo(0, leaf_hash); }

absl::Status TileCheck::AddTo(int level, absl::string_view hash) {
  std::string& hashes = hashes_[static_cast<std::size_t>(level)];
  std::int64_t& index = indexes_[static_cast<std::size_t>(level)];
  hashes.append(hash.data(), hash.size());
  if (hashes.size() < kTileBytes) return absl::OkStatus();
  TRUSTHUB_RETURN_IF_ERROR(Compare(level, index));
  const std::string root = RootOfHashes(hashes);
  hashes.clear();
  ++index;
  return level + 1 < kTileLevels ? AddTo(level + 1, root) : absl::OkStatus();
}

absl::Status TileCheck::Compare(int level, std::int64_t index) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<store::Tile> tiles, read_(level, index, 1));
  if (tiles.empty() || tiles.front().index != index) return Bad(level, index, "is missing");
  if (tiles.front().bytes != hashes_[static_cast<std::size_t>(level)]) {
    return Bad(level, index, "is not what its entries give");
  }
  return absl::OkStatus();
}

absl::Status TileCheck::Finish() {
  for (int level = 0; level < kTileLevels; ++level) {
    std::int64_t next = indexes_[static_cast<std::size_t>(level)];
    if (level > 0 && !hashes_[static_cast<std::size_t>(level)].empty()) {
      TRUSTHUB_RETURN_IF_ERROR(Compare(level, next++));
    }
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<store::Tile> beyond, read_(level, next, 1));
    if (!beyond.empty()) return Bad(level, beyond.front().index, "belongs to no entries");
  }
  return absl::OkStatus();
}

absl::Status TileCheck::Bad(int level, std::int64_t index, absl::string_view what) {
  const int height = kTileHeight * (level + 1);
  bad_ = {index << height, (index + 1) << height};
  return absl::DataLossError(absl::StrCat("tile ", index, " of level ", level, " ", what));
}

}  // namespace trusthub::audit
