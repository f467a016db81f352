#include "common/store/postgres/row_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/store/copy/copying.h"
#include "common/store/postgres/row_sql.h"
#include "common/store/postgres/store_fixture.h"

namespace trusthub::store {
namespace {

using testing::ErrorOf;
using testing::FakeLeafSequencer;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::OptionsFor;
using testing::PostgresDatabase;

class PostgresRowStoreTest : public ::testing::Test {
 protected:
  static PostgresRowOptions Rows(const PostgresDatabase& database,
                                 const std::string& service = "test") {
    PostgresRowOptions options;
    options.url = database.url();
    options.service = service;
    return options;
  }
  absl::Status Write(const std::string& tree) {
    FakeLeafSequencer sequencer;
    auto store = OpenPostgres(OptionsFor(database_.url(), &sequencer, tree));
    if (!store.ok()) return store.status();
    return CommitAndWait(**store, testing::NumberedSet(std::string(tree.substr(11)), 1)).status();
  }

  FakeLeafSequencer sequencer_;
  const PostgresDatabase database_;
  const PostgresDatabase other_;
};

// A migration that adds a column must be told to copies.
TEST_F(PostgresRowStoreTest, ShapesAreTheSchema) {
  ASSERT_TRUE(Write("auditTrees/fake").ok());
  const auto found = database_.Run(
      "COPY (SELECT table_name || '.' || column_name FROM information_schema.columns"
      " WHERE table_schema = current_schema()) TO STDOUT");
  ASSERT_TRUE(found.ok()) << found.status();
  const std::set<std::string> columns = absl::StrSplit(*found, '\n', absl::SkipEmpty());
  std::set<std::string> known = {"hub_schema.version", "counter.service", "counter.trees",
                                 // Of the process at work.
                                 "tree.holder", "tree.commits"};
  for (const copy::Shape& shape : copy::Shapes()) {
    for (const copy::Column& column : shape.columns) {
      known.insert(absl::StrCat(shape.name, ".", column.name));
    }
  }
  EXPECT_EQ(columns, known);
}

TEST_F(PostgresRowStoreTest, NoReadScansATable) {
  ASSERT_TRUE(Write("auditTrees/fake").ok());
  for (const copy::Shape& shape : copy::Shapes()) {
    const copy::Row after(static_cast<std::size_t>(shape.keys));
    std::string values;
    for (int i = 0; i < shape.keys; ++i) absl::StrAppend(&values, "'1', ");
    const auto plan = database_.Run(absl::StrCat(
        "SET enable_seqscan = off; SET enable_bitmapscan = off; PREPARE q AS ",
        postgres::ReadRows(shape.table, after, 9).text, "; EXPLAIN EXECUTE q(", values, "9)"));
    ASSERT_TRUE(plan.ok()) << shape.name << plan.status();
    EXPECT_THAT(*plan, Not(HasSubstr("Seq Scan"))) << shape.name;
    EXPECT_THAT(*plan, Not(HasSubstr("Sort"))) << shape.name;
  }
}

TEST_F(PostgresRowStoreTest, AllTreesOfADatabaseGoToAnother) {
  ASSERT_TRUE(Write("auditTrees/fake").ok());
  ASSERT_TRUE(Write("auditTrees/second").ok());
  {
    const auto source = OpenPostgresRows(Rows(database_));
    ASSERT_TRUE(source.ok()) << source.status();
    const auto target = OpenPostgresRowTarget(Rows(other_));
    ASSERT_TRUE(target.ok()) << target.status();
    const auto copied = copy::CopyStore(**source, **target, {});
    ASSERT_TRUE(copied.ok()) << copied.status();
  }
  EXPECT_EQ(*other_.Run("COPY (SELECT trees FROM counter) TO STDOUT"), "2");
  EXPECT_EQ(ErrorOf(OptionsFor(other_.url(), &sequencer_)), "");
  EXPECT_EQ(ErrorOf(OptionsFor(other_.url(), &sequencer_, "auditTrees/second")), "");
  // No replica of any name starts over the old one.
  for (const char* tree : {"auditTrees/fake", "auditTrees/second", "auditTrees/third"}) {
    EXPECT_THAT(ErrorOf(OptionsFor(database_.url(), &sequencer_, tree)),
                HasSubstr("was moved to postgresql://"));
  }
}

TEST_F(PostgresRowStoreTest, AnyTreeInUseIsAServiceAtWork) {
  ASSERT_TRUE(Write("auditTrees/fake").ok());
  const auto running = OpenPostgres(OptionsFor(database_.url(), &sequencer_, "auditTrees/second"));
  ASSERT_TRUE(running.ok());
  const auto source = OpenPostgresRows(Rows(database_));
  ASSERT_TRUE(source.ok());
  EXPECT_FALSE(*(*source)->KeepWritersOut());
  EXPECT_TRUE(CommitAndWait(**running, testing::LeafSet("works on")).ok());
}

TEST_F(PostgresRowStoreTest, TheLaterCopyEndsTheEarlier) {
  const auto first = OpenPostgresRowTarget(Rows(other_));
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = OpenPostgresRowTarget(Rows(other_));
  ASSERT_TRUE(second.ok()) << second.status();
  copy::Progress progress;
  progress.source = "auditTrees/fake";
  EXPECT_THAT(std::string((*first)->Write({}, progress).message()),
              HasSubstr("another copy to it has begun"));
  EXPECT_TRUE((*second)->Write({}, progress).ok());
  EXPECT_THAT(ErrorOf(OptionsFor(other_.url(), &sequencer_)), HasSubstr("is half copied"));
  EXPECT_THAT(std::string(OpenPostgresRows(Rows(other_)).status().message()),
              HasSubstr("is half copied itself"));
}

TEST_F(PostgresRowStoreTest, WhatIsNoStoreOfTheServiceIsRefused) {
  ASSERT_TRUE(Write("auditTrees/fake").ok());
  EXPECT_THAT(std::string(OpenPostgresRows(Rows(database_, "plans")).status().message()),
              HasSubstr("is the database of the service test"));
  EXPECT_THAT(std::string(OpenPostgresRows(Rows(other_)).status().message()),
              HasSubstr("is empty"));
  ASSERT_TRUE(other_.Run("CREATE TABLE theirs (x BIGINT)").ok());
  EXPECT_THAT(std::string(OpenPostgresRowTarget(Rows(other_)).status().message()),
              HasSubstr("not a store of the hub"));
}

}  // namespace
}  // namespace trusthub::store
