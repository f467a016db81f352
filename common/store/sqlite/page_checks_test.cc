// Checksums of pages and frames: a byte that changed under a running store is an error, not an
// answer. Every byte, and what is read by whole stores: tests/fault/flip_test.
#include "common/store/sqlite/page_checks.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/temp_folder.h"
#include "common/testing/write_sets.h"

namespace trusthub::store {
namespace {

using testing::RecordSet;
using testing::TempFolder;

constexpr int kPage = 4096;

TEST(PageCheckTest, AnyChangedBitAndAnyOtherPlaceGiveAnotherSum) {
  std::string page;
  for (int i = 0; i < kPage - sqlite::kPageCheckBytes; ++i) {
    page.push_back(static_cast<char>(i * 7 % 251));
  }
  const std::uint64_t sum = sqlite::PageCheckOf(page, kPage);
  std::set<std::uint64_t> seen{sum};
  EXPECT_TRUE(seen.insert(sqlite::PageCheckOf(page, 2 * kPage)).second);
  for (std::size_t bit = 0; bit < page.size() * 8; ++bit) {
    const char flip = static_cast<char>(1 << bit % 8);
    page[bit / 8] = static_cast<char>(page[bit / 8] ^ flip);
    EXPECT_TRUE(seen.insert(sqlite::PageCheckOf(page, kPage)).second) << bit;
    page[bit / 8] = static_cast<char>(page[bit / 8] ^ flip);
  }
  EXPECT_EQ(sqlite::PageCheckOf(page, kPage), sum);
}

// Where `text` stands in the file.
std::size_t PlaceOf(const std::string& path, const std::string& text) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {}).find(text);
}

void FlipAt(const std::string& path, std::size_t place) {
  const int fd = open(path.c_str(), O_RDWR);
  char byte = 0;
  ASSERT_EQ(pread(fd, &byte, 1, static_cast<off_t>(place)), 1);
  byte = static_cast<char>(byte ^ 0x10);
  ASSERT_EQ(pwrite(fd, &byte, 1, static_cast<off_t>(place)), 1);
  close(fd);
}

class PageChecksTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> Open() {
    SqliteOptions options;
    options.path = path_;
    options.kept_rows_bytes_max = 0;  // what is kept in memory stays right
    auto store = OpenSqlite(options);
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }
  // What a fresh look at the record gives.
  absl::StatusOr<std::string> Read(Store& store) {
    // Readers keep pages until something is committed. The writer may be the first to notice.
    const auto committed =
        CommitAndWait(store, RecordSet(absl::StrCat("referrals/n", ++others_), 1, ""));
    if (!committed.ok()) return committed.status();
    auto snapshot = *store.Open(absl::InfiniteFuture());
    const auto record = snapshot->Find("referrals/r1");
    if (!record.ok()) return record.status();
    return record->value_or(StoredRecord()).bytes;
  }
  void ExpectNoticed(Store& store) {
    const auto read = Read(store);
    EXPECT_EQ(error::ReasonOf(read.status()), errors::v1::ERROR_REASON_STORE_UNAVAILABLE)
        << read.value_or("").substr(0, 100);
  }

  const TempFolder folder_;
  const std::string path_ = folder_.File("store.db");
  const std::string text_ = "she has moved to the refuge in Elm Road " + std::string(300, '.');
  int others_ = 0;
};

TEST_F(PageChecksTest, AChangedFrameOfTheLogIsNeitherServedNorMoved) {
  auto store = Open();
  ASSERT_TRUE(CommitAndWait(*store, RecordSet("referrals/r1", 1, text_)).ok());
  const std::size_t place = PlaceOf(path_ + "-wal", text_);
  ASSERT_NE(place, std::string::npos);
  FlipAt(path_ + "-wal", place + 5);
  {
    auto snapshot = *store->Open(absl::InfiniteFuture());
    EXPECT_EQ(error::ReasonOf(snapshot->Find("referrals/r1").status()),
              errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
  }
  // Closing moves the log into the database, but not this frame.
  store.reset();
  EXPECT_EQ(PlaceOf(path_, "rhe has"), std::string::npos);
}

TEST_F(PageChecksTest, AChangedPageIsNotServedAndServedAgainWhenItIsMended) {
  {
    auto store = Open();
    ASSERT_TRUE(CommitAndWait(*store, RecordSet("referrals/r1", 1, text_)).ok());
    for (int i = 0; i < 40; ++i) {
      ASSERT_TRUE(CommitAndWait(*store, RecordSet(absl::StrCat("referrals/x", i), 1, text_)).ok());
    }
  }
  auto store = Open();
  const std::size_t place = PlaceOf(path_, text_);
  ASSERT_NE(place, std::string::npos);
  EXPECT_EQ(*Read(*store), text_);
  FlipAt(path_, place + 5);
  ExpectNoticed(*store);
  FlipAt(path_, place + 5);
  EXPECT_EQ(*Read(*store), text_);
}

TEST_F(PageChecksTest, AChangedPageIsNamedWhenTheStoreIsOpened) {
  {
    auto store = Open();
    ASSERT_TRUE(CommitAndWait(*store, RecordSet("referrals/r1", 1, text_)).ok());
  }
  const std::size_t place = PlaceOf(path_, text_);
  ASSERT_NE(place, std::string::npos);
  FlipAt(path_, place + 5);
  SqliteOptions options;
  options.path = path_;
  EXPECT_EQ(std::string(OpenSqlite(options).status().message()),
            absl::StrCat("store ", path_, ": damaged; restore it from a backup"));
}

TEST_F(PageChecksTest, APageOfZerosIsNoticed) {
  {
    auto store = Open();
    ASSERT_TRUE(CommitAndWait(*store, RecordSet("referrals/r1", 1, std::string(60'000, 'r'))).ok());
  }
  auto store = Open();
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  // The last ones hold the record's text, which nothing but the checksum vouches for.
  file.seekp(-kPage, std::ios::end);
  ASSERT_TRUE(file.write(std::string(kPage, '\0').data(), kPage));
  file.close();
  ExpectNoticed(*store);
}

// SQLite would take pages beyond the end of a file for zeros.
TEST_F(PageChecksTest, ACutFileIsNotServedAsZeros) {
  {
    auto store = Open();
    ASSERT_TRUE(CommitAndWait(*store, RecordSet("referrals/r1", 1, std::string(60'000, 'r'))).ok());
  }
  auto store = Open();
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 8 * kPage);
  ExpectNoticed(*store);
}

// A page of another place, whole and with its own sum, as a controller that mixes up addresses
// gives it.
TEST_F(PageChecksTest, APageOfAnotherPlaceIsNoticed) {
  {
    auto store = Open();
    for (int i = 0; i < 60; ++i) {
      ASSERT_TRUE(CommitAndWait(*store, RecordSet(absl::StrCat("referrals/x", i), 1, text_)).ok());
    }
  }
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  std::string page(kPage, '\0');
  file.seekg(5 * kPage);
  ASSERT_TRUE(file.read(page.data(), kPage));
  file.seekp(6 * kPage);
  ASSERT_TRUE(file.write(page.data(), kPage));
  file.close();
  SqliteOptions options;
  options.path = path_;
  EXPECT_TRUE(absl::EndsWith(OpenSqlite(options).status().message(),
                             ": damaged; restore it from a backup"));
}

}  // namespace
}  // namespace trusthub::store
