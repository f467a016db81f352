// What PostgreSQL itself counted: no operation of a store reads a table from end to end, whatever
// statement it comes from. (The plans of the prepared ones: common/store/postgres/statements_test.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/store/postgres/postgres_store.h"
#include "common/testing/postgres_server.h"
#include "tests/fault/everything.h"
#include "tests/fault/numbered_store.h"

namespace trusthub::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::int64_t kSets = 40;

class IndexUseTest : public ::testing::Test {
 protected:
  NumberedStore StoreIn() {
    return NumberedStore([this](store::LeafSequencer* log) {
      store::PostgresOptions options;
      options.url = absl::StrCat(database_.url(), "&application_name=", database_.name());
      options.service = "test";
      options.tree = "auditTrees/fault";
      options.sequencer = log;
      return store::OpenPostgres(options);
    });
  }

  // Scans of whole tables since the last call. A connection tells of its last ones when it ends.
  std::map<std::string, std::int64_t> Scans() {
    const std::string connected = absl::StrCat(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '", database_.name(), "'");
    while (database_.Run(connected).value_or("") != "0") {
    }
    const auto told = database_.Run(
        "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE schemaname ="
        " current_schema() AND seq_scan > 0");
    EXPECT_TRUE(told.ok()) << told.status();
    std::map<std::string, std::int64_t> scans;
    for (const absl::string_view line : absl::StrSplit(*told, '\n', absl::SkipEmpty())) {
      const std::vector<std::string> columns = absl::StrSplit(line, '|');
      std::int64_t count = 0;
      EXPECT_TRUE(absl::SimpleAtoi(columns.at(1), &count));
      if (count > known_[columns[0]]) scans[columns[0]] = count - known_[columns[0]];
      known_[columns[0]] = count;
    }
    return scans;
  }

  PostgresDatabase database_;
  std::map<std::string, std::int64_t> known_;
};

TEST_F(IndexUseTest, NoOperationReadsAWholeTable) {
  {
    auto store = StoreIn();
    ASSERT_TRUE(store.Open().ok());
    store.Close();
    Scans();  // making an index reads its table
    ASSERT_TRUE(store.Open().ok());
    for (std::int64_t n = 0; n < kSets; ++n) {
      ASSERT_TRUE(store.Commit(n, n % 3 == 2 ? std::optional(n - 1) : std::nullopt).ok());
    }
    const auto snapshot = *store.store().Open(absl::InfiniteFuture());
    for (const ReadAnswer& one : ReadEverything(*snapshot, kSets)) EXPECT_TRUE(one.gave.ok());
  }
  EXPECT_THAT(Scans(), IsEmpty());
}

TEST_F(IndexUseTest, AStatementThatDoesIsFound) {
  auto store = StoreIn();
  ASSERT_TRUE(store.Open().ok());
  ASSERT_TRUE(store.Commit(0).ok());
  store.Close();
  Scans();
  ASSERT_TRUE(database_.Run("SELECT name FROM record WHERE owner = 'agencies/council'").ok());
  EXPECT_THAT(Scans(), ElementsAre(Pair("record", 1)));
}

}  // namespace
}  // namespace trusthub::testing
