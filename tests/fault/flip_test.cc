// Bytes that change on disk (C-8): one bit anywhere in the files of a store. The store does not
// open, or a read says that it cannot be answered, or all is served as it was written: never
// anything else. Through the interface of stores alone, so that any engine and any wrapping can be
// put to the same test. And what an administrator changes with a database's own means, checksums
// included, is found in the audit log (T-A2).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/audit/log_check.h"
#include "common/store/sqlite/page_checks.h"
#include "common/testing/seed.h"
#include "common/testing/temp_folder.h"
#include "tests/fault/everything.h"
#include "tests/fault/extent.h"
#include "tests/fault/numbered_store.h"
#include "tests/fault/store_files.h"

namespace trusthub::testing {
namespace {

constexpr std::int64_t kSets = 6;

char Flipped(char byte, std::uint64_t random) {
  return static_cast<char>(byte ^ (1 << random % 8));
}

// One byte of a file after the other, or some of them.
std::vector<std::size_t> Places(std::size_t size, std::size_t in_gate, std::mt19937_64& random) {
  std::vector<std::size_t> places;
  if (InLongerSuite()) {
    for (std::size_t place = 0; place < size; ++place) places.push_back(place);
  } else {
    for (std::size_t i = 0; i < in_gate; ++i) places.push_back(random() % size);
  }
  return places;
}

class FlipTest : public ::testing::Test {
 protected:
  FlipTest() {
    NumberedStore store(Path());
    EXPECT_TRUE(store.Open().ok());
    for (std::int64_t n = 0; n < kSets; ++n) {
      EXPECT_TRUE(store.Commit(n, n > 1 ? std::optional(n - 2) : std::nullopt).ok());
    }
    expected_ = ReadAll(store.store());
    left_by_crash_ = StoreFiles(Path());
    store.Close();
    closed_ = StoreFiles(Path());
  }

  std::string Path() const { return folder_.File("store.db"); }
  static std::vector<ReadAnswer> ReadAll(store::Store& store) {
    auto snapshot = store.Open(absl::InfiniteFuture());
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    return snapshot.ok() ? ReadEverything(**snapshot, kSets) : std::vector<ReadAnswer>();
  }
  static bool AllGiven(const std::vector<ReadAnswer>& answers) {
    for (const ReadAnswer& answer : answers) {
      if (!answer.gave.ok()) return false;
    }
    return true;
  }

  // How flips ended.
  struct Ends {
    int not_opened = 0;
    int refused = 0;   // opened, and some reads refused
    int harmless = 0;  // everything served as it was
    void Print(const char* what) const {
      std::printf("%s: %d flips: %d not opened, %d with reads refused, %d harmless\n", what,
                  not_opened + refused + harmless, not_opened, refused, harmless);
    }
  };

