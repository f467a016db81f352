#include "common/events/feed.h"

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/events/events_fixtures.h"
#include "common/testing/matchers.h"
#include "gtest/gtest.h"

namespace trusthub::events {
namespace {

using testing::IsOk;
using testing::StatusIs;

const auto kInvalid =
    StatusIs(absl::StatusCode::kOutOfRange, errors::v1::ERROR_REASON_CURSOR_INVALID);

TEST(CursorTest, CarriesTheSequence) {
  for (const std::int64_t sequence : {std::int64_t{0}, std::int64_t{1}, std::int64_t{123456789},
                                      std::numeric_limits<std::int64_t>::max()}) {
    const auto decoded = DecodeCursor("store", EncodeCursor("store", sequence));
    ASSERT_THAT(decoded, IsOk());
    EXPECT_EQ(*decoded, sequence);
  }
}

TEST(CursorTest, IsGoodForOneStoreOnly) {
  const std::string cursor = EncodeCursor("store", 7);
  EXPECT_EQ(cursor.find("store"), std::string::npos);
  EXPECT_THAT(DecodeCursor("other", cursor), kInvalid);
  EXPECT_THAT(DecodeCursor("store", ""), kInvalid);
  EXPECT_THAT(DecodeCursor("store", "7"), kInvalid);
  EXPECT_THAT(DecodeCursor("store", cursor + "A"), kInvalid);
  for (std::size_t bit = 0; bit < cursor.size() * 8; ++bit) {
    std::string changed = cursor;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THAT(DecodeCursor("store", changed), kInvalid) << bit;
  }
  for (std::size_t length = 0; length < cursor.size(); ++length) {
    EXPECT_THAT(DecodeCursor("store", cursor.substr(0, length)), kInvalid);
  }
}

class FeedTest : public ::testing::Test {
 protected:
  FeedTest() {
    for (int i = 0; i < 10; ++i) {
      store_.Emit(i % 2 == 0 ? InvolvementEvent(absl::StrCat("children/c", i % 4), "agencies/gp",
                                                "HOLDING", absl::StrCat("basis/", i))
                             : WorkerEvent(absl::StrCat("workers/w", i), "agencies/gp"));
    }
  }
  Batch Next(const v1::WatchRequest& filter, std::int64_t after, int limit) {
    auto snapshot = store_.get().Open(absl::InfiniteFuture());
    EXPECT_THAT(snapshot, IsOk());
    auto batch = NextBatch(**snapshot, filter, after, limit);
    EXPECT_THAT(batch, IsOk());
    return *std::move(batch);
  }

  TestStore store_;
};

TEST_F(FeedTest, GivesEveryEventOnceInOrder) {
  for (const int limit : {1, 3, 10, 100}) {
    SCOPED_TRACE(limit);
    std::vector<std::int64_t> sequences;
    std::int64_t after = 0;
    bool more = true;
    while (more) {
      const Batch batch = Next({}, after, limit);
      for (const v1::Event& event : batch.response.events()) sequences.push_back(event.sequence());
      EXPECT_LE(batch.response.events_size(), limit);
      EXPECT_GT(batch.last_sequence, after);
      after = batch.last_sequence;
      more = batch.more;
    }
    EXPECT_EQ(sequences, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
    EXPECT_EQ(Next({}, after, limit).response.events_size(), 0);
    EXPECT_EQ(Next({}, after, limit).last_sequence, 10);
  }
}

TEST_F(FeedTest, FiltersByChildAndKindAndSaysHowFarItLooked) {
  v1::WatchRequest child;
  child.set_child("children/c2");
  const Batch of_child = Next(child, 0, 100);
  ASSERT_EQ(of_child.response.events_size(), 2);
  EXPECT_EQ(of_child.response.events(0).sequence(), 3);
  EXPECT_EQ(of_child.response.events(0).child_sequence(), 1);
  EXPECT_EQ(of_child.response.events(1).sequence(), 7);
  EXPECT_EQ(of_child.response.events(1).child_sequence(), 2);
  EXPECT_EQ(of_child.last_sequence, 10);
  v1::WatchRequest kinds;
  kinds.add_kinds(v1::EVENT_KIND_STATUS_CHANGED);
  kinds.add_kinds(v1::EVENT_KIND_WORKER_CHANGED);
  EXPECT_EQ(Next(kinds, 0, 100).response.events_size(), 5);
  // Nothing passes, yet the reader gets on.
  kinds.set_child("children/c2");
  const Batch none = Next(kinds, 0, 4);
  EXPECT_EQ(none.response.events_size(), 0);
  EXPECT_EQ(none.last_sequence, 4);
  EXPECT_TRUE(none.more);
}

TEST_F(FeedTest, AStoreThatLostEventsSaysSo) {
  auto snapshot = store_.get().Open(absl::InfiniteFuture());
  ASSERT_THAT(snapshot, IsOk());
  EXPECT_THAT(NextBatch(**snapshot, {}, 11, 100), kInvalid);
  EXPECT_THAT(NextBatch(**snapshot, {}, 10, 100), IsOk());
}

}  // namespace
}  // namespace trusthub::events
