// What is kept of rows is never anything but what the view that asks would read itself: against a
// model of commits and views, in every order that a writer and its readers can come to.
#include "common/store/sqlite/row_cache.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/seed.h"

namespace trusthub::store::sqlite {
namespace {

constexpr std::size_t kMany = 1UL << 20;

RowCache::Row RowWith(const std::string& bytes) {
  StoredRecord row;
  row.bytes = bytes;
  return std::make_shared<const StoredRecord>(std::move(row));
}

// What is kept for `key`: "?" when nothing is known, "-" when there is no such row.
std::string Kept(RowCache& rows, const std::string& key, std::int64_t floor) {
  const std::optional<RowCache::Row> row = rows.Find(key, floor);
  if (!row.has_value()) return "?";
  return *row == nullptr ? "-" : (*row)->bytes;
}

void Commit(RowCache& rows, std::vector<RowCache::Change> changes, bool committed = true) {
  rows.Begin(changes);
  rows.End(std::move(changes), committed);
}

TEST(RowCacheTest, KeepsWhatWasReadAndWhatWasWritten) {
  RowCache rows(kMany);
  EXPECT_EQ(Kept(rows, "a", rows.Floor()), "?");
  rows.Fill("a", rows.Floor(), RowWith("1"));
  rows.Fill("none", rows.Floor(), nullptr);
  EXPECT_EQ(Kept(rows, "a", rows.Floor()), "1");
  EXPECT_EQ(Kept(rows, "none", rows.Floor()), "-");
  Commit(rows, {{"a", RowWith("2")}, {"none", RowWith("now one")}, {"read again", std::nullopt}});
  EXPECT_EQ(Kept(rows, "a", rows.Floor()), "2");
  EXPECT_EQ(Kept(rows, "none", rows.Floor()), "now one");
  EXPECT_EQ(Kept(rows, "read again", rows.Floor()), "?");
  Commit(rows, {{"a", RowCache::Row()}});
  EXPECT_EQ(Kept(rows, "a", rows.Floor()), "-");
}

// What a row was before may be all that there was of a destroyed key: it goes at once, also when it
// was on its way to be forgotten anyway.
TEST(RowCacheTest, WhatWasOverwrittenIsNotKept) {
  // Few others leave it young, more make it old, many make it forgotten.
  for (int others = 0; others < 300; others += 10) {
    RowCache rows(64 * 1024);
    RowCache::Row row = RowWith("a wrapped key");
    const std::weak_ptr<const StoredRecord> kept = row;
    rows.Fill("a", rows.Floor(), std::move(row));
    for (int i = 0; i < others; ++i) {
      rows.Fill(absl::StrCat(i), rows.Floor(), RowWith(std::string(200, '.')));
    }
    EXPECT_TRUE(others > 0 || !kept.expired());
    Commit(rows, {{"a", RowWith("destroyed")}});
    EXPECT_TRUE(kept.expired()) << others;
  }
}

TEST(RowCacheTest, AViewFromBeforeACommitIsNotGivenWhatItWrote) {
  RowCache rows(kMany);
  const std::int64_t before = rows.Floor();
  Commit(rows, {{"a", RowWith("new")}});
  EXPECT_EQ(Kept(rows, "a", before), "?");
  rows.Fill("a", before, RowWith("old"));  // what the old view read, too late to be of use
  EXPECT_EQ(Kept(rows, "a", rows.Floor()), "new");
}

TEST(RowCacheTest, WhileACommitIsUnderWayNothingIsKnownOfWhatItChanges) {
  RowCache rows(kMany);
  rows.Fill("a", rows.Floor(), RowWith("old"));
  std::vector<RowCache::Change> changes = {{"a", RowWith("new")}};
  rows.Begin(changes);
  EXPECT_EQ(Kept(rows, "a", rows.Floor()), "?") << "a view of now may have either";
  rows.Fill("a", rows.Floor(), RowWith("new"));
  EXPECT_EQ(Kept(rows, "a", rows.Floor()), "?")
      << "and an older one with the same floor, the other";
  rows.End(std::move(changes), /*committed=*/false);
  EXPECT_EQ(Kept(rows, "a", rows.Floor()), "?");
  rows.Fill("a", rows.Floor(), RowWith("old"));
  EXPECT_EQ(Kept(rows, "a", rows.Floor()), "old");
}

TEST(RowCacheTest, KeepsNoMoreThanItMayAndNoLargeRow) {
  RowCache none(0);
  none.Fill("a", none.Floor(), RowWith("1"));
  Commit(none, {{"a", RowWith("2")}});
  EXPECT_EQ(Kept(none, "a", none.Floor()), "?");

  RowCache rows(64UL * 1024);
  rows.Fill("large", rows.Floor(), RowWith(std::string(9'000, 'x')));
  EXPECT_EQ(Kept(rows, "large", rows.Floor()), "?");
  for (int i = 0; i < 1'000; ++i) {
    rows.Fill(absl::StrCat(i), rows.Floor(), RowWith(std::string(1'000, 'x')));
  }
  int kept = 0;
  for (int i = 0; i < 1'000; ++i) kept += Kept(rows, absl::StrCat(i), rows.Floor()) == "?" ? 0 : 1;
  EXPECT_GT(kept, 20);
  EXPECT_LT(kept, 70);
}

// Rows as commits left them. A commit takes effect at one moment between Begin and End.
class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) {}

  void Run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) Step();
    EXPECT_GT(given_, steps / 20) << "the cache was of no use";
  }

 private:
  struct View {
    std::int64_t floor;
    std::size_t state;  // of states_
  };

  int Draw(int end) { return static_cast<int>(random_() % static_cast<std::uint64_t>(end)); }
  std::string Key() { return absl::StrCat("row ", Draw(40)); }

  void Step() {
    switch (Draw(8)) {
      case 0:
        return Advance();
      case 1:
        return Open();
      default:
        return Look();
    }
  }

  // The writer's next step.
  void Advance() {
    switch (phase_++) {
      case 0:
        for (int i = Draw(3); i >= 0; --i) changes_.push_back({Key(), NewRow()});
        return rows_.Begin(changes_);
      case 1:
        committed_ = Draw(4) != 0;
        if (!committed_) return;
        states_.push_back(states_.back());
        for (const auto& [key, row] : changes_) {
          states_.back()[key] = row.has_value() ? Text(*row) : absl::StrCat("untold ", Draw(1'000));
        }
        return;
      default:
        phase_ = 0;
        rows_.End(std::exchange(changes_, {}), committed_);
    }
  }

  std::optional<RowCache::Row> NewRow() {
    if (Draw(4) == 0) return std::nullopt;
    if (Draw(4) == 0) return RowCache::Row();
    return RowWith(absl::StrCat("written ", ++written_));
  }

  void Open() {
    const std::int64_t floor = rows_.Floor();
    // Between the two the writer may go on.
    for (int i = Draw(3); i > 0; --i) Advance();
    views_[static_cast<std::size_t>(Draw(static_cast<int>(views_.size())))] = {floor,
                                                                               states_.size() - 1};
  }

  void Look() {
    const View view = views_[static_cast<std::size_t>(Draw(static_cast<int>(views_.size())))];
    const std::string key = Key();
    const auto& state = states_[view.state];
    const auto found = state.find(key);
    const std::string read = found == state.end() ? "-" : found->second;
    const std::string kept = Kept(rows_, key, view.floor);
    if (kept == "?") return rows_.Fill(key, view.floor, read == "-" ? nullptr : RowWith(read));
    ++given_;
    EXPECT_EQ(kept, read) << key << " in a view from after commit " << view.floor;
  }

  static std::string Text(const RowCache::Row& row) { return row == nullptr ? "-" : row->bytes; }

  std::mt19937_64 random_;
  RowCache rows_{80'000};  // a third of the rows that there are
  std::vector<std::map<std::string, std::string>> states_ = {{}};
  std::array<View, 6> views_{};
  std::vector<RowCache::Change> changes_;
  bool committed_ = false;
  int phase_ = 0;
  int written_ = 0;
  int given_ = 0;
};

TEST(RowCacheTest, GivesAViewNothingButWhatItWouldRead) {
  for (int trial = 0; trial < 50 && !HasFailure(); ++trial) {
    SCOPED_TRACE(absl::StrCat("trial ", trial));
    Model(testing::TestSeed() + static_cast<std::uint64_t>(trial)).Run(5'000);
  }
}

}  // namespace
}  // namespace trusthub::store::sqlite
