// Statements to PostgreSQL fail: of those that a start, a write set or a view sends, the first, the
// second, and so on until everything runs clean. The connection is lost before the server hears of
// the statement or after it has done it, or the server refuses it. After each: what was
// acknowledged is there, nothing is there in part or twice, the log verifies, the same set sent
// again has one effect, and the store works. (Disks under SQLite: io_loop_test.)
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/error/error.h"
#include "common/store/postgres/postgres_store.h"
#include "common/testing/postgres_server.h"
#include "common/testing/seed.h"
#include "tests/fault/everything.h"
#include "tests/fault/extent.h"
#include "tests/fault/nth_statement.h"
#include "tests/fault/numbered_store.h"

namespace trusthub::testing {
namespace {

using store::postgres::StatementFault;
using Kind = StatementFault::Kind;

constexpr std::int64_t kBaseSets = 2;
constexpr std::int64_t kForEver = 1'000'000'000;
// Times that a set is sent again to a server that does not answer in time.
constexpr int kAsksMax = 10;
constexpr errors::v1::ErrorReason kUnavailable = errors::v1::ERROR_REASON_STORE_UNAVAILABLE;

StatementFault Raised(const char* state) {
  return {Kind::kInstead, absl::StrCat("DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '",
                                       state, "'; END $$")};
}
// What an administrator's shutdown does to a connection (57P01).
StatementFault Ended() { return {Kind::kInstead, "SELECT pg_terminate_backend(pg_backend_pid())"}; }

struct LoopCase {
  const char* name;
  StatementFault fault;
  std::int64_t times;
  bool hidden;  // whether a caller of Commit notices nothing, for the engine gets over it
};

class StatementLoopTest : public ::testing::TestWithParam<LoopCase> {
 protected:
  std::unique_ptr<NumberedStore> StoreIn(const PostgresDatabase& database) {
    store::PostgresOptions options;
    options.url = database.url();
    options.service = "test";
    options.tree = "auditTrees/fault";
    options.statement_faults = &faults_;
    // What the writer does while it has nothing to do would be counted too.
    options.look_interval = absl::Hours(1);
    if (GetParam().times == kForEver) {
      options.commit_limit = absl::Milliseconds(400);
      options.migration_limit = absl::Milliseconds(400);
      options.start_limit = absl::Milliseconds(400);
    }
    return std::make_unique<NumberedStore>([options](store::LeafSequencer* log) {
      store::PostgresOptions over_log = options;
      over_log.sequencer = log;
      return store::OpenPostgres(over_log);
    });
  }
  std::unique_ptr<NumberedStore> StoreWithBase(const PostgresDatabase& database) {
    auto store = StoreIn(database);
    const absl::Status opened = OpenSound(*store);
    EXPECT_TRUE(opened.ok()) << opened;
    if (!opened.ok()) return nullptr;
    for (std::int64_t n = 0; n < kBaseSets; ++n) EXPECT_TRUE(store->Commit(n).ok());
    return store;
  }
  // When nothing fails any more. The limits above are short for a busy machine.
  static absl::Status OpenSound(NumberedStore& store) {
    absl::Status opened;
    for (int attempt = 0; attempt < 20; ++attempt) {
      opened = store.Open();
      if (!absl::IsUnavailable(opened)) break;
    }
    return opened;
  }
  void FailFrom(std::int64_t nth) { faults_.FailFrom(nth, GetParam().times, GetParam().fault); }
  std::string Where(std::int64_t nth) {
    return absl::StrCat("statement ", nth, ": ", faults_.first());
  }
  // In the gate some of them, other ones with another seed.
  static std::int64_t First(std::int64_t step) {
    return 1 + static_cast<std::int64_t>(TestSeed() % static_cast<std::uint64_t>(step));
  }

  static std::vector<ReadAnswer> ReadAll(NumberedStore& store) {
    auto snapshot = store.store().Open(absl::InfiniteFuture());
    if (snapshot.ok()) return ReadEverything(**snapshot, kBaseSets);
    EXPECT_EQ(error::ReasonOf(snapshot.status()), kUnavailable) << snapshot.status();
    return {};
  }

