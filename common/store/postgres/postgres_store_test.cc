// What the engine promises beyond the suite: several processes on one database, and bounds.
#include "common/store/postgres/postgres_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/store/postgres/address.h"
#include "common/store/postgres/connection.h"
#include "common/store/postgres/group_writer.h"
#include "common/store/postgres/store_fixture.h"
#include "common/testing/fake_clock.h"

namespace trusthub::store {
namespace {

using ::testing::ElementsAre;
using testing::EventSet;
using testing::FakeLeafSequencer;
using testing::LeafSet;
using testing::NumberedSet;
using testing::OptionsFor;
using testing::PostgresDatabase;
using testing::RecordSet;
using testing::Snap;

constexpr errors::v1::ErrorReason kUnavailable = errors::v1::ERROR_REASON_STORE_UNAVAILABLE;

class PostgresStoreTest : public ::testing::Test {
 protected:
  PostgresOptions Options() { return OptionsFor(database_.url(), &sequencer_); }
  std::unique_ptr<Store> Open(const PostgresOptions& options) {
    auto opened = OpenPostgres(options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }

  PostgresDatabase database_;
  FakeLeafSequencer sequencer_;
};

// --- Several processes
// ----------------------------------------------------------------------------

class TwoStoresTest : public PostgresStoreTest {
 protected:
  TwoStoresTest() {
    stores_[0] = Open(Options());
    stores_[1] = Open(OptionsFor(database_.url(), &second_, "auditTrees/second"));
  }

