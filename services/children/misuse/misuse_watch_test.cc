#include "services/children/misuse/misuse_watch.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/fake_clock.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/children/misuse/misuse_fixture.h"

namespace trusthub::children {
namespace {

using ::testing::ElementsAre;
using testing::IsOk;
using ::testing::UnorderedElementsAre;

// A log that the test writes while it is read. Thread-safe.
class SharedLog {
 public:
  explicit SharedLog(absl::string_view id) : tree_(absl::StrCat("auditTrees/", id)), log_(id) {}
  const std::string& tree() const { return tree_; }
  void Add(const audit::v1::AuditEntry& entry) {
    MutexLock lock(mutex_);
    log_.Add(entry);
  }
  // The next reads fail.
  void Fail(bool fail) {
    MutexLock lock(mutex_);
    fails_ = fail;
  }
  absl::StatusOr<audit::v1::ListEntriesResponse> Read(std::int64_t first, int count) {
    MutexLock lock(mutex_);
    changed_.NotifyAll();
    if (fails_) {
      ++failures_;
      return error::ServiceUnavailable("referrals");
    }
    if (first >= log_.size()) ++ends_;
    return log_.Read(first, count);
  }
  // Waits until the log is asked for what comes after its last entry: all was taken up.
  void AwaitEnd() {
    MutexLock lock(mutex_);
    const int before = ends_;
    while (ends_ == before) changed_.Wait(mutex_);
  }
  void AwaitFailures(int count) {
    MutexLock lock(mutex_);
    while (failures_ < count) changed_.Wait(mutex_);
  }

 private:
  const std::string tree_;
  Mutex mutex_;
  CondVar changed_;
  WrittenLog log_ ABSL_GUARDED_BY(mutex_);
  bool fails_ ABSL_GUARDED_BY(mutex_) = false;
  int ends_ ABSL_GUARDED_BY(mutex_) = 0;
  int failures_ ABSL_GUARDED_BY(mutex_) = 0;
};

class SharedLogSource final : public LogSource {
 public:
  explicit SharedLogSource(std::vector<SharedLog*> logs) : logs_(std::move(logs)) {}
  absl::StatusOr<std::vector<std::string>> Trees() override {
    std::vector<std::string> trees;
    for (const SharedLog* log : logs_) trees.push_back(log->tree());
    return trees;
  }
  absl::StatusOr<audit::v1::ListEntriesResponse> Read(const std::string& tree, std::int64_t first,
                                                      int count) override {
    for (SharedLog* log : logs_) {
      if (log->tree() == tree) return log->Read(first, count);
    }
    return absl::NotFoundError(tree);
  }

 private:
  const std::vector<SharedLog*> logs_;
};

rpc::Backstage StageOn(store::Store* store) {
  static const testing::FakeClock clock;
  static audit::Pseudonyms* const pseudonyms =
      audit::MakeKeyedPseudonyms(std::string(32, 'p')).release();
  rpc::Backstage stage;
  stage.store = store;
  stage.index_hash = [](absl::string_view text) { return std::string(text); };
  stage.clocks = Clocks{&RealClock(), &clock};
  stage.audit_tree = "auditTrees/own";
  stage.pseudonyms = pseudonyms;
  return stage;
}

class MisuseWatchTest : public MisuseTest {
 protected:
  std::unique_ptr<rpc::Background> Start() {
    std::map<std::string, std::unique_ptr<LogSource>> logs;
    logs["children"] = std::make_unique<SharedLogSource>(std::vector{&own_});
    logs["referrals"] = std::make_unique<SharedLogSource>(std::vector{&referrals_, &replica_});
    return StartMisuseWatch(
        StageOn(&fixture_.store()),
        std::make_shared<Detector>(SmallRules(), std::vector<std::string>{"children", "referrals"}),
        std::move(logs));
  }
  std::vector<std::string> WorkersUnderReview() {
    std::vector<std::string> workers;
    for (const v1::AccessReview& review : Reviews()) workers.push_back(review.worker());
    return workers;
  }

