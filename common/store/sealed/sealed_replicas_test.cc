// Two processes that seal in one database: neither makes a second key for a child, and what one
// destroys the other does not read from its memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/store/postgres/store_fixture.h"
#include "common/store/sealed/sealed_factory.h"
#include "common/store/sealed/sealed_store.h"
#include "common/testing/matchers.h"

namespace trusthub::store {
namespace {

using ::testing::IsEmpty;
using testing::IsOk;
using testing::RecordSet;
using ::testing::SizeIs;
using testing::StatusIs;

constexpr char kChild[] = "children/c1";
constexpr char kRecord[] = "referrals/a";

class SealedReplicasTest : public ::testing::Test {
 protected:
  SealedReplicasTest() : stores_{Open(0), Open(1)} {}

  std::unique_ptr<SealedStore> Open(int number) {
    auto engine = OpenPostgres(testing::OptionsFor(database_.url(), &sequencers_[number],
                                                   absl::StrCat("auditTrees/", number)));
    EXPECT_THAT(engine, IsOk());
    SealedOptions options;
    options.service = "test";
    options.ring = testing::RingOf({"kek-1"});
    options.shared = true;
    auto opened = SealedStore::Over(*std::move(engine), std::move(options));
    EXPECT_THAT(opened, IsOk());
    return *std::move(opened);
  }
  static absl::Status Commit(Store& store, WriteSet set) {
    return CommitAndWait(store, std::move(set)).status();
  }
  static absl::Status Forget(Store& store) {
    WriteSet set;
    set.forgotten = {kChild};
    return Commit(store, std::move(set));
  }
  static std::unique_ptr<Snapshot> Snap(Store& store) {
    return store.Open(absl::InfiniteFuture()).value();
  }
  static bool Has(Snapshot& view) {
    const auto found = view.Find(kRecord);
    EXPECT_THAT(found, IsOk());
    return found.ok() && found->has_value();
  }

