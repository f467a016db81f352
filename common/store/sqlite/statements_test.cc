// Every statement of the engine goes by a key or an index: SQLite's own plan of each is read.
#include "common/store/sqlite/statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/store/sqlite/connection.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/temp_folder.h"

namespace trusthub::store::sqlite {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SqliteStatementsTest : public ::testing::Test {
 protected:
  SqliteStatementsTest() {
    SqliteOptions options;
    options.path = folder_.File("store.db");
    EXPECT_TRUE(OpenSqlite(options).ok());
    connection_ = *Connection::Open(options.path, Connection::Mode::kWriter);
  }

  // Steps of the plan that go through a whole table or index, or sort.
  std::vector<std::string> FlawsOf(const std::string& text) {
    std::vector<std::string> flaws;
    sqlite3_stmt* plan = nullptr;
    EXPECT_EQ(
        sqlite3_prepare_v2(connection_->db(), absl::StrCat("EXPLAIN QUERY PLAN ", text).c_str(), -1,
                           &plan, nullptr),
        SQLITE_OK)
        << text;
    while (sqlite3_step(plan) == SQLITE_ROW) {
      std::string step = reinterpret_cast<const char*>(sqlite3_column_text(plan, 3));
      const bool reads_all = absl::StartsWith(step, "SCAN") || absl::StrContains(step, "AUTOMATIC");
      if (reads_all || absl::StrContains(step, "TEMP B-TREE")) flaws.push_back(std::move(step));
    }
    sqlite3_finalize(plan);
    return flaws;
  }

  testing::TempFolder folder_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(SqliteStatementsTest, EachGoesByAnIndex) {
  for (std::size_t i = 0; i < kSqlCount; ++i) {
    const auto sql = static_cast<Sql>(i);
    // Sorts what is recent, which is bounded, to write each page once.
    if (sql == Sql::kMergeLeafKeys) continue;
    EXPECT_THAT(FlawsOf(TextOf(sql)), IsEmpty()) << TextOf(sql);
  }
}

TEST_F(SqliteStatementsTest, OneWithoutAnIndexIsFound) {
  EXPECT_THAT(FlawsOf("SELECT name FROM record WHERE owner = ?1"), ElementsAre("SCAN record"));
  EXPECT_THAT(FlawsOf("SELECT name FROM record WHERE owner = ?1 ORDER BY position LIMIT ?2"),
              ElementsAre("SCAN record"));
  EXPECT_THAT(FlawsOf("SELECT name FROM record WHERE kind = ?1 ORDER BY written LIMIT ?2"),
              ElementsAre("USE TEMP B-TREE FOR ORDER BY"));
  EXPECT_THAT(FlawsOf("SELECT count(*) FROM event"), ::testing::SizeIs(1));
  EXPECT_THAT(FlawsOf("SELECT name FROM record WHERE position = ?1"), IsEmpty());
}

}  // namespace
}  // namespace trusthub::store::sqlite
