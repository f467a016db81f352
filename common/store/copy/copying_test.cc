// Copies of whole stores from engine to engine: nothing is lost, added or changed, wherever a copy
// dies and whatever is written meanwhile, and no moment at which services could go on over both.
#include "common/store/copy/copying.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/store/copy/copy_fixture.h"
#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::store::copy {
namespace {

using testing::FillStore;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using testing::ReadAll;
using testing::StatusIs;
using testing::StorePlace;

constexpr int kSets = 24;
// More than one batch of a table, and than one page of a walk.
constexpr int kStates = 1300;
// More than SQLite's store sets aside before it sorts their keys.
constexpr int kLeaves = 1500;
// More than filling has batches.
constexpr int kDeaths = 25;

// A target that a test breaks.
class BrokenTarget final : public RowTarget {
 public:
  // What is done before a batch is written; an error is what a kill leaves: nothing of it.
  using Before = std::function<absl::Status(RowBatch& batch)>;
  BrokenTarget(std::unique_ptr<RowTarget> target, Before before)
      : target_(std::move(target)), before_(std::move(before)) {}

  const std::string& name() const override { return target_->name(); }
  State state() const override { return target_->state(); }
  const Progress& progress() const override { return target_->progress(); }
  RowView& rows() override { return target_->rows(); }
  absl::Status Write(const RowBatch& batch, const Progress& progress) override {
    RowBatch changed = batch;
    if (absl::Status status = before_(changed); !status.ok()) return status;
    return target_->Write(changed, progress);
  }
  absl::Status Finish() override {
    return finishes ? target_->Finish() : absl::AbortedError("killed");
  }

  bool finishes = true;

 private:
  const std::unique_ptr<RowTarget> target_;
  const Before before_;
};

BrokenTarget::Before Nothing() {
  return [](RowBatch&) { return absl::OkStatus(); };
}

struct Way {
  const char* name;
  std::unique_ptr<StorePlace> (*from)();
  std::unique_ptr<StorePlace> (*to)();
};

constexpr Way kWays[] = {{"SqliteToPostgres", testing::MakeSqlitePlace, testing::MakePostgresPlace},
                         {"PostgresToSqlite", testing::MakePostgresPlace, testing::MakeSqlitePlace},
                         {"SqliteToSqlite", testing::MakeSqlitePlace, testing::MakeSqlitePlace}};

class CopyTest : public ::testing::TestWithParam<std::tuple<Way, bool>> {
 protected:
  CopyTest() : from_(std::get<0>(GetParam()).from()), to_(std::get<0>(GetParam()).to()) {}

  bool sealed() const { return std::get<1>(GetParam()); }
  absl::StatusOr<std::unique_ptr<Store>> Open(StorePlace& place) { return place.Open(sealed()); }
  void Fill(int first, int end) {
    const auto store = Open(*from_);
    ASSERT_THAT(store, IsOk());
    ASSERT_THAT(FillStore(**store, first, end), IsOk());
    if (first > 0) return;
    ASSERT_THAT(testing::AddStates(**store, kStates), IsOk());
    ASSERT_THAT(testing::AddLeaves(**store, kLeaves), IsOk());
  }
  absl::StatusOr<CopyResult> Copy(const CopyOptions& options = {},
                                  BrokenTarget::Before before = Nothing(), bool finishes = true) {
    auto source = from_->Source();
    if (!source.ok()) return source.status();
    auto target = to_->Target();
    if (!target.ok()) return target.status();
    BrokenTarget broken(*std::move(target), std::move(before));
    broken.finishes = finishes;
    return CopyStore(**source, broken, options);
  }
  std::vector<std::pair<std::string, std::string>> Reads(StorePlace& place, int end) {
    const auto store = Open(place);
    EXPECT_THAT(store, IsOk());
    if (!store.ok()) return {};
    return ReadAll(**store, end);
  }
  std::string WhyNot(StorePlace& place) { return std::string(Open(place).status().message()); }

