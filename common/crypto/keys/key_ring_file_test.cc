// A ring that is replaced under a running service: a good one is taken, a flawed one told of once
// and tried again, and the one in use stays.
#include "common/crypto/keys/key_ring_file.h"

#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/crypto/crypto.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::crypto {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;

class KeyRingFileTest : public ::testing::Test {
 protected:
  void WriteKey(const std::string& name) {
    std::ofstream(folder_.File(name)) << HexEncode(Sha256(name)) << "\n";
    chmod(folder_.File(name).c_str(), 0600);
  }
  // As tools do: beside, then over it.
  void WriteRing(const std::string& text) {
    std::ofstream(folder_.File("ring.new")) << text;
    ASSERT_EQ(std::rename(folder_.File("ring.new").c_str(), Path().c_str()), 0);
  }
  static std::string RingOf(const std::string& id) {
    return absl::StrCat("version: 1\nkeys:\n  - {id: ", id, ", file: ", id, ".key}\n");
  }
  std::string Path() const { return folder_.File("ring.yaml"); }

  void Watch(KeyRingFile& file) {
    file.Watch([this](absl::StatusOr<KeyRingFile::Ring> ring) {
      MutexLock lock(mutex_);
      told_.push_back(std::move(ring));
      changed_.NotifyAll();
    });
  }
  // What was told of as the `number`th.
  absl::StatusOr<KeyRingFile::Ring> Told(std::size_t number) {
    MutexLock lock(mutex_);
    while (told_.size() < number) changed_.Wait(mutex_);
    return told_[number - 1];
  }

  const testing::TempFolder folder_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<absl::StatusOr<KeyRingFile::Ring>> told_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(KeyRingFileTest, ANewRingIsTakenAndAFlawedOneToldOfOnce) {
  WriteKey("one.key");
  WriteKey("two.key");
  WriteRing(RingOf("one"));
  const auto file = KeyRingFile::Open(Path());
  ASSERT_THAT(file, IsOk());
  EXPECT_EQ((*file)->first()->current().id(), "one");
  Watch(**file);

  WriteRing("version: 1\nkeys: []\n");
  EXPECT_THAT(std::string(Told(1).status().message()), HasSubstr("at least one key"));
  // Told of once however often it is looked at: what comes next is the next file.
  WriteRing(RingOf("two"));
  ASSERT_THAT(Told(2), IsOk());
  EXPECT_EQ((*Told(2))->current().id(), "two");
  // The ring that was in use at first is a new one by now.
  WriteRing(RingOf("one"));
  ASSERT_THAT(Told(3), IsOk());
  EXPECT_EQ((*Told(3))->current().id(), "one");
}

TEST_F(KeyRingFileTest, AFileThatIsGoneIsToldOfAndTakenWhenItIsBack) {
  WriteKey("one.key");
  WriteKey("two.key");
  WriteRing(RingOf("one"));
  const auto file = KeyRingFile::Open(Path());
  ASSERT_THAT(file, IsOk());
  Watch(**file);
  ASSERT_EQ(std::remove(Path().c_str()), 0);
  EXPECT_TRUE(absl::IsNotFound(Told(1).status())) << Told(1).status();
  WriteRing(RingOf("two"));
  ASSERT_THAT(Told(2), IsOk());
}

TEST_F(KeyRingFileTest, ARingWhoseKeyComesLaterIsTakenThen) {
  WriteKey("one.key");
  WriteRing(RingOf("one"));
  const auto file = KeyRingFile::Open(Path());
  ASSERT_THAT(file, IsOk());
  Watch(**file);
  WriteRing(RingOf("two"));
  EXPECT_THAT(std::string(Told(1).status().message()), HasSubstr("key two"));
  WriteKey("two.key");
  ASSERT_THAT(Told(2), IsOk());
  EXPECT_EQ((*Told(2))->current().id(), "two");
}

TEST_F(KeyRingFileTest, WhatCannotBeOpenedNamesTheFile) {
  EXPECT_THAT(std::string(KeyRingFile::Open(Path()).status().message()), HasSubstr("ring.yaml"));
}

}  // namespace
}  // namespace trusthub::crypto
