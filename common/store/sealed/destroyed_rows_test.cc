#include "common/store/sealed/destroyed_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "common/store/sealed/sealed_factory.h"
#include "common/store/sealed/sealed_store.h"
#include "common/testing/matchers.h"
#include "common/testing/write_sets.h"

namespace trusthub::store {
namespace {

using testing::IsOk;
using testing::RecordSet;
using testing::StatusIs;

constexpr char kChild[] = "children/c1";
constexpr char kOther[] = "children/c2";

class DestroyedRowsTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> Engine(const std::string& file) {
    SqliteOptions options;
    options.path = folder_.File(file);
    return OpenSqlite(options).value();
  }
  std::unique_ptr<SealedStore> Sealed(const std::string& file) {
    SealedOptions options;
    options.service = "test";
    options.ring = testing::RingOf({"kek-1"});
    return SealedStore::Over(Engine(file), std::move(options)).value();
  }
  std::vector<DestroyedRow> RowsOf(const std::string& file) {
    const auto engine = Engine(file);
    return ListDestroyedRows(*engine->Open(absl::InfiniteFuture()).value()).value();
  }
  static absl::Status Forget(Store& store, const std::string& child) {
    WriteSet set;
    set.forgotten = {child};
    return CommitAndWait(store, std::move(set)).status();
  }
  // Children with a record that one index finds each; of the first one there is a copy.
  void MakeStoreAndCopy() {
    for (const auto& [child, record] :
         {std::pair(kChild, "referrals/a"), {kOther, "referrals/b"}}) {
      WriteSet set = RecordSet(record, 1, "canary", child);
      set.records[0].index = {{"nhs", std::string("number of ") + child, /*unique=*/true}};
      ASSERT_THAT(CommitAndWait(*Sealed("store.db"), std::move(set)), IsOk());
    }
    std::filesystem::copy(folder_.File("store.db"), folder_.File("copy.db"));
  }

  const testing::TempFolder folder_;
};

TEST_F(DestroyedRowsTest, DestroyKeysInACopyThatWasMadeBefore) {
  MakeStoreAndCopy();
  {
    const auto store = Sealed("store.db");
    ASSERT_THAT(Forget(*store, kChild), IsOk());
  }
  const std::vector<DestroyedRow> rows = RowsOf("store.db");
  ASSERT_EQ(rows.size(), 2u) << "one of the key, one of its child";
  {
    const auto copy = Sealed("copy.db");
    EXPECT_TRUE((*copy->Open(absl::InfiniteFuture()))->Find("referrals/a").value().has_value())
        << "the copy brings the child back";
  }
  {
    const auto engine = Engine("copy.db");
    EXPECT_EQ(DestroyAgain(*engine, rows, RealClock()).value(), 1);
    EXPECT_EQ(DestroyAgain(*engine, rows, RealClock()).value(), 0) << "twice is once";
  }
  EXPECT_EQ(RowsOf("copy.db"), rows);
  const auto copy = Sealed("copy.db");
  const auto view = copy->Open(absl::InfiniteFuture()).value();
  EXPECT_FALSE(view->Find("referrals/a").value().has_value());
  EXPECT_TRUE(view->Versions("referrals/a")->empty());
  EXPECT_TRUE(view->ListByIndex(testing::kTestKind, "nhs", "number of children/c1", 0, 9)->empty());
  EXPECT_TRUE(view->Find("referrals/b").value().has_value()) << "the other child is untouched";
  EXPECT_EQ(copy->CountKeys()->destroyed, 1);
  EXPECT_THAT(copy->PseudonymOf(kChild, *view).status(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_TRUE(IsConflict(CommitAndWait(*copy, RecordSet("referrals/n", 1, "x", kChild)).status()))
      << "no key is made for that child again";
  // Its number is free: the index entry of the record that nobody can read is gone.
  WriteSet again = RecordSet("referrals/c", 1, "of another person", "children/c3");
  again.records[0].index = {{"nhs", "number of children/c1", /*unique=*/true}};
  EXPECT_THAT(CommitAndWait(*copy, std::move(again)), IsOk());
}

TEST_F(DestroyedRowsTest, HoldForChildrenWhomTheCopyNeverKnew) {
  MakeStoreAndCopy();
  {
    const auto store = Sealed("store.db");
    ASSERT_THAT(CommitAndWait(*store, RecordSet("referrals/l", 1, "later", "children/late")),
                IsOk());
    ASSERT_THAT(Forget(*store, "children/late"), IsOk());
  }
  const std::vector<DestroyedRow> rows = RowsOf("store.db");
  {
    const auto engine = Engine("copy.db");
    EXPECT_EQ(DestroyAgain(*engine, rows, RealClock()).value(), 0);
  }
  const auto copy = Sealed("copy.db");
  EXPECT_TRUE(IsConflict(
      CommitAndWait(*copy, RecordSet("referrals/l", 1, "again", "children/late")).status()));
}

TEST_F(DestroyedRowsTest, ARowOfAnotherKindIsRefused) {
  MakeStoreAndCopy();
  const auto engine = Engine("copy.db");
  for (const DestroyedRow& row : {DestroyedRow{"sealing/service", "6b6579", "Dx"},
                                  {"sealing/key", "6b6579", "Kx"},
                                  {"sealing/key", "not hex", "Dx"},
                                  {"agreements", "61", "Dx"},
                                  {"sealing/key", "", "D"}}) {
    EXPECT_THAT(DestroyAgain(*engine, {row}, RealClock()).status(),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << row.space;
  }
  EXPECT_TRUE(ListDestroyedRows(*engine->Open(absl::InfiniteFuture()).value())->empty());
}

}  // namespace
}  // namespace trusthub::store
