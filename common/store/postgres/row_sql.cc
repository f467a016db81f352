#include "common/store/postgres/row_sql.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace trusthub::store::postgres {
namespace {

using copy::Column;
using copy::ColumnType;
using copy::Row;
using copy::Shape;
using copy::ShapeOf;
using copy::Table;

// Nobody holds it, and none of its commits is known to anybody. The head comes whole or not at all.
constexpr char kPutTree[] =
    "INSERT INTO tree (id, name, holder, commits, leaves, state, head_tree, head_size, root,"
    " signed, signature) VALUES ($1, $2, ''::bytea, 0, $3, $4, $5::bytea,"
    " CASE WHEN $5::bytea IS NULL THEN NULL ELSE $6::bigint END, $7,"
    " CASE WHEN $5::bytea IS NULL THEN NULL ELSE $8::bigint END, $9)"
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name, leaves = excluded.leaves,"
    " state = excluded.state, head_tree = excluded.head_tree, head_size = excluded.head_size,"
    " root = excluded.root, signed = excluded.signed, signature = excluded.signature";
// Its row is there since the tables are.
constexpr char kPutCounter[] = "UPDATE counter SET position = $2, event = $3 WHERE id = $1";

std::vector<std::string> Names(const Shape& shape, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.emplace_back(shape.columns[i].name);
  return names;
}

std::size_t Keys(const Shape& shape) { return static_cast<std::size_t>(shape.keys); }

// The cells of one row, each an argument.
void AddCells(const Shape& shape, const Row& row, std::size_t count, Arguments* arguments) {
  for (std::size_t i = 0; i < count; ++i) {
    const Column& column = shape.columns[i];
    if (column.type == ColumnType::kInt) {
      arguments->Int(row[i].number);
    } else if (column.nullable) {
      arguments->BytesOrNull(row[i].bytes);
    } else {
      arguments->Bytes(row[i].bytes);
    }
  }
}

// The first `count` columns of all rows, each a list.
Arguments ListsOf(const Shape& shape, const std::vector<Row>& rows, std::size_t count) {
  Arguments arguments;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::int64_t> numbers;
    std::vector<absl::string_view> bytes;
    for (const Row& row : rows) {
      numbers.push_back(row[i].number);
      bytes.push_back(row[i].bytes);
    }
    if (shape.columns[i].type == ColumnType::kInt) {
      arguments.Ints(numbers);
    } else if (shape.columns[i].nullable) {
      arguments.BytesOrNullList(bytes);
    } else {
      arguments.BytesList(bytes);
    }
  }
  return arguments;
}

// "unnest($1::bigint[], $2::bytea[])"
std::string Unnest(const Shape& shape, std::size_t count) {
  std::vector<std::string> lists;
  for (std::size_t i = 0; i < count; ++i) {
    const bool number = shape.columns[i].type == ColumnType::kInt;
    lists.push_back(absl::StrCat("$", i + 1, number ? "::bigint[]" : "::bytea[]"));
  }
  return absl::StrCat("unnest(", absl::StrJoin(lists, ", "), ")");
}

std::string PutSql(const Shape& shape) {
  const std::vector<std::string> names = Names(shape, shape.columns.size());
  std::vector<std::string> changes;
  for (std::size_t i = Keys(shape); i < names.size(); ++i) {
    changes.push_back(absl::StrCat(names[i], " = excluded.", names[i]));
  }
  return absl::StrCat("INSERT INTO ", shape.name, " (", absl::StrJoin(names, ", "),
                      ") SELECT * FROM ", Unnest(shape, names.size()), " ON CONFLICT (",
                      absl::StrJoin(Names(shape, Keys(shape)), ", "), ") DO ",
                      changes.empty() ? "NOTHING" : "UPDATE SET " + absl::StrJoin(changes, ", "));
}

std::string RemoveSql(const Shape& shape) {
  const std::vector<std::string> keys = Names(shape, Keys(shape));
  std::vector<std::string> equal;
  for (const std::string& key : keys) {
    equal.push_back(absl::StrCat(shape.name, ".", key, " = u.", key));
  }
  return absl::StrCat("DELETE FROM ", shape.name, " USING ", Unnest(shape, keys.size()), " u(",
                      absl::StrJoin(keys, ", "), ") WHERE ", absl::StrJoin(equal, " AND "));
}

}  // namespace

Command ReadRows(Table table, const Row& after, int limit) {
  const Shape& shape = ShapeOf(table);
  const std::vector<std::string> keys = Names(shape, Keys(shape));
  const std::string key = absl::StrJoin(keys, ", ");
  Arguments arguments;
  std::string where;
  if (!after.empty()) {
    std::vector<std::string> parameters;
    for (std::size_t i = 1; i <= keys.size(); ++i) parameters.push_back(absl::StrCat("$", i));
    where = absl::StrCat(" WHERE (", key, ") > (", absl::StrJoin(parameters, ", "), ")");
    AddCells(shape, after, keys.size(), &arguments);
  }
  arguments.Int(limit);
  return Command(
      absl::StrCat("SELECT ", absl::StrJoin(Names(shape, shape.columns.size()), ", "), " FROM ",
                   shape.name, where, " ORDER BY ", key, " LIMIT $", arguments.count()),
      arguments);
}

std::vector<Row> RowsOf(Table table, const Rows& rows) {
  const Shape& shape = ShapeOf(table);
  std::vector<Row> all;
  for (int at = 0; at < rows.size(); ++at) {
    Row row;
    for (std::size_t i = 0; i < shape.columns.size(); ++i) {
      const int column = static_cast<int>(i);
      if (shape.columns[i].type == ColumnType::kInt) {
        row.push_back({rows.IntAt(at, column), ""});
      } else {
        row.push_back({0, rows.StringAt(at, column)});
      }
    }
    all.push_back(std::move(row));
  }
  return all;
}

void AddBatch(const copy::RowBatch& batch, std::vector<Command>* commands) {
  const Shape& shape = ShapeOf(batch.table);
  if (!batch.removed.empty()) {
    commands->emplace_back(RemoveSql(shape), ListsOf(shape, batch.removed, Keys(shape)));
  }
  if (batch.put.empty()) return;
  if (batch.table != Table::kTree && batch.table != Table::kCounter) {
    commands->emplace_back(PutSql(shape), ListsOf(shape, batch.put, shape.columns.size()));
    return;
  }
  for (const Row& row : batch.put) {
    Arguments arguments;
    AddCells(shape, row, shape.columns.size(), &arguments);
    commands->emplace_back(batch.table == Table::kTree ? kPutTree : kPutCounter, arguments);
  }
}

}  // namespace trusthub::store::postgres
