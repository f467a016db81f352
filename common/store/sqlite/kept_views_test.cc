// Views and rows that are kept between reads: what is read is of one moment, and never of before
// what was acknowledged; and the log can begin anew all the same.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/temp_folder.h"
#include "common/testing/write_sets.h"
#include "common/time/clock.h"

namespace trusthub::store {
namespace {

class KeptViewsTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> Open(std::size_t kept_rows_bytes) {
    SqliteOptions options;
    options.path = path_;
    options.kept_rows_bytes_max = kept_rows_bytes;
    options.checkpoint_pages = 200;
    options.restart_pages = 1'000;
    auto store = OpenSqlite(options);
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }

  const testing::TempFolder folder_;
  const std::string path_ = folder_.File("store.db");
};

std::unique_ptr<Snapshot> Snap(Store& store) { return *store.Open(absl::InfiniteFuture()); }

std::int64_t NumberOf(const std::optional<std::string>& value) {
  std::int64_t number = 0;
  return value.has_value() && absl::SimpleAtoi(*value, &number) ? number : 0;
}

// Every set writes its number in each of these rows, and removes a row and puts it back.
constexpr int kRows = 12;

WriteSet SetOf(std::int64_t number) {
  const std::string text = absl::StrCat(number);
  WriteSet set = testing::RecordSet("referrals/r", number, text);
  for (int row = 0; row < kRows; ++row) set.states.push_back({"s", absl::StrCat(row), text});
  set.states.push_back(
      {"s", "odd", number % 2 == 0 ? std::nullopt : std::optional<std::string>(text)});
  set.states.push_back({"large", "one", text + std::string(9'000, '.')});
  return set;
}

// The number that all rows of the view say; fails when they differ.
std::int64_t ReadAll(Snapshot& view, int first_row) {
  const std::int64_t number = NumberOf(*view.FindState("s", absl::StrCat(first_row)));
  for (int row = 0; row < kRows; ++row) {
    EXPECT_EQ(NumberOf(*view.FindState("s", absl::StrCat(row))), number);
  }
  const auto record = *view.Find("referrals/r");
  EXPECT_EQ(record.has_value() ? record->version : 0, number);
  EXPECT_EQ(record.has_value() ? record->bytes : "0", absl::StrCat(number));
  EXPECT_EQ(NumberOf(*view.FindState("s", "odd")), number % 2 == 0 ? 0 : number);
  const auto large = *view.FindState("large", "one");
  EXPECT_EQ(large.value_or("0").substr(0, large.value_or("0").find('.')), absl::StrCat(number));
  // By way of SQLite, whatever is kept of rows.
  const auto rows = *view.ListState("s", "", 1);
  EXPECT_EQ(rows.empty() ? 0 : NumberOf(rows.front().second), number);
  return number;
}

void ReadBesideAWriter(Store& store) {
  constexpr std::int64_t kSets = 400;
  std::atomic<std::int64_t> acknowledged = 0;
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&store, &acknowledged, reader] {
      std::int64_t last = 0;
      while (last < kSets && !::testing::Test::HasFailure()) {
        const std::int64_t before = acknowledged;
        const std::int64_t read = ReadAll(*Snap(store), reader);
        EXPECT_GE(read, before) << "older than what was acknowledged";
        EXPECT_GE(read, last);
        last = read;
      }
    });
  }
  for (std::int64_t number = 1; number <= kSets; ++number) {
    const auto committed = CommitAndWait(store, SetOf(number));
    EXPECT_TRUE(committed.ok()) << committed.status();
    acknowledged = number;
  }
  for (std::thread& reader : readers) reader.join();
}

TEST_F(KeptViewsTest, EveryViewIsOfOneMomentAndNotOld) { ReadBesideAWriter(*Open(1 << 20)); }

TEST_F(KeptViewsTest, AlsoWhenRowsAreForgottenAllTheTime) { ReadBesideAWriter(*Open(16 * 1024)); }

TEST_F(KeptViewsTest, AlsoWithoutKeptRows) { ReadBesideAWriter(*Open(0)); }

TEST_F(KeptViewsTest, AViewThatIsOpenStaysAsItIs) {
  auto store = Open(1 << 20);
  ASSERT_TRUE(CommitAndWait(*store, SetOf(1)).ok());
  auto old = Snap(*store);
  EXPECT_EQ(ReadAll(*old, 0), 1);
  ASSERT_TRUE(CommitAndWait(*store, SetOf(2)).ok());
  EXPECT_EQ(ReadAll(*Snap(*store), 0), 2);
  EXPECT_EQ(ReadAll(*old, 0), 1);
  old.reset();
  EXPECT_EQ(ReadAll(*Snap(*store), 0), 2);
}

// On time for as many looks of one thread as the test says, then late for good.
class LateClock final : public Clock {
 public:
  static absl::Time Deadline() { return absl::UnixEpoch() + absl::Hours(24); }
  void LateAfter(int looks) {
    looks_left_ = looks;
    watched_ = std::this_thread::get_id();
  }
  void BeOnTime() { watched_ = std::thread::id(); }
  absl::Time Now() const override {
    if (watched_.load() != std::this_thread::get_id()) return Deadline() - absl::Seconds(1);
    return Deadline() + absl::Seconds(looks_left_-- > 0 ? -1 : 1);
  }

