#include "common/store/sqlite/row_sql.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"

namespace trusthub::store::sqlite {
namespace {

using copy::Column;
using copy::ColumnType;
using copy::Row;
using copy::Shape;
using copy::ShapeOf;
using copy::Table;

// The one tree of a store in SQLite.
constexpr std::int64_t kTree = 1;
// Counters are what is there; the tree is the log's one row.
constexpr char kReadCounter[] =
    "SELECT 1, (SELECT coalesce(max(position), 0) FROM record),"
    " (SELECT coalesce(max(sequence), 0) FROM event)";
constexpr char kReadTree[] =
    "SELECT tree, state, size, root, signed, signature FROM log WHERE id = 1";
constexpr char kCountLeaves[] = "SELECT coalesce(max(position) + 1, 0) FROM leaf";

bool HasTreeColumn(const Shape& shape) {
  return absl::string_view(shape.columns.front().name) == "tree";
}

// The columns that the table here has: those after the tree's number.
std::size_t FirstColumn(const Shape& shape) { return HasTreeColumn(shape) ? 1 : 0; }

std::string NameOf(const Column& column) {
  // `sole` is a word of ours; this engine's schema says `only`.
  return absl::string_view(column.name) == "sole" ? "only" : column.name;
}

std::vector<std::string> Names(const Shape& shape, std::size_t end) {
  std::vector<std::string> names;
  for (std::size_t i = FirstColumn(shape); i < end; ++i) names.push_back(NameOf(shape.columns[i]));
  return names;
}

std::vector<std::string> KeyNames(const Shape& shape) {
  return Names(shape, static_cast<std::size_t>(shape.keys));
}

// "?1, ?2"
std::string Parameters(std::size_t count) {
  std::vector<std::string> parameters;
  for (std::size_t i = 1; i <= count; ++i) parameters.push_back(absl::StrCat("?", i));
  return absl::StrJoin(parameters, ", ");
}

// Keys of leaves stand in two places until they are merged, and are put where they stay.
std::string RowsOf(const Shape& shape) {
  if (shape.table != Table::kLeafKey) return shape.name;
  return "(SELECT key, position FROM leaf_key UNION ALL SELECT key, position FROM leaf"
         " WHERE position >= (SELECT first FROM recent_leaf WHERE id = 1) AND key IS NOT NULL)";
}

std::string ReadSql(const Shape& shape, bool from_first) {
  const std::vector<std::string> keys = KeyNames(shape);
  const std::string key = absl::StrJoin(keys, ", ");
  const std::string where =
      from_first ? "" : absl::StrCat(" WHERE (", key, ") > (", Parameters(keys.size()), ")");
  return absl::StrCat("SELECT ", absl::StrJoin(Names(shape, shape.columns.size()), ", "), " FROM ",
                      RowsOf(shape), where, " ORDER BY ", key, " LIMIT ?",
                      from_first ? 1 : keys.size() + 1);
}

std::string PutSql(const Shape& shape) {
  const std::vector<std::string> names = Names(shape, shape.columns.size());
  const std::vector<std::string> keys = KeyNames(shape);
  std::vector<std::string> changes;
  for (std::size_t i = keys.size(); i < names.size(); ++i) {
    changes.push_back(absl::StrCat(names[i], " = excluded.", names[i]));
  }
  return absl::StrCat("INSERT INTO ", shape.name, " (", absl::StrJoin(names, ", "), ") VALUES (",
                      Parameters(names.size()), ") ON CONFLICT (", absl::StrJoin(keys, ", "),
                      ") DO ",
                      changes.empty() ? "NOTHING" : "UPDATE SET " + absl::StrJoin(changes, ", "));
}

std::string RemoveSql(const Shape& shape) {
  const std::vector<std::string> keys = KeyNames(shape);
  std::vector<std::string> equal;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    equal.push_back(absl::StrCat(keys[i], " = ?", i + 1));
  }
  return absl::StrCat("DELETE FROM ", shape.name, " WHERE ", absl::StrJoin(equal, " AND "));
}

// Binds the cells of the columns from the first that the table has to before `end`.
void Bind(const Shape& shape, const Row& row, std::size_t end, Query* query) {
  for (std::size_t i = FirstColumn(shape); i < end; ++i) {
    const Column& column = shape.columns[i];
    if (column.type == ColumnType::kInt) {
      query->Int(row[i].number);
    } else if (column.type == ColumnType::kBytes) {
      query->Blob(row[i].bytes);
    } else if (column.nullable) {
      query->TextOrNull(row[i].bytes);
    } else {
      query->Text(row[i].bytes);
    }
  }
}

Row RowAt(const Shape& shape, const Query& query) {
  Row row;
  if (HasTreeColumn(shape)) row.push_back({kTree, ""});
  for (std::size_t i = row.size(); i < shape.columns.size(); ++i) {
    const int at = static_cast<int>(i - FirstColumn(shape));
    if (shape.columns[i].type == ColumnType::kInt) {
      row.push_back({query.IntAt(at), ""});
    } else {
      row.push_back({0, query.StringAt(at)});
    }
  }
  return row;
}

absl::Status NotHere(absl::string_view why) { return absl::FailedPreconditionError(why); }

}  // namespace

