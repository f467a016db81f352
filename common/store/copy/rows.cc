#include "common/store/copy/rows.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/crypto/crypto.h"

namespace trusthub::store::copy {
namespace {

constexpr ColumnType kInt = ColumnType::kInt;
constexpr ColumnType kText = ColumnType::kText;
constexpr ColumnType kBytes = ColumnType::kBytes;
constexpr bool kShown = true;
constexpr bool kHidden = false;
constexpr bool kNullable = true;
// Digits of a hash by which a message tells keys apart that it may not show.
constexpr std::size_t kHashDigits = 12;

int Compare(const Cell& a, const Cell& b) {
  if (a.number != b.number) return a.number < b.number ? -1 : 1;
  return a.bytes.compare(b.bytes);
}

std::size_t Keys(const Shape& shape) { return static_cast<std::size_t>(shape.keys); }

std::string Pack(const Row& row) {
  std::string packed;
  for (const Cell& cell : row) {
    absl::StrAppend(&packed, cell.number, ",", cell.bytes.size(), ":", cell.bytes);
  }
  return packed;
}

// Takes a number that ends with `end` off the front of `text`.
bool TakeNumber(absl::string_view* text, char end, std::int64_t* number) {
  const std::size_t at = text->find(end);
  if (at == text->npos || !absl::SimpleAtoi(text->substr(0, at), number)) return false;
  text->remove_prefix(at + 1);
  return true;
}

// Empty when it does not parse.
Row UnpackKey(const Shape& shape, absl::string_view packed) {
  Row key;
  while (!packed.empty()) {
    Cell cell;
    std::int64_t size = 0;
    if (!TakeNumber(&packed, ',', &cell.number) || !TakeNumber(&packed, ':', &size) || size < 0 ||
        static_cast<std::size_t>(size) > packed.size()) {
      return {};
    }
    cell.bytes = std::string(packed.substr(0, static_cast<std::size_t>(size)));
    packed.remove_prefix(cell.bytes.size());
    key.push_back(std::move(cell));
  }
  if (key.size() != Keys(shape)) key.clear();
  return key;
}

}  // namespace

const std::vector<Shape>& Shapes() {
  static const auto& shapes = *new std::vector<Shape>{
      {Table::kRecord,
       "record",
       1,
       {{"position", kInt, kShown},
        {"name", kText, kShown},
        {"kind", kInt},
        {"child", kText, kHidden, kNullable},
        {"owner", kText},
        {"author", kText},
        {"version", kInt},
        {"written", kInt},
        {"entries", kBytes},
        {"bytes", kBytes}}},
      {Table::kHistory,
       "history",
       2,
       {{"record", kInt, kShown}, {"version", kInt, kShown}, {"written", kInt}, {"bytes", kBytes}}},
      {Table::kEntry,
       "entry",
       3,
       {{"field", kText, kShown},
        {"key", kBytes},
        {"position", kInt, kShown},
        {"kind", kInt},
        {"sole", kInt}}},
      {Table::kSequence, "sequence", 1, {{"key", kText}, {"touched", kInt}, {"events", kInt}}},
      {Table::kEvent,
       "event",
       1,
       {{"sequence", kInt, kShown},
        {"child", kText, kHidden, kNullable},
        {"child_sequence", kInt},
        {"bytes", kBytes}}},
      {Table::kState,
       "state",
       2,
       {{"space", kText, kShown}, {"key", kText, kShown}, {"value", kBytes}}},
      {Table::kAnswer,
       "answer",
       1,
       {{"key", kBytes}, {"digest", kBytes}, {"response", kBytes}, {"expires", kInt}}},
      {Table::kLeaf,
       "leaf",
       2,
       {{"tree", kInt, kShown}, {"position", kInt, kShown}, {"bytes", kBytes}}},
      {Table::kLeafKey,
       "leaf_key",
       3,
       {{"tree", kInt, kShown}, {"key", kBytes}, {"position", kInt, kShown}}},
      {Table::kTile,
       "tile",
       3,
       {{"tree", kInt, kShown},
        {"level", kInt, kShown},
        {"position", kInt, kShown},
        {"bytes", kBytes}}},
      // After its leaves and tiles. The last five are its newest head; empty and zero before the
      // first.
      {Table::kTree,
       "tree",
       1,
       {{"id", kInt, kShown},
        {"name", kText, kShown},
        {"leaves", kInt},
        {"state", kBytes},
        {"head_tree", kText, kHidden, kNullable},
        {"head_size", kInt},
        {"root", kBytes, kHidden, kNullable},
        {"signed", kInt},
        {"signature", kBytes, kHidden, kNullable}}},
      // One row: the last numbers that were given.
      {Table::kCounter,
       "counter",
       1,
       {{"id", kInt, kShown}, {"position", kInt, kShown}, {"event", kInt, kShown}}},
  };
  return shapes;
}

const Shape& ShapeOf(Table table) { return Shapes()[static_cast<std::size_t>(table)]; }

int CompareKeys(const Shape& shape, const Row& a, const Row& b) {
  for (std::size_t i = 0; i < Keys(shape); ++i) {
    if (const int order = Compare(a[i], b[i]); order != 0) return order;
  }
  return 0;
}

Row KeyOf(const Shape& shape, const Row& row) {
  return Row(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(shape.keys));
}

std::string PackKey(const Row& key) { return Pack(key); }

std::string RowDigest(const Shape& shape, const Row& row) {
  return crypto::Sha256({shape.name, ";", Pack(row)});
}

std::string RowText(const Shape& shape, const Row& row) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Column& column = shape.columns[i];
    if (!column.shown && i >= Keys(shape)) continue;
    std::string value = absl::StrCat(row[i].number);
    if (column.type != kInt) value = row[i].bytes;
    if (!column.shown) {
      value = absl::StrCat("with hash ",
                           crypto::HexEncode(crypto::Sha256(row[i].bytes)).substr(0, kHashDigits));
    }
    parts.push_back(absl::StrCat(column.name, " ", value));
  }
  return absl::StrCat(shape.name, " ", absl::StrJoin(parts, ", "));
}

Progress ProgressOf(absl::string_view source, std::int64_t table, absl::string_view after) {
  const auto tables = static_cast<std::int64_t>(Shapes().size());
  Progress progress;
  progress.source = std::string(source);
  progress.table = static_cast<int>(table >= 0 && table <= tables ? table : 0);
  if (table < 0 || table >= tables || after.empty()) return progress;
  progress.after = UnpackKey(Shapes()[static_cast<std::size_t>(table)], after);
  return progress;
}

}  // namespace trusthub::store::copy
