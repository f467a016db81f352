// What a service knows of its own witnesses: how long ago they came, and that its log is what they
// saw.
#include "common/rpc/witness_watch.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/cosignature.h"
#include "common/audit/head.h"
#include "common/audit/tree.h"
#include "common/rpc/cosigned_heads.h"
#include "common/rpc/pipeline_fixture.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/fake_clock.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::rpc {
namespace {

using testing::IsOk;
using testing::StatusIs;

constexpr char kTree[] = "auditTrees/test";

class WitnessWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"council", "police", "hospital"}) {
      keys_.push_back(crypto::SigningKey::Generate());
      rules_.witnesses.push_back(
          {name, absl::StrCat("agencies/", name), keys_.back()->public_key()});
    }
    rules_.needed = 2;
    rules_.stop_after = absl::Minutes(30);
    Open(folder_.File("store.db"));
  }

  void Open(const std::string& path) {
    store_.reset();
    tree_ = audit::MakeTree(kTree, key_.get(), &clock_);
    store::SqliteOptions options;
    options.path = path;
    options.sequencer = tree_.get();
    auto opened = store::OpenSqlite(options);
    ASSERT_THAT(opened, IsOk());
    store_ = *std::move(opened);
  }
  store::SealedHead Grow(int entries, const std::string& what = "entry") {
    store::WriteSet set;
    for (int i = 0; i < entries; ++i) set.leaves.emplace_back(absl::StrCat(what, i));
    auto committed = store::CommitAndWait(*store_, std::move(set));
    EXPECT_THAT(committed, IsOk());
    return *committed->head;
  }
  store::Transaction Begin() {
    auto snapshot = store_->Open(absl::InfiniteFuture());
    EXPECT_THAT(snapshot, IsOk());
    return store::Transaction(
        *std::move(snapshot), [](absl::string_view text) { return std::string(text); },
        clock_.Now());
  }
  absl::StatusOr<int> Keep(int witness, const store::SealedHead& head) {
    const auto cosignature = audit::Cosign(
        audit::CheckpointOf(head), rules_.witnesses[witness].name, clock_.Now(), *keys_[witness]);
    store::Transaction tx = Begin();
    auto count =
        KeepCosignature(audit::HeadToProto(head, key_->public_key()), cosignature, rules_, tx);
    if (!count.ok()) return count;
    EXPECT_THAT(store::CommitAndWait(*store_, tx.TakeWrites()), IsOk());
    return count;
  }
  absl::Status CheckLog() {
    store::Transaction tx = Begin();
    return CheckAgainstCosigned(tx.snapshot(), kTree, rules_);
  }

  const testing::TempFolder folder_;
  testing::FakeClock clock_;
  const std::unique_ptr<crypto::SigningKey> key_ = crypto::SigningKey::Generate();
  std::vector<std::unique_ptr<crypto::SigningKey>> keys_;
  WitnessRules rules_;
  KeptMetrics metrics_;
  std::unique_ptr<store::LeafSequencer> tree_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(WitnessWatchTest, TheAgeIsThatOfTheNewestHeadThatEnoughCosigned) {
  WitnessWatch watch(&rules_, store_.get(), kTree, &clock_, &metrics_);
  ASSERT_THAT(watch.Look(), IsOk());
  clock_.Advance(absl::Minutes(10));
  EXPECT_EQ(watch.Age(), absl::Minutes(10)) << "from the start on, before the first";
  const store::SealedHead head = Grow(5);
  EXPECT_EQ(*Keep(0, head), 1);
  ASSERT_THAT(watch.Look(), IsOk());
  EXPECT_EQ(watch.Age(), absl::Minutes(10)) << "one is not enough";
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(*Keep(1, head), 2);
  clock_.Advance(absl::Minutes(2));
  ASSERT_THAT(watch.Look(), IsOk());
  EXPECT_EQ(watch.Age(), absl::Minutes(3)) << "when the first of the two was made";
  // Others go on with the next head; this one stays the newest that enough cosigned.
  EXPECT_EQ(*Keep(0, Grow(1)), 1);
  ASSERT_THAT(watch.Look(), IsOk());
  EXPECT_EQ(watch.Age(), absl::Minutes(3));
  EXPECT_EQ(metrics_.counts().at("witnessed"), 4);
}

TEST_F(WitnessWatchTest, DisclosuresStopAfterTheGraceAndGoOnWithTheNextWitnessedHead) {
  WitnessWatch watch(&rules_, store_.get(), kTree, &clock_, &metrics_);
  clock_.Advance(absl::Minutes(30));
  EXPECT_FALSE(watch.Overdue());
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(watch.Overdue());
  const store::SealedHead head = Grow(1);
  EXPECT_THAT(Keep(0, head), IsOk());
  EXPECT_THAT(Keep(2, head), IsOk());
  ASSERT_THAT(watch.Look(), IsOk());
  EXPECT_FALSE(watch.Overdue());
  // A service that starts anew does not forget.
  clock_.Advance(absl::Minutes(31));
  WitnessWatch restarted(&rules_, store_.get(), kTree, &clock_, &metrics_);
  ASSERT_THAT(restarted.Look(), IsOk());
  EXPECT_TRUE(restarted.Overdue());
  rules_.stop_after = absl::InfiniteDuration();
  EXPECT_FALSE(restarted.Overdue()) << "unless the borough said so";
}

TEST_F(WitnessWatchTest, CosignaturesOfOneHeadAreGathered) {
  const store::SealedHead first = Grow(3);
  EXPECT_EQ(*Keep(0, first), 1);
  EXPECT_EQ(*Keep(1, first), 2);
  clock_.Advance(absl::Minutes(1));
  const store::SealedHead second = Grow(3);
  EXPECT_EQ(*Keep(0, second), 1) << "its word on the first head is not lost with it";
  EXPECT_EQ(*Keep(2, first), 3) << "a late one joins those that made it a witnessed head";
  store::Transaction tx = Begin();
  const auto heads = CosignedHeads(tx.snapshot(), kTree, rules_);
  ASSERT_THAT(heads, IsOk());
  ASSERT_EQ(heads->size(), 2u);
  EXPECT_EQ((*heads)[0].head().tree_size(), 6);
  EXPECT_EQ((*heads)[0].cosignatures_size(), 1);
  EXPECT_EQ((*heads)[1].head().tree_size(), 3);
  EXPECT_EQ((*heads)[1].cosignatures_size(), 3);
}

TEST_F(WitnessWatchTest, ALogThatIsNotWhatWitnessesSawIsRefused) {
  EXPECT_THAT(CheckLog(), IsOk());
  const store::SealedHead head = Grow(4);
  EXPECT_THAT(Keep(0, head), IsOk());
  EXPECT_THAT(CheckLog(), IsOk());
  Grow(3);
  EXPECT_THAT(CheckLog(), IsOk());
  // The words of witnesses, moved beside another log: a shorter one, then one as long.
  Open(folder_.File("other.db"));
  Grow(2, "other");
  EXPECT_THAT(Keep(0, head), IsOk());
  EXPECT_THAT(CheckLog(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(CheckLog().message(), ::testing::HasSubstr("2 entries"));
  Grow(5, "more");
  EXPECT_THAT(CheckLog(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(CheckLog().message(), ::testing::HasSubstr("changed"));
}

}  // namespace
}  // namespace trusthub::rpc
