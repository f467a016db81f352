#include "common/store/sqlite/row_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/store/copy/copying.h"
#include "common/store/sqlite/connection.h"
#include "common/store/sqlite/files.h"
#include "common/store/sqlite/schema.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "common/testing/temp_folder.h"
#include "common/testing/write_sets.h"

namespace trusthub::store {
namespace {

namespace fs = std::filesystem;

constexpr char kTree[] = "auditTrees/fake";

class SqliteRowStoreTest : public ::testing::Test {
 protected:
  absl::Status Write(const std::string& folder, int sets) {
    testing::FakeLeafSequencer sequencer;
    SqliteOptions options;
    options.path = folder + "/store.db";
    options.sequencer = &sequencer;
    auto store = OpenSqlite(options);
    if (!store.ok()) return store.status();
    for (int i = 0; i < sets; ++i) {
      auto done = CommitAndWait(**store, testing::LeafSet(absl::StrCat("leaf ", i)));
      if (!done.ok()) return done.status();
    }
    return absl::OkStatus();
  }
  absl::Status Copy(const std::string& from, const std::string& to) {
    auto source = OpenSqliteRows(from, kTree);
    if (!source.ok()) return source.status();
    auto target = OpenSqliteRowTarget(to, kTree);
    if (!target.ok()) return target.status();
    return copy::CopyStore(**source, **target, {}).status();
  }

  const testing::TempFolder from_;
  const testing::TempFolder to_;
};

// A migration that adds a column must be told to copies.
TEST_F(SqliteRowStoreTest, ShapesAreTheSchema) {
  const std::string path = from_.File("store.db");
  ASSERT_TRUE(sqlite::CreatePrivate(path).ok());
  auto connection = sqlite::Connection::Open(path, sqlite::Connection::Mode::kWriter).value();
  ASSERT_TRUE(sqlite::PrepareSchema(*connection, path, false).ok());
  std::set<std::string> columns;
  sqlite3_stmt* statement = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(connection->db(),
                               "SELECT m.name, c.name FROM sqlite_master m,"
                               " pragma_table_info(m.name) c WHERE m.type = 'table'",
                               -1, &statement, nullptr),
            SQLITE_OK);
  {
    sqlite::Query query(statement, SQLITE_OK);
    while (query.Next().value()) {
      columns.insert(absl::StrCat(query.ViewAt(0), ".", query.ViewAt(1)));
    }
  }
  sqlite3_finalize(statement);
  std::set<std::string> known = {"answer.id"};  // no part of a store: rows are found by their keys
  for (const copy::Shape& shape : copy::Shapes()) {
    if (shape.table == copy::Table::kTree || shape.table == copy::Table::kCounter) continue;
    for (const copy::Column& column : shape.columns) {
      const absl::string_view name = column.name;
      if (name == "tree") continue;
      known.insert(absl::StrCat(shape.name, ".", name == "sole" ? "only" : name));
    }
  }
  // The row of the tree.
  for (const char* name : {"id", "state", "tree", "size", "root", "signed", "signature"}) {
    known.insert(absl::StrCat("log.", name));
  }
  // Where keys of leaves wait: read with those of leaf_key (row_sql.cc).
  known.insert({"leaf.key", "recent_leaf.id", "recent_leaf.first"});
  EXPECT_EQ(columns, known);
}

TEST_F(SqliteRowStoreTest, WhatAnEarlierMoveLeftIsNeverOverwritten) {
  ASSERT_TRUE(Write(from_.path(), 2).ok());
  ASSERT_TRUE(Copy(from_.path(), to_.path()).ok());
  EXPECT_TRUE(fs::exists(from_.File("store.db.moved")));
  EXPECT_FALSE(fs::exists(from_.File("store.db")));
  EXPECT_FALSE(fs::exists(to_.File("store.db.copying")));
  // Back, which is a new store beside what was moved; and away again, which would cover that.
  ASSERT_TRUE(Copy(to_.path(), from_.path()).ok());
  ASSERT_TRUE(Write(from_.path(), 1).ok());
  const testing::TempFolder third;
  const absl::Status refused = Copy(from_.path(), third.path());
  EXPECT_TRUE(absl::StrContains(refused.message(), "is left of an earlier move")) << refused;
  fs::remove(from_.File("store.db.moved"));
  EXPECT_TRUE(Copy(from_.path(), third.path()).ok());
}

// Killed when its mark was gone and the file had not its name yet, the old store ended.
TEST_F(SqliteRowStoreTest, ACopyThatDiedWhileItWasFinishedIsFinishedByTheNext) {
  ASSERT_TRUE(Write(from_.path(), 3).ok());
  ASSERT_TRUE(Copy(from_.path(), to_.path()).ok());
  fs::rename(to_.File("store.db"), to_.File("store.db.copying"));
  const absl::Status again = Copy(from_.path(), to_.path());
  ASSERT_TRUE(again.ok()) << again;
  EXPECT_FALSE(fs::exists(to_.File("store.db.copying")));
  const auto source = OpenSqliteRows(to_.path(), kTree);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ((*(*source)->View())->Read(copy::Table::kLeaf, {}, 9)->size(), 3u);
}

TEST_F(SqliteRowStoreTest, AStoreOfAnotherTreeIsRefused) {
  ASSERT_TRUE(Write(from_.path(), 1).ok());
  const auto source = OpenSqliteRows(from_.path(), "auditTrees/other");
  EXPECT_TRUE(absl::StrContains(source.status().message(), "holds the audit tree auditTrees/fake"))
      << source.status();
  EXPECT_TRUE(absl::IsNotFound(OpenSqliteRows(to_.path(), kTree).status()));
}

TEST_F(SqliteRowStoreTest, TheLogOfAServiceThatWasKilledGoesAlong) {
  // As a kill leaves it: nothing of it is in the file of the database yet.
  ASSERT_TRUE(Write(from_.path(), 0).ok());
  {
    testing::FakeLeafSequencer sequencer;
    SqliteOptions options;
    options.path = from_.File("store.db");
    options.sequencer = &sequencer;
    auto store = OpenSqlite(options);
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(CommitAndWait(**store, testing::LeafSet("one")).ok());
    for (const char* part : {"store.db", "store.db-wal"}) {
      fs::copy_file(from_.File(part), to_.File(part));
    }
  }
  const testing::TempFolder third;
  ASSERT_TRUE(Copy(to_.path(), third.path()).ok());
  const auto source = OpenSqliteRows(third.path(), kTree);
  ASSERT_TRUE(source.ok());
  const auto view = (*source)->View();
  EXPECT_EQ((*view)->Read(copy::Table::kLeaf, {}, 9)->size(), 1u);
}

}  // namespace
}  // namespace trusthub::store