  const std::unique_ptr<StorePlace> from_;
  std::unique_ptr<StorePlace> to_;
};

TEST_P(CopyTest, CarriesEverythingAndTheCopyGoesOn) {
  Fill(0, kSets);
  const auto before = Reads(*from_, kSets);
  const auto copied = Copy();
  ASSERT_THAT(copied, IsOk());
  EXPECT_FALSE(copied->resumed);
  ASSERT_EQ(copied->tables.size(), Shapes().size());
  for (const TableSum& sum : copied->tables) EXPECT_GT(sum.rows, 0) << sum.table;
  EXPECT_EQ(Reads(*to_, kSets), before);
  EXPECT_THAT(WhyNot(*from_), HasSubstr("was moved to "));

  const auto store = Open(*to_);
  ASSERT_THAT(store, IsOk());
  EXPECT_TRUE(IsConflict(CommitAndWait(**store, testing::SetWithEverything(3)).status()));
  const auto last = (*store)->Open(absl::InfiniteFuture()).value()->LastEventSequence();
  const auto committed = CommitAndWait(**store, testing::SetWithEverything(kSets));
  ASSERT_THAT(committed, IsOk());
  EXPECT_EQ(committed->last_event_sequence, *last + 2);
  EXPECT_EQ(committed->leaves[0].index, kSets + kLeaves);
}

TEST_P(CopyTest, SaysThatItWasDone) {
  Fill(0, 3);
  ASSERT_THAT(Copy(), IsOk());
  const auto again = Copy();
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again->was_done);
  // And it was done for this target alone.
  const auto elsewhere = testing::MakeSqlitePlace();
  const auto source = from_->Source();
  const auto target = elsewhere->Target();
  EXPECT_THAT(CopyStore(**source, **target, {}), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_P(CopyTest, KilledAtEachBatchItGoesOnWithWhatChangedMeanwhile) {
  Fill(0, kSets);
  int sets = kSets;
  int deaths = 0;
  while (true) {
    // One batch a run, through all of filling and some of following.
    int written = 0;
    const auto copied = Copy({}, [&](RowBatch&) {
      return ++written == 2 && deaths < kDeaths ? absl::AbortedError("killed") : absl::OkStatus();
    });
    if (copied.ok()) {
      EXPECT_TRUE(copied->resumed);
      break;
    }
    ASSERT_THAT(copied, StatusIs(absl::StatusCode::kAborted));
    ++deaths;
    ASSERT_THAT(WhyNot(*to_), HasSubstr("is half copied"));
    // The source works on: rows behind the mark and before it are new, changed and gone.
    if (deaths % 3 == 0) {
      Fill(sets, sets + 1);
      ++sets;
    }
  }
  EXPECT_EQ(deaths, kDeaths);
  const auto copy = Reads(*to_, sets);
  EXPECT_THAT(WhyNot(*from_), HasSubstr("was moved to "));
  // What a store answers that took the same sets and was never copied.
  const auto reference = testing::MakeSqlitePlace();
  {
    const auto store = Open(*reference);
    ASSERT_THAT(store, IsOk());
    ASSERT_THAT(FillStore(**store, 0, kSets), IsOk());
    ASSERT_THAT(testing::AddStates(**store, kStates), IsOk());
    ASSERT_THAT(testing::AddLeaves(**store, kLeaves), IsOk());
    ASSERT_THAT(FillStore(**store, kSets, sets), IsOk());
  }
  EXPECT_EQ(copy, Reads(*reference, sets));
}

TEST_P(CopyTest, KilledBeforeItIsFinishedLeavesNeitherToBeStarted) {
  Fill(0, kSets);
  const auto before = Reads(*from_, kSets);
  ASSERT_THAT(Copy({}, Nothing(), /*finishes=*/false), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(WhyNot(*from_), HasSubstr("was moved to "));
  EXPECT_THAT(WhyNot(*to_), HasSubstr("is half copied"));
  ASSERT_THAT(Copy(), IsOk());
  EXPECT_EQ(Reads(*to_, kSets), before);
}

TEST_P(CopyTest, AChangedByteOfTheCopyIsFound) {
  Fill(0, kSets);
  for (const Table table : {Table::kRecord, Table::kHistory, Table::kState, Table::kAnswer,
                            Table::kEvent, Table::kLeaf, Table::kTile, Table::kTree}) {
    to_ = std::get<0>(GetParam()).to();
    const auto copied = Copy({}, [&](RowBatch& batch) {
      if (batch.table == table && !batch.put.empty()) {
        Row& row = batch.put.back();
        for (auto cell = row.rbegin(); cell != row.rend(); ++cell) {
          if (cell->bytes.empty()) continue;
          cell->bytes.back() = static_cast<char>(cell->bytes.back() ^ 1);
          break;
        }
      }
      return absl::OkStatus();
    });
    const std::string said(copied.status().message());
    EXPECT_THAT(copied, StatusIs(absl::StatusCode::kDataLoss)) << ShapeOf(table).name;
    EXPECT_THAT(said, HasSubstr(absl::StrCat("the copy is not the store: ", ShapeOf(table).name)));
    EXPECT_THAT(said, Not(HasSubstr("text of"))) << "no value is shown";
    EXPECT_THAT(Open(*from_), IsOk()) << "nothing was ended";
  }
}

TEST_P(CopyTest, ARunningServiceIsRefused) {
  Fill(0, 2);
  const auto running = Open(*from_);
  ASSERT_THAT(running, IsOk());
  const auto copied = Copy();
  EXPECT_THAT(copied, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(copied.status().message()), HasSubstr("a service has it open"));
  EXPECT_THAT(FillStore(**running, 2, 4), IsOk()) << "it was not disturbed";
}

TEST_P(CopyTest, FollowingLosesNothingThatWasAcknowledged) {
  Fill(0, kSets);
  auto store = Open(*from_);
  ASSERT_THAT(store, IsOk());
  std::atomic<bool> stop = false;
  std::atomic<int> sets = kSets;
  std::thread writer([&] {
    while (!stop) {
      if (FillStore(**store, sets, sets + 1).ok()) ++sets;
    }
    store->reset();  // the service ends
  });
  int walks = 0;
  CopyOptions options;
  options.follow = true;
  options.progress = [&](const CopyStep& step) {
    if (absl::string_view(step.what) != "following" ||
        absl::string_view(step.table) != Shapes().front().name) {
      return;
    }
    if (++walks == 3) stop = true;
  };
  const auto copied = Copy(options);
  stop = true;
  writer.join();
  ASSERT_THAT(copied, IsOk());
  EXPECT_GT(sets, kSets);
  EXPECT_GE(copied->walks, 4);
  const auto reads = Reads(*to_, sets);
  for (const auto& [what, gave] : reads) {
    if (!absl::StartsWith(what, "Find ")) continue;
    EXPECT_NE(gave, "none") << what;
  }
  std::printf("%d sets written while it was followed in %d walks\n", sets.load() - kSets,
              copied->walks);
}

TEST_P(CopyTest, AStoreIsNotCopiedOver) {
  Fill(0, 2);
  {
    const auto other = Open(*to_);
    ASSERT_THAT(other, IsOk());
    ASSERT_THAT(FillStore(**other, 0, 1), IsOk());
  }
  const auto copied = Copy();
  EXPECT_THAT(copied, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(copied.status().message()), HasSubstr("holds a store already"));
  EXPECT_THAT(Open(*to_), IsOk());
  EXPECT_THAT(Open(*from_), IsOk());
}

INSTANTIATE_TEST_SUITE_P(Ways, CopyTest,
                         ::testing::Combine(::testing::ValuesIn(kWays), ::testing::Bool()),
                         [](const auto& test) {
                           return absl::StrCat(std::get<0>(test.param).name,
                                               std::get<1>(test.param) ? "Sealed" : "Plain");
                         });

// A service that comes while a database is copied takes its tree back: the copy does not end what
// that one wrote.
TEST(CopyFenceTest, AServiceThatComesMeanwhileKeepsItsStore) {
  const auto from = testing::MakePostgresPlace();
  const auto to = testing::MakeSqlitePlace();
  ASSERT_THAT(FillStore(**from->Open(false), 0, 3), IsOk());
  CopyOptions options;
  std::unique_ptr<Store> late;
  options.check = [&](RowView&) -> absl::Status {
    auto opened = from->Open(false);
    if (!opened.ok()) return opened.status();
    late = *std::move(opened);
    return FillStore(*late, 3, 5);
  };
  {
    const auto source = from->Source();
    const auto target = to->Target();
    const auto copied = CopyStore(**source, **target, options);
    EXPECT_THAT(copied, StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(std::string(copied.status().message()), HasSubstr("a service was started"));
  }
  EXPECT_THAT(FillStore(*late, 5, 6), IsOk());
  EXPECT_THAT(std::string(to->Open(false).status().message()), HasSubstr("is half copied"));
  late.reset();
  {
    const auto source = from->Source();
    const auto target = to->Target();
    ASSERT_THAT(CopyStore(**source, **target, {}), IsOk());
  }
  const auto store = to->Open(false);
  ASSERT_THAT(store, IsOk());
  for (const auto& [what, gave] : ReadAll(**store, 6)) {
    if (!absl::StartsWith(what, "Find ")) continue;
    EXPECT_NE(gave, "none") << what;
  }
}

TEST(CopyFenceTest, AMovedDatabaseTellsWhereItWent) {
  const auto from = testing::MakePostgresPlace();
  ASSERT_THAT(FillStore(**from->Open(false), 0, 3), IsOk());
  {
    const auto source = from->Source();
    ASSERT_THAT(source, IsOk());
    ASSERT_TRUE((*source)->KeepWritersOut().value());
    ASSERT_THAT((*source)->Retire("elsewhere"), IsOk());
  }
  EXPECT_THAT(std::string(from->Open(false).status().message()),
              HasSubstr("was moved to elsewhere; start the service over that"));
  EXPECT_EQ((*from->Source())->retired_to(), "elsewhere");
}

TEST(RowsTest, AMarkIsReadAsItWasWritten) {
  const Row key = {{0, "a,b:c"}, {0, std::string("\0\xff", 2)}, {-7, ""}};
  const int entry = static_cast<int>(Table::kEntry);
  EXPECT_EQ(ProgressOf("s", entry, PackKey(key)).after, key);
  EXPECT_TRUE(ProgressOf("s", entry, PackKey(key).substr(1)).after.empty());
  EXPECT_TRUE(ProgressOf("s", static_cast<int>(Table::kRecord), PackKey(key)).after.empty());
  EXPECT_EQ(ProgressOf("s", 99, "").table, 0);
  EXPECT_EQ(ProgressOf("s", -1, "").table, 0);
}

TEST(RowsTest, MessagesShowNoKeyThatMayBeAPersons) {
  EXPECT_EQ(RowText(ShapeOf(Table::kRecord), {{5, ""}, {0, "referrals/x"}}),
            "record position 5, name referrals/x");
  const std::string entry =
      RowText(ShapeOf(Table::kEntry), {{0, "field"}, {0, "943 476 5919"}, {5, ""}});
  EXPECT_THAT(entry, HasSubstr("entry field field, key with hash "));
  EXPECT_THAT(entry, Not(HasSubstr("943")));
}

}  // namespace
}  // namespace trusthub::store::copy
