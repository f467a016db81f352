#include "deploy/hubctl/moving/tree_check.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/log_check.h"
#include "common/base/status_macros.h"

namespace trusthub::hubctl {
namespace {

using store::copy::Row;
using store::copy::RowView;
using store::copy::Table;

audit::ReadLeaves LeavesOf(RowView& rows, std::int64_t tree) {
  return [&rows, tree](std::int64_t first,
                       int limit) -> absl::StatusOr<std::vector<store::StoredLeaf>> {
    const Row before = {{tree, ""}, {first - 1, ""}};
    TRUSTHUB_ASSIGN_OR_RETURN(auto read, rows.Read(Table::kLeaf, before, limit));
    std::vector<store::StoredLeaf> leaves;
    for (Row& row : read) {
      if (row[0].number == tree) leaves.push_back({row[1].number, std::move(row[2].bytes)});
    }
    return leaves;
  };
}

audit::TileCheck::Read TilesOf(RowView& rows, std::int64_t tree) {
  return [&rows, tree](int level, std::int64_t first,
                       int limit) -> absl::StatusOr<std::vector<store::Tile>> {
    const Row before = {{tree, ""}, {level, ""}, {first - 1, ""}};
    TRUSTHUB_ASSIGN_OR_RETURN(auto read, rows.Read(Table::kTile, before, limit));
    std::vector<store::Tile> tiles;
    for (Row& row : read) {
      if (row[0].number != tree || row[1].number != level) break;
      tiles.push_back({level, row[2].number, std::move(row[3].bytes)});
    }
    return tiles;
  };
}

absl::Status CheckTree(RowView& rows, const Row& row, absl::string_view key, CheckedTree* checked) {
  const std::int64_t tree = row[0].number;
  const std::int64_t leaves = row[2].number;
  store::SealedHead& head = checked->head;
  head.tree = row[4].bytes;
  head.size = row[5].number;
  head.root = row[6].bytes;
  head.sign_time = absl::FromUnixMicros(row[7].number);
  head.signature = row[8].bytes;
  if (head.tree.empty() && leaves == 0) return absl::OkStatus();
  if (head.tree != row[1].bytes || head.size != leaves) {
    return absl::DataLossError("its newest head is not that of its entries");
  }
  audit::Witness known{{head}};
  known.tiles = TilesOf(rows, tree);
  const audit::LogCheck check = audit::VerifyLog(LeavesOf(rows, tree), known, key);
  checked->entries = check.checked;
  return check.status;
}

}  // namespace

absl::StatusOr<std::vector<CheckedTree>> CheckTrees(RowView& rows, absl::string_view public_key) {
  std::vector<CheckedTree> trees;
  Row after;
  while (true) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Row> next, rows.Read(Table::kTree, after, 1));
    if (next.empty()) return trees;
    CheckedTree& checked = trees.emplace_back();
    checked.name = next[0][1].bytes;
    checked.status = CheckTree(rows, next[0], public_key, &checked);
    after = store::copy::KeyOf(store::copy::ShapeOf(Table::kTree), next[0]);
  }
}

absl::Status WorstOf(const std::vector<CheckedTree>& trees) {
  for (const CheckedTree& tree : trees) {
    if (tree.status.ok()) continue;
    return absl::Status(tree.status.code(), absl::StrCat(tree.name, ": ", tree.status.message()));
  }
  return absl::OkStatus();
}

std::int64_t EntriesOf(const std::vector<CheckedTree>& trees) {
  std::int64_t entries = 0;
  for (const CheckedTree& tree : trees) entries += tree.entries;
  return entries;
}

}  // namespace trusthub::hubctl
