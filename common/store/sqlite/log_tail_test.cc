#include "common/store/sqlite/log_tail.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <vector>

namespace trusthub::store::sqlite {
namespace {

struct Written {
  std::int64_t offset;
  std::string bytes;
  bool operator==(const Written&) const = default;
};

// A file that remembers what was written to it.
struct FakeFile {
  sqlite3_file base;
  int code = SQLITE_OK;
  std::vector<Written> writes;
};

int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  auto* const fake = reinterpret_cast<FakeFile*>(file);
  fake->writes.push_back(
      {offset, std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(count))});
  return fake->code;
}

class LogTailTest : public ::testing::Test {
 protected:
  LogTailTest() {
    methods_.xWrite = Write;
    file_.base.pMethods = &methods_;
  }
  int Take(const std::string& bytes, std::int64_t offset) {
    return tail_.Write(&file_.base, bytes.data(), static_cast<int>(bytes.size()), offset);
  }
  int Flush() { return tail_.Flush(&file_.base); }

  sqlite3_io_methods methods_{};
  FakeFile file_{};
  LogTail tail_;
};

TEST_F(LogTailTest, WritesWhatFollowsInOneCall) {
  EXPECT_EQ(Flush(), SQLITE_OK);
  EXPECT_EQ(Take("header", 32), SQLITE_OK);
  EXPECT_EQ(Take("page", 38), SQLITE_OK);
  EXPECT_TRUE(file_.writes.empty());
  EXPECT_EQ(Flush(), SQLITE_OK);
  EXPECT_EQ(Flush(), SQLITE_OK);
  EXPECT_EQ(file_.writes, (std::vector<Written>{{32, "headerpage"}}));
}

TEST_F(LogTailTest, WhatDoesNotFollowIsWrittenAfterWhatWasBefore) {
  EXPECT_EQ(Take("later", 100), SQLITE_OK);
  EXPECT_EQ(Take("anew", 0), SQLITE_OK);
  EXPECT_EQ(Take("over", 2), SQLITE_OK);
  EXPECT_EQ(Flush(), SQLITE_OK);
  EXPECT_EQ(file_.writes, (std::vector<Written>{{100, "later"}, {0, "anew"}, {2, "over"}}));
}

// SQLite's VFS for Unix writes nothing of 128 KiB, and says that the disk is full.
TEST_F(LogTailTest, NoWriteIsLongerThanTheFileTakes) {
  const std::string page(4'096, 'p');
  std::int64_t offset = 32;
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(Take(page, offset), SQLITE_OK);
    offset += static_cast<std::int64_t>(page.size());
  }
  EXPECT_EQ(Flush(), SQLITE_OK);
  std::int64_t expected = 32;
  for (const Written& write : file_.writes) {
    EXPECT_EQ(write.offset, expected);
    EXPECT_LE(write.bytes.size(), 0x1ffffU);
    expected += static_cast<std::int64_t>(write.bytes.size());
  }
  EXPECT_EQ(expected, offset);
  EXPECT_EQ(file_.writes.size(), 4U);
}

TEST_F(LogTailTest, AFailureIsToldOnceAndWhatItHeldIsGivenUp) {
  EXPECT_EQ(Take("lost", 32), SQLITE_OK);
  file_.code = SQLITE_FULL;
  EXPECT_EQ(Take("never taken", 0), SQLITE_FULL);
  file_.code = SQLITE_OK;
  EXPECT_EQ(Flush(), SQLITE_OK);
  EXPECT_EQ(Take("again", 32), SQLITE_OK);
  EXPECT_EQ(Flush(), SQLITE_OK);
  EXPECT_EQ(file_.writes, (std::vector<Written>{{32, "lost"}, {32, "again"}}));
}

}  // namespace
}  // namespace trusthub::store::sqlite
