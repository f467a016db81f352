// File: rows.h
//
// A whole store as tables of rows, the same for every engine: what `hubctl store copy` carries from
// one to another. Below sealing: rows are as the engine keeps them, so sealed values, wrapped keys,
// hashed index keys, answers, numbers and audit leaves travel as they are, and no key is needed.
//
// Where the engines differ the tables here are PostgreSQL's: there may be several audit trees, and
// the counters are a row. SQLite has one tree, number 1, and counts by what is there. What belongs
// to a running process (who holds a tree, how often it committed) is no part of a store.
#ifndef TRUSTHUB_COMMON_STORE_COPY_ROWS_H_
#define TRUSTHUB_COMMON_STORE_COPY_ROWS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace trusthub::store::copy {

enum class Table {
  kRecord,
  kHistory,
  kEntry,
  kSequence,
  kEvent,
  kState,
  kAnswer,
  kLeaf,
  kLeafKey,
  kTile,
  kTree,
  kCounter,
};

enum class ColumnType { kInt, kText, kBytes };

struct Column {
  const char* name;
  ColumnType type;
  // Whether a message may show it: numbers, names of records and of trees, spaces and keys of
  // states. Never a value, and no key that may be about a person.
  bool shown = false;
  bool nullable = false;  // texts and bytes: null is the empty one
};

struct Shape {
  Table table;
  const char* name;
  int keys;  // the first so many columns are the primary key, by which rows are in order
  std::vector<Column> columns;
};

// Every table, in the order in which they are copied.
const std::vector<Shape>& Shapes();
const Shape& ShapeOf(Table table);

// `number` of integers, `bytes` of all else.
struct Cell {
  std::int64_t number = 0;
  std::string bytes;
  bool operator==(const Cell& other) const {
    return number == other.number && bytes == other.bytes;
  }
};
using Row = std::vector<Cell>;

// Below zero, zero, above: by the columns of the key alone. Bytes as unsigned, as both engines do.
int CompareKeys(const Shape& shape, const Row& a, const Row& b);
// The row with its key alone.
Row KeyOf(const Shape& shape, const Row& row);
// A key as bytes.
std::string PackKey(const Row& key);
// SHA-256 of all cells.
std::string RowDigest(const Shape& shape, const Row& row);
// For messages: "record position 5, name referrals/x".
std::string RowText(const Shape& shape, const Row& row);

// Reads rows. One thread.
class RowView {
 public:
  virtual ~RowView() = default;
  // Rows whose keys follow `after` (empty: from the first), in order, at most `limit`.
  virtual absl::StatusOr<std::vector<Row>> Read(Table table, const Row& after, int limit) = 0;
};

// A store that is copied. Errors are one line and begin with "store {place}: ".
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual const std::string& name() const = 0;
  // One consistent view of all that is committed now.
  virtual absl::StatusOr<std::unique_ptr<RowView>> View() = 0;
  // Whether no service writes to it any more: true, and from then on what one that comes late would
  // commit is refused, or found out by Retire. False while a service has it open; nothing was done.
  virtual absl::StatusOr<bool> KeepWritersOut() = 0;
  // After KeepWritersOut: ends it for good, in favour of `target`. No service starts over it again,
  // and the one that would is told where it went. FAILED_PRECONDITION when something was written
  // since KeepWritersOut. Two services that went on with one audit log would make two histories of
  // it.
  virtual absl::Status Retire(absl::string_view target) = 0;
  // Where it was moved to; empty for one that may be started.
  virtual const std::string& retired_to() const = 0;
};

// How far a copy is; kept in the target.
struct Progress {
  std::string source;  // names of the source's audit trees
  int table = 0;       // index of Shapes(); all before it are filled
  Row after;           // key of the last row of it that is there
};

// As it was kept: `after` is of PackKey. A mark that cannot be read is the beginning.
Progress ProgressOf(absl::string_view source, std::int64_t table, absl::string_view after);

// One transaction's worth of one table.
struct RowBatch {
  Table table = Table::kRecord;
  std::vector<Row> put;      // added, or in place of those with their keys
  std::vector<Row> removed;  // keys
};

// A store in the making. Until Finish no service starts over it: the one that tries says why.
class RowTarget {
 public:
  enum class State { kEmpty, kHalf, kWhole };
  virtual ~RowTarget() = default;
  virtual const std::string& name() const = 0;
  // As it was found; a whole one can only be read.
  virtual State state() const = 0;
  virtual const Progress& progress() const = 0;
  // As they are now.
  virtual RowView& rows() = 0;
  // Both in one transaction, on disk when it returns OK.
  virtual absl::Status Write(const RowBatch& batch, const Progress& progress) = 0;
  // From here on it is a store like any other.
  virtual absl::Status Finish() = 0;
};

}  // namespace trusthub::store::copy

#endif  // TRUSTHUB_COMMON_STORE_COPY_ROWS_H_