  const TempFolder folder_;
  std::mt19937_64 random_{TestSeed()};
  std::vector<ReadAnswer> expected_;
  LossyDisk::Files closed_;
  LossyDisk::Files left_by_crash_;
};

// Of a store that nobody has open: then it is opened.
TEST_F(FlipTest, OfAClosedStoreIsNeverServed) {
  Ends ends;
  LossyDisk::Files files = closed_;
  std::string& database = files[""];
  for (const std::size_t place : Places(database.size(), 400, random_)) {
    SCOPED_TRACE(absl::StrCat("byte ", place));
    const char before = database[place];
    database[place] = Flipped(before, random_());
    PlaceStore(files, Path());
    database[place] = before;
    NumberedStore store(Path());
    if (const absl::Status opened = store.Open(); !opened.ok()) {
      ++ends.not_opened;
      ASSERT_TRUE(absl::StartsWith(opened.message(), "store ")) << opened;
      continue;
    }
    const std::vector<ReadAnswer> read = ReadAll(store.store());
    ASSERT_EQ(absl::StrJoin(WronglyServed(expected_, read), "\n"), "");
    ++(AllGiven(read) ? ends.harmless : ends.refused);
  }
  ends.Print("closed");
  EXPECT_GT(ends.not_opened, 0);
}

// Of the log that a crash left: whatever it spoils was not acknowledged, or shows. A frame that
// does not fit ends the log for SQLite, and with it what came after: the audit log's head, which
// others hold, tells of that; here it must be a state that was once whole.
TEST_F(FlipTest, OfTheLogOfACrashLeavesAnEarlierWholeStore) {
  int opened = 0;
  int earlier = 0;
  LossyDisk::Files files = left_by_crash_;
  std::string& log = files["-wal"];
  for (const std::size_t place : Places(log.size(), 250, random_)) {
    SCOPED_TRACE(absl::StrCat("byte ", place));
    const char before = log[place];
    log[place] = Flipped(before, random_());
    PlaceStore(files, Path());
    log[place] = before;
    NumberedStore store(Path());
    if (!store.Open().ok()) continue;
    ++opened;
    const std::size_t found = store.Check(kSets).size();
    if (found < static_cast<std::size_t>(kSets)) ++earlier;
    ASSERT_FALSE(HasFailure());
  }
  std::printf("log: %d opened, %d of them in an earlier state\n", opened, earlier);
}

// Under a store that is open: its next reads. Another one each time: readers keep the pages that
// they read once.
TEST_F(FlipTest, UnderAnOpenStoreIsNeverServed) {
  PlaceStore(closed_, Path());
  Ends ends;
  const std::size_t size = ContentOf(Path()).size();
  const int file = open(Path().c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(file, 0);
  for (std::int64_t i = 0; i < Extent(400, 20'000); ++i) {
    const auto place = static_cast<off_t>(random_() % size);
    SCOPED_TRACE(absl::StrCat("byte ", place));
    NumberedStore store(Path());
    ASSERT_TRUE(store.Open().ok());
    char byte = 0;
    ASSERT_EQ(pread(file, &byte, 1, place), 1);
    const char flipped = Flipped(byte, random_());
    ASSERT_EQ(pwrite(file, &flipped, 1, place), 1);
    const std::vector<ReadAnswer> read = ReadAll(store.store());
    ASSERT_EQ(absl::StrJoin(WronglyServed(expected_, read), "\n"), "");
    ++(AllGiven(read) ? ends.harmless : ends.refused);
    ASSERT_EQ(pwrite(file, &byte, 1, place), 1);
  }
  close(file);
  ends.Print("open");
  EXPECT_GT(ends.refused, ends.harmless);
}

// --- By the database's own means ----------------------------------------------------------------

class TamperTest : public FlipTest {
 protected:
  // As whoever holds the file and knows how it is kept.
  void Change(const std::string& sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(
        sqlite3_open_v2(Path().c_str(), &db, SQLITE_OPEN_READWRITE, store::sqlite::PageChecksVfs()),
        SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sql << ": " << sqlite3_errmsg(db);
    ASSERT_GT(sqlite3_changes(db), 0) << sql;
    sqlite3_close(db);
  }

  // The check of the whole log, or the store's own at its opening.
  bool IsNoticed() {
    NumberedStore store(Path());
    if (!store.Open().ok()) return true;
    auto snapshot = store.store().Open(absl::InfiniteFuture());
    const auto head = (*snapshot)->Head();
    if (!head.ok() || *head == nullptr) return true;
    audit::Witness witness{{**head}};
    witness.tiles = [&](int level, std::int64_t first, int limit) {
      return (*snapshot)->ReadTiles(level, first, limit);
    };
    return !audit::VerifyLog([&](std::int64_t first,
                                 int limit) { return (*snapshot)->ReadLeaves(first, limit); },
                             witness, NumberedStore::Key().public_key())
                .status.ok();
  }

  static std::string Literal(const std::string& bytes) {
    return absl::StrCat("x'", absl::BytesToHexString(bytes), "'");
  }
};

// A log of more than a tile, so that there are tiles of two levels.
TEST_F(TamperTest, WithEntriesTilesAndHeadsIsFoundInTheLog) {
  {
    PlaceStore({}, Path());
    NumberedStore store(Path());
    ASSERT_TRUE(store.Open().ok());
    store::WriteSet many;
    for (std::int64_t n = 0; n < 600; ++n) many.leaves.emplace_back(SpooledLeaf(n));
    ASSERT_TRUE(store::CommitAndWait(store.store(), std::move(many)).ok());
  }
  const LossyDisk::Files whole = StoreFiles(Path());
  ASSERT_FALSE(IsNoticed());
  std::vector<std::string> changes = {
      "DELETE FROM leaf WHERE position = 5",
      "DELETE FROM leaf WHERE position = 599",
      "INSERT INTO leaf (position, bytes) SELECT 600, bytes FROM leaf WHERE position = 3",
      "UPDATE leaf SET bytes = (SELECT bytes FROM leaf WHERE position = 8) WHERE position = 7",
      "DELETE FROM tile WHERE level = 0 AND position = 1",
      "DELETE FROM tile WHERE level = 1",
      "INSERT INTO tile VALUES (0, 2, zeroblob(8192))",
      "UPDATE log SET size = size - 1",
      "UPDATE log SET signed = signed + 1",
      "UPDATE log SET tree = 'auditTrees/other'",
      "DELETE FROM log",
  };
  {
    NumberedStore store(Path());
    ASSERT_TRUE(store.Open().ok());
    auto snapshot = *store.store().Open(absl::InfiniteFuture());
    const auto leaves = *snapshot->ReadLeaves(0, 600);
    for (std::int64_t i = 0; i < Extent(40, 600); ++i) {
      const store::StoredLeaf& leaf =
          leaves[InLongerSuite() ? static_cast<std::size_t>(i) : random_() % leaves.size()];
      std::string bytes = leaf.bytes;
      char& byte = bytes[random_() % bytes.size()];
      byte = Flipped(byte, random_());
      changes.push_back(absl::StrCat("UPDATE leaf SET bytes = ", Literal(bytes),
                                     " WHERE position = ", leaf.index));
    }
    for (int level = 0; level < 2; ++level) {
      const auto tiles = *snapshot->ReadTiles(level, 0, 10);
      for (const store::Tile& tile : tiles) {
        for (std::int64_t i = 0; i < Extent(10, 300); ++i) {
          std::string bytes = tile.bytes;
          char& byte = bytes[random_() % bytes.size()];
          byte = Flipped(byte, random_());
          changes.push_back(absl::StrCat("UPDATE tile SET bytes = ", Literal(bytes),
                                         " WHERE level = ", tile.level,
                                         " AND position = ", tile.index));
        }
      }
    }
    const auto head = *snapshot->Head();
    for (const auto& [column, value] :
         {std::pair("root", head->root), std::pair("signature", head->signature)}) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        std::string bytes = value;
        bytes[i] = Flipped(bytes[i], random_());
        changes.push_back(absl::StrCat("UPDATE log SET ", column, " = ", Literal(bytes)));
      }
    }
  }
  for (const std::string& change : changes) {
    PlaceStore(whole, Path());
    Change(change);
    ASSERT_TRUE(IsNoticed()) << change.substr(0, 200);
  }
  std::printf("%zu changes, each found\n", changes.size());
}

}  // namespace
}  // namespace trusthub::testing