  NthStatement faults_;
};

TEST_P(StatementLoopTest, WhileWriting) {
  const PostgresDatabase database;
  const auto store = StoreWithBase(database);
  ASSERT_NE(store, nullptr);
  std::int64_t nth = 0;
  for (bool clean = false; !clean && !HasFailure();) {
    const std::int64_t number = kBaseSets + nth++;
    FailFrom(nth);
    const absl::Status status = store->Commit(number, number - 1);
    clean = faults_.Mend() == 0;
    SCOPED_TRACE(Where(nth));
    EXPECT_TRUE(status.ok() || (!clean && !GetParam().hidden)) << status;
    if (!status.ok()) {
      EXPECT_EQ(error::ReasonOf(status), kUnavailable) << status;
      // As a caller does that was not told: the same set with the same answer key.
      // A server that other tests keep busy may be late once more.
      absl::Status again = store->Commit(number, number - 1);
      for (int more = 0; more < kAsksMax && error::ReasonOf(again) == kUnavailable; ++more) {
        again = store->Commit(number, number - 1);
      }
      EXPECT_TRUE(again.ok() || store::IsConflict(again)) << again;
    }
    EXPECT_EQ(store->Check(number + 1).size(), static_cast<std::size_t>(number + 1));
  }
  EXPECT_GT(nth, 20);
  std::printf("%lld statements failed in turn\n", static_cast<long long>(nth - 1));
}

TEST_P(StatementLoopTest, WhileReading) {
  const PostgresDatabase database;
  const auto store = StoreWithBase(database);
  ASSERT_NE(store, nullptr);
  const std::vector<ReadAnswer> expected = ReadAll(*store);
  std::int64_t nth = 0;
  for (bool clean = false; !clean && !HasFailure();) {
    FailFrom(++nth);
    const std::vector<ReadAnswer> read = ReadAll(*store);
    clean = faults_.Mend() == 0;
    SCOPED_TRACE(Where(nth));
    if (!read.empty()) {
      EXPECT_EQ(absl::StrJoin(WronglyServed(expected, read), "\n"), "");
    }
    const std::vector<ReadAnswer> after = ReadAll(*store);
    ASSERT_EQ(after.size(), expected.size());
    for (const ReadAnswer& one : after) {
      EXPECT_TRUE(one.gave.ok()) << one.what << ": " << one.gave.status();
    }
    EXPECT_EQ(absl::StrJoin(WronglyServed(expected, after), "\n"), "");
  }
  EXPECT_GT(nth, 20);
  std::printf("%lld statements failed in turn\n", static_cast<long long>(nth - 1));
}

// Starts over a database of earlier sets.
TEST_P(StatementLoopTest, WhileStarting) {
  const PostgresDatabase database;
  const auto store = StoreWithBase(database);
  ASSERT_NE(store, nullptr);
  const std::int64_t step = Extent(5, 1);
  std::int64_t nth = First(step);
  std::int64_t sets = kBaseSets;
  for (bool clean = false; !clean && !HasFailure(); nth += step) {
    store->Close();
    FailFrom(nth);
    const absl::Status opened = store->Open();
    clean = faults_.Mend() == 0;
    SCOPED_TRACE(Where(nth));
    EXPECT_TRUE(opened.ok() || !clean) << opened;
    if (!opened.ok()) {
      EXPECT_TRUE(absl::StartsWith(opened.message(), "store ")) << opened;
      const absl::Status again = OpenSound(*store);
      ASSERT_TRUE(again.ok()) << again;
    }
    const absl::Status committed = store->Commit(sets++);
    EXPECT_TRUE(committed.ok()) << committed;
    EXPECT_EQ(store->Check(sets).size(), static_cast<std::size_t>(sets));
  }
  std::printf("some of %lld statements failed in turn\n", static_cast<long long>(nth));
}

// Makes a store in an empty database.
TEST_P(StatementLoopTest, WhileMakingAStore) {
  const std::int64_t step = Extent(9, 1);
  std::int64_t nth = First(step);
  for (bool clean = false; !clean && !HasFailure(); nth += step) {
    const PostgresDatabase database;
    const auto store = StoreIn(database);
    FailFrom(nth);
    const absl::Status opened = store->Open();
    clean = faults_.Mend() == 0;
    SCOPED_TRACE(Where(nth));
    EXPECT_TRUE(opened.ok() || !clean) << opened;
    if (!opened.ok()) {
      EXPECT_TRUE(absl::StartsWith(opened.message(), "store ")) << opened;
      const absl::Status again = OpenSound(*store);
      ASSERT_TRUE(again.ok()) << again;
    }
    const absl::Status committed = store->Commit(0);
    EXPECT_TRUE(committed.ok()) << committed;
    EXPECT_EQ(store->Check(1).size(), 1u);
  }
  std::printf("some of %lld statements failed in turn\n", static_cast<long long>(nth));
}

const StatementFault kLostBefore = {Kind::kLostBefore, ""};
const StatementFault kLostAfter = {Kind::kLostAfter, ""};

INSTANTIATE_TEST_SUITE_P(
    Faults, StatementLoopTest,
    ::testing::Values(LoopCase{"LostBeforeOnce", kLostBefore, 1, true},
                      LoopCase{"LostBeforeTwice", kLostBefore, 2, true},
                      LoopCase{"LostBeforeUntilMended", kLostBefore, kForEver, false},
                      LoopCase{"LostAfterOnce", kLostAfter, 1, true},
                      LoopCase{"LostAfterTwice", kLostAfter, 2, true},
                      LoopCase{"LostAfterUntilMended", kLostAfter, kForEver, false},
                      LoopCase{"OvertakenOnce", Raised("40001"), 1, true},
                      LoopCase{"OvertakenUntilMended", Raised("40001"), kForEver, false},
                      LoopCase{"FullOnce", Raised("53100"), 1, false},
                      LoopCase{"FullUntilMended", Raised("53100"), kForEver, false},
                      LoopCase{"ShutDownOnce", Ended(), 1, true}),
    [](const auto& loop) { return std::string(loop.param.name); });

}  // namespace
}  // namespace trusthub::testing