  SharedLog own_{"own"};
  SharedLog referrals_{"ref"};
  SharedLog replica_{"ref2"};  // of a second replica of referrals
};

TEST_F(MisuseWatchTest, ReadsEveryLogAndGoesOnAfterARestart) {
  own_.Add(RefusalOf("a", "WORKER_CONFLICTED", Morning(16)));
  for (int i = 0; i < 250; ++i) referrals_.Add(EntryOf("b", "referrals.get", Morning(16)));
  referrals_.Add(RefusalOf("b", "WORKER_CONFLICTED", Morning(16)));
  {
    const auto watch = Start();
    own_.AwaitEnd();
    referrals_.AwaitEnd();
    EXPECT_THAT(WorkersUnderReview(), UnorderedElementsAre("workers/a", "workers/b"));
    watch->Stop();
  }
  referrals_.Add(RefusalOf("b", "WORKER_CONFLICTED", Morning(16)));
  referrals_.Add(RefusalOf("c", "WORKER_CONFLICTED", Morning(16)));
  const auto watch = Start();
  referrals_.AwaitEnd();
  EXPECT_THAT(WorkersUnderReview(), UnorderedElementsAre("workers/a", "workers/b", "workers/c"));
  EXPECT_EQ(ReviewOf("b", v1::MISUSE_PATTERN_CONFLICT)->count(), 2);
  watch->Stop();
}

TEST_F(MisuseWatchTest, ALogThatCannotBeReadHoldsUpNoOther) {
  referrals_.Fail(true);
  referrals_.Add(RefusalOf("b", "WORKER_CONFLICTED", Morning(16)));
  own_.Add(RefusalOf("a", "WORKER_CONFLICTED", Morning(16)));
  const auto watch = Start();
  referrals_.AwaitFailures(2);
  own_.AwaitEnd();
  EXPECT_THAT(WorkersUnderReview(), UnorderedElementsAre("workers/a"));
  referrals_.Fail(false);
  referrals_.AwaitEnd();
  EXPECT_THAT(WorkersUnderReview(), UnorderedElementsAre("workers/a", "workers/b"));
  watch->Stop();
  watch->Stop();  // again does nothing
}

TEST_F(MisuseWatchTest, WhatAWorkerDidAtTwoReplicasIsOneTally) {
  referrals_.Add(RefusalOf("b", "RECORD_NOT_FOUND", Morning(16)));
  replica_.Add(RefusalOf("b", "RECORD_NOT_FOUND", Morning(16) + absl::Minutes(1)));
  replica_.Add(RefusalOf("b", "RECORD_NOT_FOUND", Morning(16) + absl::Minutes(2)));
  replica_.Add(RefusalOf("c", "RECORD_NOT_FOUND", Morning(16)));
  const auto watch = Start();
  replica_.AwaitEnd();
  referrals_.AwaitEnd();  // read after the replica's
  EXPECT_THAT(WorkersUnderReview(), ElementsAre("workers/b"));
  EXPECT_EQ(ReviewOf("b", v1::MISUSE_PATTERN_REFUSALS)->count(), 3);
  watch->Stop();
}

TEST(OwnLogTest, FindsChildrenByRecordsAndPseudonyms) {
  testing::TempFolder folder;
  testing::FakeLeafSequencer sequencer;
  store::SqliteOptions options;
  options.path = folder.File("store.db");
  options.sequencer = &sequencer;
  const auto opened = store::OpenSqlite(options);
  ASSERT_THAT(opened, IsOk());
  rpc::Backstage stage = StageOn(opened->get());
  const auto own = OwnLog(stage);

  const auto commit = [&](absl::string_view child, audit::v1::AuditEntry entry) {
    auto snapshot = (*opened)->Open(absl::InfiniteFuture());
    ASSERT_THAT(snapshot, IsOk());
    store::Transaction tx(*std::move(snapshot), stage.index_hash, stage.clocks.domain->Now());
    v1::Child record;
    record.set_name(std::string(child));
    ASSERT_THAT(tx.Create(&record, kHubAgency, kHubAgency), IsOk());
    store::WriteSet set = tx.TakeWrites();
    set.leaves.push_back(audit::SaltAndSerialize(entry));
    ASSERT_THAT(store::CommitAndWait(**opened, std::move(set)), IsOk());
  };
  const auto children_of = [&](std::int64_t index) {
    const auto read = own->Read("", index, 1);
    EXPECT_THAT(read, IsOk());
    EXPECT_EQ(read->tree(), "auditTrees/own");
    EXPECT_EQ(read->entries_size(), 1);
    return std::vector<std::string>(read->entries(0).children().begin(),
                                    read->entries(0).children().end());
  };
  const absl::Time now = stage.clocks.domain->Now();
  audit::v1::AuditEntry registered = WorkOf("sw", "children.register", now);
  const auto name = [&](absl::string_view child, audit::v1::AuditEntry* entry) {
    auto view = (*opened)->Open(absl::InfiniteFuture());
    ASSERT_THAT(view, IsOk());
    ASSERT_THAT(audit::AddChild(*stage.pseudonyms, child, **view, entry), IsOk());
  };
  name("children/a", &registered);
  commit("children/a", registered);
  EXPECT_THAT(children_of(0), ElementsAre("children/a"));
  // One that came later, and one by its record beside one that nobody knows.
  audit::v1::AuditEntry read = EntryOf("sw", "children.get", now);
  read.add_records("children/a");
  read.add_records("breakGlasses/unknown");
  name("children/b", &read);
  read.add_child_pseudonyms("of nobody");
  commit("children/b", read);
  EXPECT_THAT(children_of(1), ElementsAre("children/a", "children/b"));
  const auto past = own->Read("", 2, 1);
  ASSERT_THAT(past, IsOk());
  EXPECT_EQ(past->entries_size(), 0);
  EXPECT_EQ(past->tree_size(), 2);
}

}  // namespace
}  // namespace trusthub::children