 private:
  std::atomic<std::thread::id> watched_;
  mutable std::atomic<int> looks_left_ = 0;
};

// SQLite looks at the deadline now and then, also between the beginning of a transaction and that
// of its view: what is left then must not be taken for a view.
TEST_F(KeptViewsTest, AViewThatFailsToBeginIsNobodys) {
  LateClock clock;
  SqliteOptions options;
  options.path = path_;
  options.clock = &clock;
  auto store = *OpenSqlite(options);
  std::int64_t number = 0;
  const auto commit = [&] {
    WriteSet set;
    set.states.push_back({"s", "row", absl::StrCat(++number)});
    ASSERT_TRUE(CommitAndWait(*store, std::move(set)).ok());
  };
  int late = 0;
  // SQLite counts 2,000 instructions from one look to the next, and to begin a transaction takes 3:
  // in the 2,000th the third look comes when it has begun.
  for (int i = 0; i < 2'100; ++i) {
    commit();
    auto view = *store->Open(LateClock::Deadline());
    clock.LateAfter(i < 1'900 ? 1'000 : 1);
    const bool read = view->FindState("s", "row").ok();
    clock.BeOnTime();
    if (read) continue;
    ++late;
    view.reset();
    auto next = Snap(*store);
    const std::int64_t seen = NumberOf(*next->FindState("s", "row"));  // as it is kept
    EXPECT_EQ(seen, number);
    commit();
    EXPECT_EQ(NumberOf(next->ListState("s", "", 1)->front().second), seen) << "as SQLite reads it";
  }
  EXPECT_GE(late, 1);
}

// A view that stands in the log keeps it from beginning anew: one that is always open would let it
// grow for ever.
TEST_F(KeptViewsTest, TheLogBeginsAnewUnderReadersWithoutAPause) {
  auto store = Open(1 << 20);
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&] {
      while (!stop) EXPECT_TRUE(Snap(*store)->LeafCount().ok());
    });
  }
  for (int i = 0; i < 600; ++i) {
    EXPECT_TRUE(CommitAndWait(*store, testing::RecordSet(absl::StrCat("referrals/", i), 1,
                                                         std::string(60'000, 'x')))
                    .ok());
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  struct stat info;
  ASSERT_EQ(stat((path_ + "-wal").c_str(), &info), 0);
  EXPECT_LT(info.st_size, 10 << 20) << "of 36 MiB written";
}

}  // namespace
}  // namespace trusthub::store
