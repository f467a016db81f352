#include "common/store/sqlite/online_copy.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/temp_folder.h"
#include "common/testing/write_sets.h"

namespace trusthub::store {
namespace {

namespace fs = std::filesystem;
using testing::RecordSet;

class OnlineCopyTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& file) {
    SqliteOptions options;
    options.path = folder_.File(file);
    options.restart_pages = restart_pages_;
    options.checkpoint_pages = restart_pages_ / 2;
    return OpenSqlite(options);
  }
  absl::StatusOr<std::unique_ptr<OnlineCopy>> Copy(const OnlineCopy::Look& look = [](Snapshot&) {
    return absl::OkStatus();
  }) {
    return OnlineCopy::Make(folder_.File("store.db"), folder_.path(), look);
  }
  void Put(const OnlineCopy& copy, const std::string& file) {
    std::ofstream out(folder_.File(file), std::ios::binary);
    for (std::int64_t at = 0; at < copy.bytes(); at += 4096) out << copy.Read(at, 4096).value();
  }
  static absl::Status Write(Store& store, int number) {
    return CommitAndWait(
               store, RecordSet(absl::StrCat("referrals/", number), 1, std::string(700, 'x'), ""))
        .status();
  }
  static int Count(Store& store) {
    return static_cast<int>(
        (*store.Open(absl::InfiniteFuture()))->ListByKind(testing::kTestKind, 0, 100'000)->size());
  }

  int restart_pages_ = 32'000;
  const testing::TempFolder folder_;
};

TEST_F(OnlineCopyTest, HoldsAllThatWasAcknowledgedAndIsOneView) {
  const auto store = Open("store.db");
  ASSERT_TRUE(store.ok());
  std::atomic<int> written = 0;
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    while (!stop) {
      if (Write(**store, written).ok()) ++written;
    }
  });
  for (int round = 0; round < 5; ++round) {
    const int goal = written + 20;
    while (written < goal) std::this_thread::yield();
    const int before = written;
    int seen = -1;
    const auto copy = Copy([&](Snapshot& view) {
      seen = static_cast<int>(view.ListByKind(testing::kTestKind, 0, 100'000)->size());
      // What comes now is not of this view.
      const int more = written + 5;
      while (written < more) std::this_thread::yield();
      return absl::OkStatus();
    });
    ASSERT_TRUE(copy.ok()) << copy.status();
    EXPECT_GE(seen, before);
    const std::string file = absl::StrCat("copy", round);
    Put(**copy, file);
    ASSERT_TRUE(CheckStoreFile(folder_.File(file)).ok());
    const auto opened = Open(file);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(Count(**opened), seen);
  }
  stop = true;
  writer.join();
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    EXPECT_FALSE(absl::StrContains(entry.path().string(), "store.db.copy-")) << "left over";
  }
}

// The log is to begin anew all the time, and cannot while the view is open.
TEST_F(OnlineCopyTest, NoWriterWaitsForItsView) {
  restart_pages_ = 40;
  const auto store = Open("store.db");
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(Write(**store, 0).ok());
  absl::Duration longest;
  const auto copy = Copy([&](Snapshot&) {
    for (int number = 1; number < 60; ++number) {
      const absl::Duration began = MonotonicNow();
      EXPECT_TRUE(Write(**store, number).ok());
      longest = std::max(longest, MonotonicNow() - began);
    }
    return absl::OkStatus();
  });
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_LT(longest, absl::Milliseconds(700)) << "a store that takes so long counts as down";
}

TEST_F(OnlineCopyTest, ADamagedPageIsNotCopied) {
  {
    const auto store = Open("store.db");
    ASSERT_TRUE(store.ok());
    for (int number = 0; number < 50; ++number) ASSERT_TRUE(Write(**store, number).ok());
  }
  const auto size = static_cast<std::int64_t>(fs::file_size(folder_.File("store.db")));
  int refused = 0;
  for (std::int64_t at = 4096; at < size; at += 4096) {
    std::fstream file(folder_.File("store.db"), std::ios::in | std::ios::out | std::ios::binary);
    const auto change = [&] {
      file.seekg(at + 1000);
      const int was = file.get();
      file.seekp(at + 1000);
      file.put(static_cast<char>(was ^ 1));
      file.flush();
    };
    change();
    const auto copy = Copy();
    EXPECT_FALSE(copy.ok()) << "page at " << at;
    EXPECT_TRUE(absl::StrContains(copy.status().message(), "store.db")) << copy.status();
    ++refused;
    change();
  }
  EXPECT_GT(refused, 10);
  EXPECT_TRUE(Copy().ok());
}

TEST_F(OnlineCopyTest, WhatIsNoStoreIsRefused) {
  EXPECT_EQ(Copy().status().code(), absl::StatusCode::kNotFound);
  std::ofstream(folder_.File("store.db")) << std::string(8192, 'n');
  EXPECT_FALSE(Copy().ok());
  EXPECT_FALSE(CheckStoreFile(folder_.File("store.db")).ok());
}

}  // namespace
}  // namespace trusthub::store
