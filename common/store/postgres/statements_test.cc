// Every statement of the engine goes by a key or an index: the planner's own plan of each is read,
// in a session as the engine's.
#include "common/store/postgres/statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/store/postgres/address.h"
#include "common/store/postgres/connection.h"
#include "common/store/postgres/store_fixture.h"

namespace trusthub::store::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::OptionsFor;

struct Allowed {
  const char* flaw;
  const char* why;
};
// A flaw that is not here fails the test, and so does an entry that no plan shows any more.
const std::map<Sql, Allowed>& AllowedFlaws() {
  static const auto& allowed = *new std::map<Sql, Allowed>{
      {Sql::kListByIndex,
       {"throws rows away: Filter: (kind = $4)",
        "a field is of one kind of record, so none is thrown away"}},
      {Sql::kFindAnswer,
       {"throws rows away: Filter: (expires > $2)", "it is the one row that the key finds"}},
      {Sql::kHead,
       {"throws rows away: Filter: (head_tree IS NOT NULL)", "the one row that the key finds"}},
      {Sql::kListTrees,
       {"reads a whole index: Index Scan using tree_pkey on tree",
        "one row a replica, all wanted"}},
      {Sql::kTreeCount,
       {"reads a whole index: Index Only Scan using tree_name_key on tree",
        "when a process starts, over a row a process"}},
  };
  return allowed;
}

// "q('1', '{1}')" with as many parameters as `text` has; such literals are of any type here.
std::string ExecutionOf(const std::string& text) {
  std::vector<std::string> values;
  while (true) {
    const std::string parameter = absl::StrCat("$", values.size() + 1);
    if (!absl::StrContains(text, parameter)) break;
    values.emplace_back(absl::StrContains(text, parameter + "::") ? "'{1}'" : "'1'");
  }
  return values.empty() ? "q" : absl::StrCat("q(", absl::StrJoin(values, ", "), ")");
}

// A line of a plan without what draws the tree.
absl::string_view Words(absl::string_view line) {
  line = absl::StripLeadingAsciiWhitespace(line);
  if (absl::ConsumePrefix(&line, "->")) line = absl::StripLeadingAsciiWhitespace(line);
  return line;
}

// "record_pkey" of "Index Scan using record_pkey on record r".
std::string IndexIn(absl::string_view words) {
  const std::vector<absl::string_view> each = absl::StrSplit(words, ' ');
  const auto found = std::find(each.begin(), each.end(), "using");
  return found == each.end() ? "" : std::string(*(found + 1));
}

// Whether a condition is on `column`: an index that is entered by a later one is read as a whole.
bool IsOn(absl::string_view column, absl::string_view condition) {
  const std::string plain = absl::StrReplaceAll(condition, {{"\"", ""}});
  return absl::StrContains(plain, absl::StrCat("(", column, " ")) ||
         absl::StrContains(plain, absl::StrCat(".", column, " "));
}

// Nodes that read a table from end to end, or an index, or sort where a page is asked for, or read
// more rows than they give. `first_columns` are those of the indexes, by name.
std::vector<std::string> FlawsIn(const std::vector<std::string>& plan, bool pages,
                                 std::map<std::string, std::string> first_columns) {
  std::vector<std::string> flaws;
  std::string unbounded;  // an index scan whose condition has not come yet
  const auto end_node = [&] {
    if (!unbounded.empty()) flaws.push_back(absl::StrCat("reads a whole index: ", unbounded));
    unbounded.clear();
  };
  for (const std::string& line : plan) {
    const absl::string_view words = Words(line);
    const bool attribute = absl::StrContains(words, ": ") && !absl::StrContains(line, "->");
    if (!attribute) end_node();
    if (absl::StrContains(words, "Seq Scan")) {
      flaws.push_back(absl::StrCat("reads a whole table: ", words));
    } else if (absl::StartsWith(words, "Index ") && absl::StrContains(words, "Scan")) {
      unbounded = std::string(words);
    } else if (absl::StartsWith(words, "Index Cond: ")) {
      if (IsOn(first_columns[IndexIn(unbounded)], words)) unbounded.clear();
    } else if (absl::StartsWith(words, "Filter: ")) {
      flaws.push_back(absl::StrCat("throws rows away: ", words));
    } else if (pages && absl::StartsWith(words, "Sort")) {
      flaws.push_back(absl::StrCat("sorts: ", words));
    }
  }
  end_node();
  return flaws;
}