  FakeLeafSequencer second_;
  std::unique_ptr<Store> stores_[2];
};

// Adds one to a number under a guard, again when another set came first.
bool AddOne(Store& store) {
  while (true) {
    auto snapshot = store.Open(absl::InfiniteFuture());
    if (!snapshot.ok()) return false;
    WriteSet set;
    set.guards.push_back({"number", *(*snapshot)->Sequence("number")});
    const auto now = *(*snapshot)->FindState("s", "number");
    const int next = now.has_value() ? std::stoi(*now) + 1 : 1;
    set.states.push_back({"s", "number", absl::StrCat(next)});
    set.touches.emplace_back("number");
    set.leaves.emplace_back(absl::StrCat(next));
    snapshot->reset();
    const auto committed = CommitAndWait(store, std::move(set));
    if (committed.ok()) return true;
    if (!IsConflict(committed.status())) return false;
  }
}

TEST_F(TwoStoresTest, LoseNoUpdate) {
  constexpr int kRounds = 30;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) failures += AddOne(*stores_[t % 2]) ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(*Snap(*stores_[0])->FindState("s", "number"), absl::StrCat(4 * kRounds));
  EXPECT_EQ(*Snap(*stores_[0])->LeafCount() + *Snap(*stores_[1])->LeafCount(), 4 * kRounds);
}

TEST_F(TwoStoresTest, ShareOneIdempotencySpace) {
  constexpr int kKeys = 40;
  std::atomic<int> kept{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kKeys; ++i) {
        WriteSet set = NumberedSet(absl::StrCat("w", t), i);
        set.answer = PutAnswer{absl::StrCat("request", i), "digest", absl::StrCat("answer of ", t),
                               RealClock().Now() + absl::Hours(1)};
        const absl::Status status = CommitAndWait(*stores_[t], std::move(set)).status();
        if (status.ok()) ++kept;
        if (IsConflict(status)) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(kept, kKeys);
  EXPECT_EQ(refused, kKeys);
  EXPECT_EQ(Snap(*stores_[0])->ListByKind(testing::kTestKind, 0, 1000)->size(),
            static_cast<std::size_t>(kKeys));
  EXPECT_EQ(Snap(*stores_[0])->FindAnswer("request7", RealClock().Now())->value().response,
            Snap(*stores_[1])->FindAnswer("request7", RealClock().Now())->value().response);
}

TEST_F(TwoStoresTest, WatchersOfEitherSeeEveryEventInOrder) {
  constexpr int kSets = 150;
  std::atomic<std::int64_t> last{std::numeric_limits<std::int64_t>::max()};
  std::atomic<int> gaps{0};
  std::vector<std::int64_t> seen(2);
  std::vector<std::thread> watchers, writers;
  for (std::size_t w = 0; w < 2; ++w) {
    watchers.emplace_back([&, w] {
      while (seen[w] < last) {
        const auto events = Snap(*stores_[w])->ReadEvents(seen[w], 7);
        for (const StoredEvent& event : *events) {
          if (event.sequence != seen[w] + 1) ++gaps;
          seen[w] = event.sequence;
        }
      }
    });
    writers.emplace_back([&, w] {
      for (int i = 0; i < kSets; ++i) {
        // On a machine that is busy with other things a set may be refused, or its outcome unknown.
        absl::Status status;
        do {
          status = CommitAndWait(*stores_[w], NumberedSet(absl::StrCat("w", w), i)).status();
        } while (absl::IsUnavailable(status));
        EXPECT_TRUE(status.ok() || IsConflict(status)) << status;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  last = *Snap(*stores_[0])->LastEventSequence();
  for (std::thread& watcher : watchers) watcher.join();
  EXPECT_EQ(last, 2 * kSets);
  EXPECT_EQ(gaps, 0);
  EXPECT_EQ(seen[0], 2 * kSets);
  EXPECT_EQ(seen[1], 2 * kSets);
}

TEST_F(TwoStoresTest, ListenerHearsOfTheOthersEvents) {
  Mutex mutex;
  CondVar changed;
  std::int64_t heard = 0;
  stores_[1]->SetEventListener([&](std::int64_t last) {
    MutexLock lock(mutex);
    heard = last;
    changed.NotifyAll();
  });
  const auto committed = CommitAndWait(*stores_[0], EventSet("children/c1", "a"));
  ASSERT_TRUE(committed.ok());
  MutexLock lock(mutex);
  while (heard < committed->last_event_sequence) {
    ASSERT_TRUE(changed.WaitFor(mutex, absl::Seconds(20)));
  }
}

TEST_F(TwoStoresTest, EachHasALogOfItsOwn) {
  ASSERT_TRUE(CommitAndWait(*stores_[0], LeafSet("of the first")).ok());
  const auto committed = CommitAndWait(*stores_[1], LeafSet("of the second"));
  ASSERT_TRUE(committed.ok());
  EXPECT_EQ(committed->leaves[0].index, 0);
  EXPECT_EQ(Snap(*stores_[0])->ReadLeaves(0, 9)->at(0).bytes, "of the first");
  EXPECT_EQ(Snap(*stores_[1])->ReadLeaves(0, 9)->at(0).bytes, "of the second");
  EXPECT_EQ((*Snap(*stores_[1])->Head())->size, 1);
}

TEST_F(TwoStoresTest, AViewTurnsFromLogToLog) {
  ASSERT_TRUE(CommitAndWait(*stores_[0], LeafSet("of the first")).ok());
  WriteSet two = LeafSet("of the second");
  two.leaves.back().keys = {"key"};
  two.leaves.emplace_back("and one more");
  ASSERT_TRUE(CommitAndWait(*stores_[1], std::move(two)).ok());
  const auto view = Snap(*stores_[0]);
  EXPECT_THAT(*view->Trees(), ElementsAre("auditTrees/fake", "auditTrees/second"));
  EXPECT_EQ(*view->LeafCount(), 1) << "at first its own";
  EXPECT_TRUE(absl::IsNotFound(view->TurnTo("auditTrees/third")));
  EXPECT_EQ(*view->LeafCount(), 1) << "where it was";
  ASSERT_TRUE(view->TurnTo("auditTrees/second").ok());
  EXPECT_EQ(*view->LeafCount(), 2);
  EXPECT_EQ(view->ReadLeaves(0, 9)->front().bytes, "of the second");
  EXPECT_EQ(view->ListLeavesByKey("key", 0, 9)->size(), 1u);
  EXPECT_EQ((*view->Head())->size, 2);
  ASSERT_TRUE(view->TurnTo("auditTrees/fake").ok());
  EXPECT_EQ((*view->Head())->size, 1);
  EXPECT_EQ(view->ListLeavesByKey("key", 0, 9)->size(), 0u);
}

TEST_F(TwoStoresTest, WhoTakesATreeEndsItsFormerHoldersWriting) {
  ASSERT_TRUE(CommitAndWait(*stores_[0], LeafSet("one")).ok());
  FakeLeafSequencer taker;
  const auto third = Open(OptionsFor(database_.url(), &taker));
  EXPECT_EQ(error::ReasonOf(CommitAndWait(*stores_[0], RecordSet("r/a", 1, "a")).status()),
            kUnavailable);
  EXPECT_EQ(error::ReasonOf(CommitAndWait(*stores_[0], LeafSet("lost")).status()),
            errors::v1::ERROR_REASON_AUDIT_UNAVAILABLE);
  EXPECT_EQ(CommitAndWait(*third, LeafSet("two"))->leaves[0].index, 1);
  EXPECT_EQ(sequencer_.rejects(), 0) << "nothing was appended that must be taken back";
}

TEST_F(TwoStoresTest, ProcessThatStandsStillHoldsUpOthersForSecondsOnly) {
  const auto address = postgres::ParseAddress(database_.url(), "", false);
  const auto stopped = postgres::OpenForWriting(*address, false, absl::Seconds(10));
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  ASSERT_TRUE((*stopped)
                  ->Run({postgres::Command("BEGIN ISOLATION LEVEL SERIALIZABLE"),
                         postgres::Command(postgres::Sql::kLockCounter, postgres::Arguments())},
                        absl::Seconds(10))
                  .ok());
  // Disclosures wait for nobody.
  const absl::Duration start = MonotonicNow();
  EXPECT_TRUE(CommitAndWait(*stores_[0], LeafSet("disclosed")).ok());
  EXPECT_LT(MonotonicNow() - start, absl::Seconds(3));
  EXPECT_TRUE(CommitAndWait(*stores_[0], NumberedSet("w", 1)).ok());
}

// --- Bounds
// -----------------------------------------------------------------------------------------

TEST_F(PostgresStoreTest, TransactionIsTriedSoOftenAndNoMore) {
  PostgresOptions options = Options();
  options.attempts_max = 4;
  const auto store = Open(options);
  // A number that no rollback takes back counts the attempts.
  ASSERT_TRUE(database_
                  .Run("CREATE SEQUENCE attempts; GRANT ALL ON SEQUENCE attempts TO hub;"
                       "CREATE FUNCTION overtaken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                       " IF nextval('attempts') < 100 THEN RAISE EXCEPTION 'met' USING ERRCODE ="
                       " '40001'; END IF; RETURN NEW; END $$;"
                       "CREATE TRIGGER met BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION"
                       " overtaken()")
                  .ok());
  EXPECT_EQ(error::ReasonOf(CommitAndWait(*store, NumberedSet("w", 1)).status()), kUnavailable);
  EXPECT_EQ(database_.Run("SELECT last_value FROM attempts").value(), "4");
  EXPECT_EQ(sequencer_.accepts(), 0);
  EXPECT_EQ(sequencer_.rejects(), 4);
  ASSERT_TRUE(database_.Run("SELECT setval('attempts', 97)").ok());
  EXPECT_TRUE(CommitAndWait(*store, NumberedSet("w", 1)).ok()) << "the third attempt goes through";
}

TEST_F(PostgresStoreTest, WhatTheServerDoesNotTakeStrikesOneSet) {
  const auto store = Open(Options());
  Mutex mutex;
  CondVar changed;
  bool go = false;
  store->Commit(EventSet("", "gate"), [&](absl::StatusOr<Committed>) {
    MutexLock lock(mutex);
    while (!go) changed.Wait(mutex);
  });
  std::vector<absl::Status> results(3);
  for (std::size_t i = 0; i < results.size(); ++i) {
    WriteSet set = NumberedSet("w", static_cast<int>(i));
    // Longer than an index takes, and random, so that it cannot be pressed.
    if (i == 1) set.records[0].index.push_back({"f", RandomBytes(1 << 14)});
    store->Commit(std::move(set),
                  [&results, i](absl::StatusOr<Committed> done) { results[i] = done.status(); });
  }
  {
    MutexLock lock(mutex);
    go = true;
    changed.NotifyOne();
  }
  store->Close();
  EXPECT_TRUE(results[0].ok()) << results[0];
  EXPECT_EQ(error::ReasonOf(results[1]), kUnavailable);
  EXPECT_TRUE(results[2].ok()) << results[2];
  EXPECT_EQ(Snap(*store)->ReadEvents(0, 9)->size(), 3u);
}

TEST_F(PostgresStoreTest, ExhaustedPoolRefusesRatherThanGrows) {
  PostgresOptions options = Options();
  options.readers_max = 1;
  options.waiting_readers_max = 1;
  const auto store = Open(options);
  auto held = Snap(*store);
  ASSERT_TRUE(held->LastEventSequence().ok());
  EXPECT_EQ(store->Open(RealClock().Now() + absl::Milliseconds(50)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  std::thread waiting([&] {
    absl::StatusOr<std::unique_ptr<Snapshot>> view = store->Open(absl::InfiniteFuture());
    while (!view.ok()) view = store->Open(absl::InfiniteFuture());  // while the test waits below
    EXPECT_TRUE((*view)->LastEventSequence().ok());
  });
  // Until the other one waits, this one is told to wait too.
  absl::Status refused;
  do {
    refused = store->Open(RealClock().Now() + absl::Milliseconds(1)).status();
  } while (refused.code() == absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(error::ReasonOf(refused), errors::v1::ERROR_REASON_SERVER_BUSY);
  held.reset();
  waiting.join();
}

TEST_F(PostgresStoreTest, ViewEndsAtItsDeadlineWhileTheServerWaits) {
  const auto store = Open(Options());
  ASSERT_TRUE(CommitAndWait(*store, NumberedSet("w", 1)).ok());
  const auto address = postgres::ParseAddress(database_.url(), "", false);
  const auto other = postgres::Connection::Open(*address, absl::Seconds(10));
  ASSERT_TRUE((*other)
                  ->Run({postgres::Command("BEGIN"),
                         postgres::Command("LOCK TABLE record IN ACCESS EXCLUSIVE MODE")},
                        absl::Seconds(10))
                  .ok());
  const absl::Duration start = MonotonicNow();
  auto view = *store->Open(RealClock().Now() + absl::Milliseconds(200));
  EXPECT_EQ(view->Find("referrals/w-1").status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(MonotonicNow() - start, absl::Seconds(5));
  EXPECT_FALSE(view->Find("referrals/w-1").ok()) << "a lost view stays lost";
  (*other)->EndTransaction();
  EXPECT_TRUE(Snap(*store)->Find("referrals/w-1")->has_value());
}

TEST_F(PostgresStoreTest, AClockThatJumpsLosesNothingAndHangsNobody) {
  testing::FakeClock clock;
  PostgresOptions options = Options();
  options.clock = &clock;
  const auto store = Open(options);
  const auto write = [&](int number) {
    WriteSet set = NumberedSet("w", number);
    set.answer = PutAnswer{absl::StrCat("request", number), "digest", "response",
                           clock.Now() + absl::Hours(24 * 7)};
    return CommitAndWait(*store, std::move(set)).status();
  };
  ASSERT_TRUE(write(1).ok());
  const auto view = *store->Open(clock.Now() + absl::Seconds(10));
  ASSERT_TRUE(view->Find("referrals/w-1").ok());
  clock.Advance(-absl::Hours(24));
  EXPECT_TRUE(write(2).ok());
  EXPECT_TRUE(view->Find("referrals/w-1").ok());
  clock.Advance(absl::Hours(48));
  EXPECT_TRUE(write(3).ok());
  EXPECT_EQ(view->Find("referrals/w-1").status().code(), absl::StatusCode::kDeadlineExceeded)
      << "a view whose deadline the clock jumped over";
  const auto fresh = *store->Open(clock.Now() + absl::Seconds(10));
  for (int number = 1; number <= 3; ++number) {
    EXPECT_TRUE(fresh->Find(absl::StrCat("referrals/w-", number))->has_value()) << number;
    EXPECT_TRUE(fresh->FindAnswer(absl::StrCat("request", number), clock.Now())->has_value());
  }
  const auto events = fresh->ReadEvents(0, 9);
  ASSERT_EQ(events->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*events)[i].sequence, static_cast<std::int64_t>(i) + 1) << "in order of commit";
  }
}

}  // namespace
}  // namespace trusthub::store