RowTables::~RowTables() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
}

Query RowTables::Prepared(const std::string& sql) {
  sqlite3_stmt*& statement = statements_[sql];
  int code = SQLITE_OK;
  if (statement == nullptr) {
    code = sqlite3_prepare_v3(connection_.db(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT,
                              &statement, nullptr);
  }
  return Query(statement, code);
}

absl::StatusOr<std::vector<Row>> RowTables::Read(Table table, const Row& after, int limit) {
  const Shape& shape = ShapeOf(table);
  std::vector<Row> rows;
  if (table == Table::kTree || table == Table::kCounter) {
    if (!after.empty()) return rows;  // one row
    if (table == Table::kCounter) {
      Query query = Prepared(kReadCounter);
      TRUSTHUB_RETURN_IF_ERROR(query.Next().status());
      rows.push_back(RowAt(shape, query));
      return rows;
    }
    Row row = {{kTree, ""}, {0, tree_}, {}, {}, {}, {}, {}, {}, {}};
    {
      Query query = Prepared(kCountLeaves);
      TRUSTHUB_RETURN_IF_ERROR(query.Next().status());
      row[2].number = query.IntAt(0);
    }
    Query query = Prepared(kReadTree);
    TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
    if (found) {
      row[3].bytes = query.StringAt(1);
      row[4].bytes = query.StringAt(0);
      row[5].number = query.IntAt(2);
      row[6].bytes = query.StringAt(3);
      row[7].number = query.IntAt(4);
      row[8].bytes = query.StringAt(5);
    }
    // One that nobody named and that has no head is none.
    if (found || !tree_.empty()) rows.push_back(std::move(row));
    return rows;
  }
  const bool from_first = after.empty();
  Query query = Prepared(ReadSql(shape, from_first));
  if (!from_first) Bind(shape, after, static_cast<std::size_t>(shape.keys), &query);
  query.Int(limit);
  while (true) {
    TRUSTHUB_ASSIGN_OR_RETURN(const bool found, query.Next());
    if (!found) return rows;
    rows.push_back(RowAt(shape, query));
  }
}

absl::Status RowTables::PutTree(const Row& row) {
  if (row[0].number != kTree) {
    return NotHere(
        "the store holds the audit trees of several processes, and SQLite holds one: it is for "
        "one process");
  }
  if (row[1].bytes != tree_) return NotHere(absl::StrCat("its audit tree is ", row[1].bytes));
  if (row[4].bytes.empty()) return absl::OkStatus();  // nothing is kept of a log without entries
  if (row[4].bytes != tree_) {
    return absl::DataLossError("the newest head is of another audit tree than its own");
  }
  return connection_.Use(Sql::kSetLog)
      .Blob(row[3].bytes)
      .Text(row[4].bytes)
      .Int(row[5].number)
      .Blob(row[6].bytes)
      .Int(row[7].number)
      .Blob(row[8].bytes)
      .Run();
}

absl::Status RowTables::Put(Table table, const Row& row) {
  const Shape& shape = ShapeOf(table);
  if (table == Table::kCounter) return absl::OkStatus();  // it is what the rows say
  if (table == Table::kTree) return PutTree(row);
  if (HasTreeColumn(shape) && row[0].number != kTree) {
    return NotHere("SQLite holds one audit tree, and this row is of another");
  }
  Query query = Prepared(PutSql(shape));
  Bind(shape, row, shape.columns.size(), &query);
  return query.Run();
}

absl::Status RowTables::Remove(Table table, const Row& key) {
  const Shape& shape = ShapeOf(table);
  if (table == Table::kCounter || table == Table::kTree) {
    return NotHere("the store's audit tree is gone from it");
  }
  Query query = Prepared(RemoveSql(shape));
  Bind(shape, key, static_cast<std::size_t>(shape.keys), &query);
  return query.Run();
}

}  // namespace trusthub::store::sqlite