class PostgresStatementsTest : public ::testing::Test {
 protected:
  PostgresStatementsTest() {
    testing::FakeLeafSequencer sequencer;
    const auto opened = OpenPostgres(OptionsFor(database_.url(), &sequencer));
    EXPECT_TRUE(opened.ok()) << opened.status();
    const auto address = ParseAddress(database_.url(), "", false);
    connection_ = *Connection::Open(*address, absl::Seconds(20));
    const auto indexes = connection_->Run(
        {Command("SELECT i.relname::text, a.attname::text FROM pg_index x"
                 " JOIN pg_class i ON i.oid = x.indexrelid"
                 " JOIN pg_attribute a ON a.attrelid = x.indexrelid AND a.attnum = 1"
                 " WHERE i.relnamespace = current_schema()::regnamespace")},
        absl::Seconds(20));
    EXPECT_TRUE(indexes.ok()) << indexes.status();
    for (int row = 0; row < (*indexes)[0].size(); ++row) {
      first_columns_[(*indexes)[0].StringAt(row, 0)] = (*indexes)[0].StringAt(row, 1);
    }
  }

  // The plan that a prepared statement keeps, whatever its values.
  std::vector<std::string> FlawsOf(const std::string& text) {
    const auto rows =
        connection_->Run({Command("SET plan_cache_mode = force_generic_plan"),
                          Command(absl::StrCat("PREPARE q AS ", text)),
                          Command(absl::StrCat("EXPLAIN (COSTS OFF) EXECUTE ", ExecutionOf(text))),
                          Command("DEALLOCATE q")},
                         absl::Seconds(20));
    EXPECT_TRUE(rows.ok()) << text << ": " << rows.status();
    if (!rows.ok()) return {"no plan"};
    std::vector<std::string> plan;
    const Rows& explained = (*rows)[2];
    for (int row = 0; row < explained.size(); ++row) plan.push_back(explained.StringAt(row, 0));
    return FlawsIn(plan, absl::StrContains(text, "LIMIT"), first_columns_);
  }

  testing::PostgresDatabase database_;
  std::unique_ptr<Connection> connection_;
  std::map<std::string, std::string> first_columns_;
};

TEST_F(PostgresStatementsTest, EachGoesByAnIndex) {
  for (std::size_t i = 0; i < kSqlCount; ++i) {
    const auto sql = static_cast<Sql>(i);
    const auto allowed = AllowedFlaws().find(sql);
    const std::string expected = allowed == AllowedFlaws().end() ? "" : allowed->second.flaw;
    EXPECT_EQ(absl::StrJoin(FlawsOf(TextOf(sql)), "; "), expected) << TextOf(sql);
  }
}

TEST_F(PostgresStatementsTest, OneWithoutAnIndexIsFound) {
  EXPECT_THAT(FlawsOf("SELECT name FROM record WHERE owner = $1"), ::testing::Not(IsEmpty()));
  // In the order of an index, and yet through the whole of it.
  EXPECT_THAT(FlawsOf("SELECT name FROM record WHERE owner = $1 ORDER BY position LIMIT $2"),
              ElementsAre("throws rows away: Filter: (owner = $1)",
                          "reads a whole index: Index Scan using record_pkey on record"));
  EXPECT_THAT(FlawsOf("SELECT count(*) FROM event"), ::testing::SizeIs(1));
  EXPECT_THAT(FlawsOf("SELECT name FROM record WHERE kind = $1 ORDER BY written LIMIT $2"),
              ::testing::Not(IsEmpty()));
  // By the second column of an index alone.
  EXPECT_THAT(FlawsOf("DELETE FROM leaf USING unnest($1::bigint[]) u(position)"
                      " WHERE leaf.position = u.position"),
              ::testing::Not(IsEmpty()));
  EXPECT_THAT(FlawsOf("SELECT name FROM record WHERE position = $1"), IsEmpty());
}

}  // namespace
}  // namespace trusthub::store::postgres
