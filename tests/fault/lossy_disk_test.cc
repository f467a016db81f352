// The model of a disk must itself lose what it should, and nothing else.
#include "tests/fault/lossy_disk.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

namespace trusthub::testing {
namespace {

constexpr int kDraws = 400;
constexpr std::size_t kSector = LossyDisk::kSectorBytes;

// Everything that the file may hold after a loss.
std::set<std::string> Outcomes(const LossyDisk& disk) {
  std::mt19937_64 random(7);
  std::set<std::string> outcomes;
  for (int i = 0; i < kDraws; ++i) {
    const LossyDisk::Files files = disk.Remains(random);
    const auto file = files.find("file");
    outcomes.insert(file == files.end() ? "none" : file->second);
  }
  return outcomes;
}

TEST(LossyDiskTest, WhatIsSyncedStays) {
  LossyDisk disk;
  disk.Create("file");
  disk.Write("file", 0, "one");
  disk.Write("file", 3, "two");
  disk.Sync("file");
  EXPECT_EQ(Outcomes(disk), std::set<std::string>{"onetwo"});
  EXPECT_EQ(disk.unsynced(), 0u);
}

TEST(LossyDiskTest, WhatIsNotSyncedMayBeLostSectorBySector) {
  LossyDisk disk;
  disk.Adopt("file", std::string(2 * kSector, 'a'));
  disk.Write("file", 0, std::string(2 * kSector, 'b'));
  const std::string a(kSector, 'a');
  const std::string b(kSector, 'b');
  EXPECT_EQ(Outcomes(disk), (std::set<std::string>{a + a, a + b, b + a, b + b}));
}

// A sector holds an earlier write whenever it holds a later one: the kernel has one copy of it.
TEST(LossyDiskTest, LaterWritesOfASectorBringTheEarlier) {
  LossyDisk disk;
  disk.Adopt("file", "....");
  disk.Write("file", 0, "1");
  disk.Write("file", 1, "2");
  EXPECT_EQ(Outcomes(disk), (std::set<std::string>{"....", "1...", "12.."}));
}

TEST(LossyDiskTest, TruncationsMayBeLost) {
  LossyDisk disk;
  disk.Adopt("file", "abc");
  disk.Truncate("file", 1);
  EXPECT_EQ(Outcomes(disk), (std::set<std::string>{"abc", "a"}));
}

TEST(LossyDiskTest, NamesMayBeLostUntilTheFirstSync) {
  LossyDisk disk;
  disk.Create("file");
  EXPECT_EQ(Outcomes(disk), (std::set<std::string>{"none", ""}));
  disk.Sync("file");
  EXPECT_EQ(Outcomes(disk), std::set<std::string>{""});
  disk.Delete("file");
  EXPECT_EQ(Outcomes(disk), (std::set<std::string>{"none", ""}));
}

TEST(LossyDiskTest, TheSameSeedGivesTheSameLoss) {
  LossyDisk disk;
  disk.Adopt("file", std::string(64 * kSector, 'a'));
  disk.Write("file", 100, std::string(60 * kSector, 'b'));
  std::mt19937_64 one(3);
  std::mt19937_64 other(3);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(disk.Remains(one), disk.Remains(other));
}

}  // namespace
}  // namespace trusthub::testing
