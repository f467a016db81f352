// Servers that freeze, die and fill up, and connections that break: nothing half done, nothing
// acknowledged lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/error/error.h"
#include "common/store/postgres/store_fixture.h"
#include "common/testing/cutting_relay.h"
#include "common/testing/temp_folder.h"

namespace trusthub::store {
namespace {

using testing::CuttingRelay;
using testing::FakeLeafSequencer;
using testing::LeafSet;
using testing::NumberedSet;
using testing::OptionsFor;
using testing::PostgresDatabase;
using testing::PostgresServer;
using testing::Snap;

constexpr errors::v1::ErrorReason kUnavailable = errors::v1::ERROR_REASON_STORE_UNAVAILABLE;
constexpr char kSocket[] = ".s.PGSQL.5432";

// What must hold of a store that NumberedSets went into, each with one record, event and leaf:
// every set is there whole, once, or not at all.
void CheckWhole(Store& store) {
  const auto view = Snap(store);
  const auto records = view->ListByKind(testing::kTestKind, 0, 1'000'000);
  const auto events = view->ReadEvents(0, 1'000'000);
  const auto leaves = view->ReadLeaves(0, 1'000'000);
  ASSERT_TRUE(records.ok() && events.ok() && leaves.ok());
  ASSERT_EQ(events->size(), records->size());
  ASSERT_EQ(leaves->size(), records->size());
  std::vector<std::string> inputs;
  for (std::size_t i = 0; i < events->size(); ++i) {
    EXPECT_EQ((*events)[i].sequence, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ((*events)[i].bytes, (*records)[i].bytes);
    EXPECT_EQ((*leaves)[i].bytes, (*records)[i].bytes);
    inputs.push_back((*leaves)[i].bytes);
  }
  if (inputs.empty()) return;
  EXPECT_EQ((*view->Head())->root, FakeLeafSequencer::RootOf(inputs));
}

bool IsThere(Store& store, const std::string& name) { return Snap(store)->Find(name)->has_value(); }

// --- A network that breaks during a commit
// --------------------------------------------------------

class CutCommitTest : public ::testing::Test {
 protected:
  CutCommitTest() : relay_(testing::SharedPostgresFolder(), kSocket) {
    Open(absl::Seconds(20));
    EXPECT_TRUE(CommitAndWait(*store_, NumberedSet("w", 0)).ok());
  }

  void Open(absl::Duration commit_limit) {
    store_.reset();
    PostgresOptions options =
        OptionsFor(absl::StrCat("postgresql://hub@/postgres?host=", relay_.folder(),
                                "&options=-csearch_path%3D", database_.name()),
                   &sequencer_);
    options.commit_limit = commit_limit;
    auto opened = OpenPostgres(options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  PostgresDatabase database_;
  FakeLeafSequencer sequencer_;
  CuttingRelay relay_;
  std::unique_ptr<Store> store_;
};

TEST_F(CutCommitTest, CommitThatTheServerNeverHeardIsDoneAgain) {
  relay_.CutAt("COMMIT", CuttingRelay::Cut::kBeforeServer);
  const auto committed = CommitAndWait(*store_, NumberedSet("w", 1));
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(relay_.cuts(), 1);
  EXPECT_EQ(committed->leaves[0].index, 1);
  EXPECT_EQ(committed->last_event_sequence, 2);
  EXPECT_EQ(sequencer_.rejects(), 1);
  EXPECT_TRUE(CommitAndWait(*store_, NumberedSet("w", 2)).ok());
  CheckWhole(*store_);
  EXPECT_EQ(*Snap(*store_)->LeafCount(), 3);
}

TEST_F(CutCommitTest, CommitWhoseAnswerWasLostIsAnsweredAndNotDoneTwice) {
  relay_.CutAt("COMMIT", CuttingRelay::Cut::kBeforeClient);
  const auto committed = CommitAndWait(*store_, NumberedSet("w", 1));
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(relay_.cuts(), 1);
  EXPECT_EQ(committed->leaves[0].index, 1);
  EXPECT_EQ(sequencer_.rejects(), 0) << "it is there";
  EXPECT_TRUE(CommitAndWait(*store_, NumberedSet("w", 2)).ok());
  CheckWhole(*store_);
  EXPECT_EQ(*Snap(*store_)->LeafCount(), 3);
}

TEST_F(CutCommitTest, OutcomeThatCannotBeFoundOutIsNeverOk) {
  Open(absl::Seconds(2));
  for (const auto cut : {CuttingRelay::Cut::kBeforeServer, CuttingRelay::Cut::kBeforeClient}) {
    const bool lands = cut == CuttingRelay::Cut::kBeforeClient;
    const int number = lands ? 2 : 1;
    relay_.CutAt("COMMIT", cut, /*stay_away=*/true);
    WriteSet set = NumberedSet("w", number);
    set.answer = PutAnswer{absl::StrCat("request", number), "digest", "answer",
                           RealClock().Now() + absl::Hours(1)};
    EXPECT_EQ(error::ReasonOf(CommitAndWait(*store_, set).status()), kUnavailable);
    EXPECT_EQ(error::ReasonOf(CommitAndWait(*store_, LeafSet("refused")).status()),
              errors::v1::ERROR_REASON_AUDIT_UNAVAILABLE);
    relay_.Mend();
    // The caller sends the same again: it is done now, or was done then, and once in any case.
    const absl::Status again = CommitAndWait(*store_, set).status();
    EXPECT_TRUE(lands ? IsConflict(again) : again.ok()) << again;
    EXPECT_TRUE(IsThere(*store_, absl::StrCat("referrals/w-", number)));
    EXPECT_TRUE(CommitAndWait(*store_, NumberedSet(absl::StrCat("after", number), 0)).ok());
  }
  CheckWhole(*store_);
  EXPECT_EQ(*Snap(*store_)->LeafCount(), 5);
}

TEST_F(CutCommitTest, BrokenReadersAreReplaced) {
  const auto view = Snap(*store_);
  ASSERT_TRUE(view->Find("referrals/w-0").ok());
  relay_.CutAt("UNION ALL", CuttingRelay::Cut::kBeforeServer);
  // A statement that this connection has not prepared yet: its text travels.
  EXPECT_EQ(error::ReasonOf(view->Versions("referrals/w-0").status()), kUnavailable);
  EXPECT_EQ(Snap(*store_)->Versions("referrals/w-0")->size(), 1u);
}

// --- Servers
// -----------------------------------------------------------------------------------------

class FaultyServerTest : public ::testing::Test {
 protected:
  FaultyServerTest() : server_(PostgresServer::Start().value()) {
    database_ = std::make_unique<PostgresDatabase>(server_->socket_folder());
  }

  PostgresOptions Options() {
    PostgresOptions options = OptionsFor(database_->url(), &sequencer_);
    options.commit_limit = absl::Seconds(20);
    return options;
  }
  std::unique_ptr<Store> Open(const PostgresOptions& options) {
    auto opened = OpenPostgres(options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }
  // Closes the store, opens it again, and expects every set that was answered with OK.
  void CheckAcknowledged(std::unique_ptr<Store> store,
                         const std::map<std::string, bool>& acknowledged,
                         const std::string& url = "") {
    CheckWhole(*store);
    store.reset();
    FakeLeafSequencer fresh;
    store = OpenPostgres(OptionsFor(url.empty() ? database_->url() : url, &fresh)).value();
    CheckWhole(*store);
    for (const auto& [name, ok] : acknowledged) {
      EXPECT_TRUE(!ok || IsThere(*store, name)) << "lost " << name;
    }
  }

  std::unique_ptr<PostgresServer> server_;
  std::unique_ptr<PostgresDatabase> database_;
  FakeLeafSequencer sequencer_;
};

// Writers that note what they were answered, and try nothing again.
class Writers {
 public:
  Writers(Store* store, int count) {
    for (int w = 0; w < count; ++w) {
      threads_.emplace_back([this, store, w] {
        for (int i = 0; !stop_; ++i) {
          WriteSet set = NumberedSet(absl::StrCat("w", w), i);
          const std::string name = set.records[0].head.name;
          const bool ok = CommitAndWait(*store, std::move(set)).ok();
          MutexLock lock(mutex_);
          answered_[name] = ok;
          if (ok) ++good_;
        }
      });
    }
  }
  // Until `count` more sets are answered with OK; false when that takes too long.
  bool WaitForGood(int count) {
    const int wanted = good_ + count;
    const absl::Duration until = MonotonicNow() + absl::Seconds(60);
    while (good_ < wanted && MonotonicNow() < until) std::this_thread::yield();
    return good_ >= wanted;
  }
  std::map<std::string, bool> Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    MutexLock lock(mutex_);
    return answered_;
  }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<int> good_{0};
  Mutex mutex_;
  std::map<std::string, bool> answered_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

TEST_F(FaultyServerTest, KilledBackendsLoseNothing) {
  auto store = Open(Options());
  Writers writers(store.get(), 8);
  for (int round = 0; round < 12; ++round) {
    EXPECT_TRUE(writers.WaitForGood(10));
    ASSERT_TRUE(database_
                    ->Run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                          " WHERE usename = 'hub'")
                    .ok());
  }
  EXPECT_TRUE(writers.WaitForGood(10));
  const auto answered = writers.Stop();
  int refused = 0;
  for (const auto& [name, ok] : answered) refused += ok ? 0 : 1;
  EXPECT_EQ(refused, 0) << "each time the engine found out and went on";
  CheckAcknowledged(std::move(store), answered);
}

TEST_F(FaultyServerTest, KilledServerLosesNothing) {
  PostgresOptions options = Options();
  options.commit_limit = absl::Milliseconds(500);
  auto store = Open(options);
  Writers writers(store.get(), 8);
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(writers.WaitForGood(20));
    server_->Kill();
    ASSERT_TRUE(server_->StartAgain().ok());
  }
  EXPECT_TRUE(writers.WaitForGood(20));
  CheckAcknowledged(std::move(store), writers.Stop());
}

TEST_F(FaultyServerTest, FrozenServerHangsNobody) {
  PostgresOptions options = Options();
  options.commit_limit = absl::Seconds(1);
  options.connect_limit = absl::Seconds(3);
  auto store = Open(options);
  ASSERT_TRUE(CommitAndWait(*store, NumberedSet("w", 0)).ok());
  ASSERT_TRUE(IsThere(*store, "referrals/w-0"));  // a reader is open
  server_->Freeze();
  const absl::Duration start = MonotonicNow();
  auto view = store->Open(RealClock().Now() + absl::Milliseconds(300));
  const absl::Status read = view.ok() ? (*view)->Find("referrals/w-0").status() : view.status();
  EXPECT_EQ(read.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(MonotonicNow() - start, absl::Seconds(3));
  EXPECT_EQ(error::ReasonOf(CommitAndWait(*store, NumberedSet("w", 1)).status()), kUnavailable);
  EXPECT_LT(MonotonicNow() - start, absl::Seconds(12));
  server_->Thaw();
  std::map<std::string, bool> answered;
  for (int i = 2; i < 5; ++i) {
    absl::Status status;
    do {
      status = CommitAndWait(*store, NumberedSet("w", i)).status();
    } while (error::ReasonOf(status) == kUnavailable);
    EXPECT_TRUE(status.ok() || IsConflict(status)) << status;
    answered[absl::StrCat("referrals/w-", i)] = true;
  }
  CheckAcknowledged(std::move(store), answered);
}

TEST_F(FaultyServerTest, WhatWaitsForAServerThatIsAwayIsRefusedSoon) {
  PostgresOptions options = Options();
  options.commit_limit = absl::Seconds(3);
  options.group_sets_max = 10;
  auto store = Open(options);
  server_->Kill();
  std::atomic<int> refused{0};
  for (int i = 0; i < 500; ++i) {
    store->Commit(NumberedSet("w", i), [&](absl::StatusOr<Committed> done) {
      if (error::ReasonOf(done.status()) == kUnavailable) ++refused;
    });
  }
  const absl::Duration start = MonotonicNow();
  store->Close();  // 50 groups
  EXPECT_EQ(refused, 500);
  EXPECT_LT(MonotonicNow() - start, absl::Seconds(20));
}

// A standby that never answers: the server waits for it, the store does not.
TEST_F(FaultyServerTest, CommitThatNoStandbyHasIsNotAcknowledged) {
  PostgresOptions options = Options();
  options.commit_limit = absl::Seconds(4);
  auto store = Open(options);
  ASSERT_TRUE(CommitAndWait(*store, NumberedSet("w", 0)).ok());
  server_->AddSetting("synchronous_standby_names = 'nobody'");
  server_->Reload();
  while (database_->Run("SHOW synchronous_standby_names").value() != "nobody") {
  }
  const absl::Duration start = MonotonicNow();
  absl::Status waited = absl::UnknownError("not answered");
  std::thread writer([&] { waited = CommitAndWait(*store, NumberedSet("w", 1)).status(); });
  // An administrator cancels the wait: PostgreSQL then answers that it committed, with a warning.
  while (database_
             ->Run("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity"
                   " WHERE wait_event = 'SyncRep'")
             .value() == "0") {
  }
  writer.join();
  EXPECT_EQ(error::ReasonOf(waited), kUnavailable) << waited;
  EXPECT_LT(MonotonicNow() - start, absl::Seconds(15));
  server_->AddSetting("synchronous_standby_names = ''");
  server_->Reload();
  absl::Status again;
  do {
    again = CommitAndWait(*store, NumberedSet("w", 1)).status();
  } while (error::ReasonOf(again) == kUnavailable);
  EXPECT_TRUE(IsConflict(again)) << again;  // it was there
  EXPECT_TRUE(CommitAndWait(*store, NumberedSet("w", 2)).ok());
  CheckAcknowledged(std::move(store), {{"referrals/w-0", true}, {"referrals/w-2", true}});
}

// The primary dies, the standby that had every commit takes over, and the store finds it.
TEST_F(FaultyServerTest, FailoverToTheStandbyThatHadEveryCommitLosesNothing) {
  const auto standby = PostgresServer::StartStandby(*server_, "second");
  ASSERT_TRUE(standby.ok()) << standby.status();
  server_->AddSetting("synchronous_standby_names = 'second'");
  server_->Reload();
  while (database_->Run("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")
             .value() != "1") {
  }
  PostgresOptions options = Options();
  options.url =
      absl::StrCat("postgresql://hub@/postgres?host=", server_->socket_folder(), ",",
                   (*standby)->socket_folder(), "&options=-csearch_path%3D", database_->name());
  auto store = Open(options);
  Writers writers(store.get(), 8);
  EXPECT_TRUE(writers.WaitForGood(50));
  server_->Kill();
  // It was told to wait for a standby named so, as the primary was: it would wait for ever.
  (*standby)->AddSetting("synchronous_standby_names = ''");
  (*standby)->Reload();
  ASSERT_TRUE((*standby)->Promote().ok());
  EXPECT_TRUE(writers.WaitForGood(50)) << "the store went on at the new primary";
  CheckAcknowledged(std::move(store), writers.Stop(), options.url);
}

// A standby that lacks what was acknowledged takes over.
TEST_F(FaultyServerTest, DatabaseThatLostCommitsIsNotWrittenTo) {
  auto store = Open(Options());
  ASSERT_TRUE(CommitAndWait(*store, NumberedSet("w", 0)).ok());
  server_->Stop();
  ASSERT_TRUE(server_->KeepCopy());
  ASSERT_TRUE(server_->StartAgain().ok());
  ASSERT_TRUE(CommitAndWait(*store, NumberedSet("w", 1)).ok());
  server_->Stop();
  ASSERT_TRUE(server_->GoBackToCopy());
  ASSERT_TRUE(server_->StartAgain().ok());
  EXPECT_EQ(error::ReasonOf(CommitAndWait(*store, NumberedSet("w", 2)).status()), kUnavailable);
  EXPECT_EQ(error::ReasonOf(CommitAndWait(*store, NumberedSet("w", 3)).status()), kUnavailable);
  EXPECT_EQ(*Snap(*store)->LeafCount(), 1);
}

TEST_F(FaultyServerTest, FullDiskRefusesAndRecovers) {
  testing::TempFolder folder;
  if (geteuid() != 0 || mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=48m,mode=0777")) {
    GTEST_SKIP() << "only root can mount a small disk";
  }
  const std::unique_ptr<const std::string, void (*)(const std::string*)> unmount(
      &folder.path(), [](const std::string* path) { umount2(path->c_str(), MNT_DETACH); });
  const std::string space = folder.File("space");
  ASSERT_EQ(mkdir(space.c_str(), 0700), 0);
  server_->Own(space);
  const auto made = database_->Run(absl::StrCat("CREATE TABLESPACE small LOCATION '", space, "'"));
  ASSERT_TRUE(made.ok()) << made.status();
  auto store = Open(Options());
  ASSERT_TRUE(database_->Run("ALTER TABLE record SET TABLESPACE small").ok());
  std::map<std::string, bool> answered;
  int refused = 0;
  for (int i = 0; i < 40 && refused < 2; ++i) {
    WriteSet set = NumberedSet("w", i);
    // Random bytes, which the server cannot press.
    set.records[0].bytes = RandomBytes(1 << 21);
    set.events.clear();
    set.leaves.clear();
    const absl::Status status = CommitAndWait(*store, std::move(set)).status();
    answered[absl::StrCat("referrals/w-", i)] = status.ok();
    if (status.ok()) continue;
    EXPECT_EQ(error::ReasonOf(status), kUnavailable) << status;
    ++refused;
  }
  EXPECT_EQ(refused, 2);
  EXPECT_TRUE(answered.at("referrals/w-0"));
  ASSERT_EQ(mount("tmpfs", folder.path().c_str(), "tmpfs", MS_REMOUNT, "size=192m"), 0);
  EXPECT_TRUE(CommitAndWait(*store, NumberedSet("after", 0)).ok());
  for (const auto& [name, ok] : answered) EXPECT_EQ(IsThere(*store, name), ok) << name;
  store.reset();
  server_->Kill();
}

}  // namespace
}  // namespace trusthub::store