  testing::PostgresDatabase database_;
  testing::FakeLeafSequencer sequencers_[2];
  std::unique_ptr<SealedStore> stores_[2];
};

TEST_F(SealedReplicasTest, StartTogetherOnAnEmptyDatabaseAndReadEachOther) {
  ASSERT_THAT(Commit(*stores_[0], RecordSet(kRecord, 1, "by the first", kChild)), IsOk());
  ASSERT_THAT(Commit(*stores_[1], RecordSet(kRecord, 2, "by the second", kChild)), IsOk());
  for (const auto& store : stores_) {
    const auto found = Snap(*store)->Find(kRecord);
    ASSERT_THAT(found, IsOk());
    EXPECT_EQ((*found)->bytes, "by the second");
    EXPECT_THAT(*Snap(*store)->Versions(kRecord), SizeIs(2));
  }
}

TEST_F(SealedReplicasTest, WhoStartAtOnceTakeOneKey) {
  for (auto& store : stores_) store.reset();
  for (int round = 0; round < 5; ++round) {
    testing::PostgresDatabase fresh;
    std::vector<std::thread> threads;
    for (int number : {0, 1}) {
      threads.emplace_back([&, number] {
        testing::FakeLeafSequencer sequencer;
        auto engine = OpenPostgres(
            testing::OptionsFor(fresh.url(), &sequencer, absl::StrCat("auditTrees/", number)));
        ASSERT_THAT(engine, IsOk());
        SealedOptions options;
        options.service = "test";
        options.ring = testing::RingOf({"kek-1"});
        options.shared = true;
        const auto opened = SealedStore::Over(*std::move(engine), std::move(options));
        ASSERT_THAT(opened, IsOk());
        const std::string name = absl::StrCat("referrals/", number);
        EXPECT_THAT(Commit(**opened, RecordSet(name, 1, name, "")), IsOk());
      });
    }
    for (std::thread& thread : threads) thread.join();
    testing::FakeLeafSequencer sequencer;
    auto engine = OpenPostgres(testing::OptionsFor(fresh.url(), &sequencer, "auditTrees/0"));
    ASSERT_THAT(engine, IsOk());
    SealedOptions options;
    options.service = "test";
    options.ring = testing::RingOf({"kek-1"});
    const auto opened = SealedStore::Over(*std::move(engine), std::move(options));
    ASSERT_THAT(opened, IsOk());
    for (const char* name : {"referrals/0", "referrals/1"}) {
      const auto found = Snap(**opened)->Find(name);
      ASSERT_THAT(found, IsOk()) << name;
      EXPECT_TRUE(found->has_value()) << name;
    }
  }
}

TEST_F(SealedReplicasTest, WhatOneForgetsTheOtherDoesNotReadFromItsMemory) {
  ASSERT_THAT(Commit(*stores_[0], RecordSet(kRecord, 1, "secret", kChild)), IsOk());
  ASSERT_TRUE(Has(*Snap(*stores_[1]))) << "now the second has the key at hand";
  const auto before = Snap(*stores_[1]);
  ASSERT_THAT(before->LeafCount(), IsOk());  // the view begins
  ASSERT_THAT(Forget(*stores_[0]), IsOk());

  EXPECT_FALSE(Has(*Snap(*stores_[1])));
  EXPECT_THAT(*Snap(*stores_[1])->ListByChild(testing::kTestKind, kChild, 0, 9), IsEmpty());
  EXPECT_THAT(stores_[1]->PseudonymOf(kChild, *Snap(*stores_[1])),
              StatusIs(absl::StatusCode::kNotFound));
  // A view from before still has the child, and brings the key back to nobody.
  EXPECT_TRUE(Has(*before));
  EXPECT_FALSE(Has(*Snap(*stores_[1])));
  // Nothing can be written about the child any more, by either.
  for (const auto& store : stores_) {
    EXPECT_FALSE(Commit(*store, RecordSet("referrals/b", 1, "late", kChild)).ok());
  }
}

TEST_F(SealedReplicasTest, AWriteUnderAKeyThatTheOtherDestroyedIsRefused) {
  ASSERT_THAT(Commit(*stores_[0], RecordSet(kRecord, 1, "one", kChild)), IsOk());
  ASSERT_THAT(Commit(*stores_[1], RecordSet(kRecord, 2, "two", kChild)), IsOk());
  ASSERT_THAT(Forget(*stores_[0]), IsOk());
  // The second still has the key in memory: no view of its has told it.
  const absl::Status late = Commit(*stores_[1], RecordSet("referrals/b", 1, "late", kChild));
  EXPECT_TRUE(IsConflict(late)) << late;
}

TEST_F(SealedReplicasTest, ANewChildHasOnePseudonymWhicheverWasFirst) {
  for (int round = 0; round < 20; ++round) {
    const std::string child = absl::StrCat("children/new-", round);
    Mutex mutex;
    std::set<std::string> pseudonyms;
    std::vector<std::thread> threads;
    for (const auto& store : stores_) {
      threads.emplace_back([&] {
        const auto view = Snap(*store);
        const auto pseudonym = store->PseudonymOf(child, *view);
        EXPECT_THAT(pseudonym, IsOk());
        MutexLock lock(mutex);
        if (pseudonym.ok()) pseudonyms.insert(*pseudonym);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(pseudonyms, SizeIs(1)) << child;
  }
}

TEST_F(SealedReplicasTest, BothMayBeFirstToWriteAboutAChild) {
  for (int round = 0; round < 10; ++round) {
    const std::string child = absl::StrCat("children/new-", round);
    std::vector<std::thread> threads;
    for (int number : {0, 1}) {
      threads.emplace_back([&, number] {
        const std::string name = absl::StrCat("referrals/", round, "-", number);
        absl::Status status;
        do {
          status = Commit(*stores_[number], RecordSet(name, 1, name, child));
        } while (IsConflict(status));
        EXPECT_THAT(status, IsOk());
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& store : stores_) {
      EXPECT_THAT(*Snap(*store)->ListByChild(testing::kTestKind, child, 0, 9), SizeIs(2)) << child;
    }
  }
}

}  // namespace
}  // namespace trusthub::store
