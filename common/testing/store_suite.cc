#include "common/testing/store_suite.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/time/clock.h"

namespace trusthub::testing {

using store::Committed;
using store::IsConflict;
using store::PutRecord;
using store::RecordKind;
using store::Snapshot;
using store::StoredRecord;
using store::WriteSet;

constexpr RecordKind kKind = kTestKind;
const absl::Time kWritten = TestWritten(0);

// Defined with the tests about threads; called so that the linker takes them along.
void LinkStoreSuiteThreads();

// --- Builders ---------------------------------------------------------------------------------

WriteSet AnswerSet(absl::string_view key, absl::string_view response, absl::Time expires) {
  WriteSet set;
  set.answer.emplace();
  set.answer->key = std::string(key);
  set.answer->request_digest = "digest";
  set.answer->response = std::string(response);
  set.answer->expires = expires;
  return set;
}

WriteSet StateSet(absl::string_view space, absl::string_view key,
                  std::optional<std::string> value) {
  WriteSet set;
  set.states.push_back({std::string(space), std::string(key), std::move(value)});
  return set;
}

WriteSet TouchSet(absl::string_view key) {
  WriteSet set;
  set.touches.emplace_back(key);
  return set;
}

std::vector<std::string> NamesOf(const std::vector<StoredRecord>& records) {
  std::vector<std::string> names;
  for (const StoredRecord& record : records) names.push_back(record.name);
  return names;
}

// --- Fixture ----------------------------------------------------------------------------------

void StoreSuite::SetUp() {
  LinkStoreSuiteThreads();
  factory_ = GetParam()();
  Reopen();
}

void StoreSuite::TearDown() { store_.reset(); }

void StoreSuite::Reopen() {
  store_.reset();
  sequencer_ = std::make_unique<FakeLeafSequencer>();
  auto opened = factory_->Open(sequencer_.get(), 4096);
  ASSERT_TRUE(opened.ok()) << opened.status();
  store_ = *std::move(opened);
}

std::unique_ptr<Snapshot> StoreSuite::Snap() {
  auto snapshot = store_->Open(absl::InfiniteFuture());
  EXPECT_TRUE(snapshot.ok()) << snapshot.status();
  return *std::move(snapshot);
}

absl::StatusOr<Committed> StoreSuite::Commit(WriteSet set) {
  return store::CommitAndWait(*store_, std::move(set));
}

// --- Records ----------------------------------------------------------------------------------

TEST_P(StoreSuite, RecordIsFoundWithItsHeadAlsoAfterReopen) {
  ASSERT_TRUE(Commit(RecordSet("referrals/a", 1, std::string("one\0two", 7))).ok());
  for (int round = 0; round < 2; ++round) {
    const auto found = Snap()->Find("referrals/a");
    ASSERT_TRUE(found.ok() && found->has_value());
    EXPECT_EQ((*found)->name, "referrals/a");
    EXPECT_EQ((*found)->kind, kKind);
    EXPECT_EQ((*found)->child, "children/c1");
    EXPECT_EQ((*found)->owner_agency, "agencies/council");
    EXPECT_EQ((*found)->author_agency, "agencies/trust");
    EXPECT_EQ((*found)->version, 1);
    EXPECT_EQ((*found)->position, 1);
    EXPECT_EQ((*found)->bytes, std::string("one\0two", 7));
    Reopen();
  }
  EXPECT_FALSE(Snap()->Find("referrals/b")->has_value());
}

TEST_P(StoreSuite, EveryVersionIsKept) {
  ASSERT_TRUE(Commit(RecordSet("referrals/a", 1, "one")).ok());
  ASSERT_TRUE(Commit(RecordSet("referrals/a", 2, "two")).ok());
  ASSERT_TRUE(Commit(RecordSet("referrals/a", 3, "three")).ok());
  const auto versions = Snap()->Versions("referrals/a");
  ASSERT_TRUE(versions.ok());
  ASSERT_EQ(versions->size(), 3u);
  EXPECT_EQ((*versions)[0].bytes, "one");
  EXPECT_EQ((*versions)[1].version, 2);
  EXPECT_EQ((*versions)[2].bytes, "three");
  EXPECT_EQ((*versions)[2].written, kWritten + absl::Seconds(3));
  EXPECT_EQ((*Snap()->Find("referrals/a"))->bytes, "three");
  EXPECT_EQ((*Snap()->Find("referrals/a"))->position, 1);
  EXPECT_TRUE(Snap()->Versions("referrals/b")->empty());
}

TEST_P(StoreSuite, TwoVersionsInOneSet) {
  WriteSet set = RecordSet("referrals/a", 1, "one");
  set.records.push_back(RecordPut("referrals/a", 2, "two"));
  ASSERT_TRUE(Commit(std::move(set)).ok());
  EXPECT_EQ(Snap()->Versions("referrals/a")->size(), 2u);
}

TEST_P(StoreSuite, WrongVersionConflicts) {
  EXPECT_TRUE(IsConflict(Commit(RecordSet("referrals/a", 2, "x")).status()));
  ASSERT_TRUE(Commit(RecordSet("referrals/a", 1, "one")).ok());
  EXPECT_TRUE(IsConflict(Commit(RecordSet("referrals/a", 1, "x")).status()));
  EXPECT_TRUE(IsConflict(Commit(RecordSet("referrals/a", 3, "x")).status()));
  EXPECT_EQ((*Snap()->Find("referrals/a"))->bytes, "one");
}

TEST_P(StoreSuite, ListsGoByPositionInPages) {
  for (int i = 0; i < 7; ++i) {
    const std::string child = i % 2 == 0 ? "children/c1" : "children/c2";
    ASSERT_TRUE(Commit(RecordSet("referrals/r" + std::to_string(9 - i), 1, "x", child)).ok());
  }
  auto snapshot = Snap();
  const auto first = snapshot->ListByKind(kKind, 0, 3);
  EXPECT_EQ(NamesOf(*first),
            (std::vector<std::string>{"referrals/r9", "referrals/r8", "referrals/r7"}));
  const auto second = snapshot->ListByKind(kKind, first->back().position, 100);
  EXPECT_EQ(second->size(), 4u);
  EXPECT_EQ(second->front().name, "referrals/r6");
  EXPECT_EQ(NamesOf(*snapshot->ListByChild(kKind, "children/c2", 0, 2)),
            (std::vector<std::string>{"referrals/r8", "referrals/r6"}));
  EXPECT_TRUE(snapshot->ListByChild(options::v1::RECORD_KIND_PLAN, "children/c2", 0, 9)->empty());
  EXPECT_TRUE(snapshot->ListByKind(options::v1::RECORD_KIND_PLAN, 0, 9)->empty());
}

TEST_P(StoreSuite, UpdateReplacesIndexEntries) {
  WriteSet set = RecordSet("referrals/a", 1, "one");
  set.records[0].index = {{"f.state", "new"}, {"f.agency", "x"}, {"f.state", "new"}};
  ASSERT_TRUE(Commit(std::move(set)).ok());
  set = RecordSet("referrals/a", 2, "two");
  set.records[0].index = {{"f.state", "old"}, {"f.agency", "x"}};
  ASSERT_TRUE(Commit(std::move(set)).ok());
  Reopen();
  auto snapshot = Snap();
  EXPECT_TRUE(snapshot->ListByIndex(kKind, "f.state", "new", 0, 9)->empty());
  EXPECT_EQ(snapshot->ListByIndex(kKind, "f.state", "old", 0, 9)->size(), 1u);
  const auto found = snapshot->ListByIndex(kKind, "f.agency", "x", 0, 9);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ((*found)[0].bytes, "two");
  EXPECT_TRUE(snapshot->ListByIndex(kKind, "f.agency", "x", (*found)[0].position, 9)->empty());
  EXPECT_TRUE(snapshot->ListByIndex(options::v1::RECORD_KIND_PLAN, "f.agency", "x", 0, 9)->empty());
}

TEST_P(StoreSuite, UniqueKeyIsHeldByOneRecord) {
  WriteSet set = RecordSet("plans/a", 1, "a");
  set.records[0].index = {{"plans/open", "children/c1", true}};
  ASSERT_TRUE(Commit(set).ok());
  set.records[0].head.name = "plans/b";
  EXPECT_TRUE(IsConflict(Commit(set).status()));
  set.records[0].index[0].unique = false;  // nor may it be shared by not asking for it
  EXPECT_TRUE(IsConflict(Commit(set).status()));
  EXPECT_FALSE(Snap()->Find("plans/b")->has_value());

  WriteSet keep = RecordSet("plans/a", 2, "still open");
  keep.records[0].index = {{"plans/open", "children/c1", true}};
  ASSERT_TRUE(Commit(keep).ok()) << "a holder may keep its key";
  ASSERT_TRUE(Commit(RecordSet("plans/a", 3, "closed")).ok());
  set.records[0].index[0].unique = true;
  EXPECT_TRUE(Commit(set).ok()) << "a key given up is free";
}

TEST_P(StoreSuite, UniqueKeyTwiceInOneSetConflicts) {
  WriteSet set = RecordSet("plans/a", 1, "a");
  set.records.push_back(RecordPut("plans/b", 1, "b"));
  for (PutRecord& put : set.records) put.index = {{"plans/open", "children/c1", true}};
  EXPECT_TRUE(IsConflict(Commit(std::move(set)).status()));
  EXPECT_FALSE(Snap()->Find("plans/a")->has_value());
}

// --- Sets -------------------------------------------------------------------------------------

TEST_P(StoreSuite, ConflictLeavesNoTrace) {
  ASSERT_TRUE(Commit(RecordSet("referrals/taken", 1, "x")).ok());
  WriteSet set = RecordSet("referrals/a", 1, "a");
  set.records.push_back(RecordPut("referrals/taken", 1, "again"));  // conflicts
  set.records[0].index = {{"f.state", "new"}};
  set.events.push_back({"children/c1", "event"});
  set.states.push_back({"space", "key", "value"});
  set.touches.emplace_back("children/c1");
  set.leaves.emplace_back("leaf");
  set.answer = AnswerSet("request", "response", absl::InfiniteFuture()).answer;
  set.answer->expires = kWritten + absl::Hours(24 * 365 * 100);
  EXPECT_TRUE(IsConflict(Commit(set).status()));

  auto snapshot = Snap();
  EXPECT_FALSE(snapshot->Find("referrals/a")->has_value());
  EXPECT_TRUE(snapshot->ListByIndex(kKind, "f.state", "new", 0, 9)->empty());
  EXPECT_EQ(*snapshot->LastEventSequence(), 0);
  EXPECT_FALSE(snapshot->FindState("space", "key")->has_value());
  EXPECT_EQ(*snapshot->Sequence("children/c1"), 0);
  EXPECT_EQ(*snapshot->LeafCount(), 0);
  EXPECT_FALSE(snapshot->FindAnswer("request", kWritten)->has_value());
  EXPECT_EQ(sequencer_->size(), 0);

  set.records.pop_back();
  const auto committed = Commit(set);
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(committed->last_event_sequence, 1) << "a refused set uses up no number";
  EXPECT_EQ((*Snap()->Find("referrals/a"))->position, 2);
  ASSERT_EQ(committed->leaves.size(), 1u);
  EXPECT_EQ(committed->leaves[0].index, 0);
}

TEST_P(StoreSuite, GuardHoldsOnlyWhileUntouched) {
  WriteSet first = StateSet("s", "a", "1");
  first.guards = {{"children/c1", 0}};
  first.touches = {"children/c1", "children/c1"};
  ASSERT_TRUE(Commit(first).ok());
  EXPECT_EQ(*Snap()->Sequence("children/c1"), 1) << "a sequence counts sets, not mentions";
  EXPECT_TRUE(IsConflict(Commit(first).status()));
  first.guards[0].seen = 1;
  EXPECT_TRUE(Commit(first).ok());
  ASSERT_TRUE(Commit(TouchSet("other")).ok());
  Reopen();
  EXPECT_EQ(*Snap()->Sequence("children/c1"), 2);
  EXPECT_EQ(*Snap()->Sequence("other"), 1);
}

TEST_P(StoreSuite, AnswerIsKeptOnceUntilItExpires) {
  const absl::Time later = RealClock().Now() + absl::Hours(1);
  ASSERT_TRUE(Commit(AnswerSet("k", "first", later)).ok());
  EXPECT_TRUE(IsConflict(Commit(AnswerSet("k", "second", later)).status()));
  WriteSet with_record = AnswerSet("k", "third", later);
  with_record.records.push_back(RecordPut("referrals/a", 1, "a"));
  EXPECT_TRUE(IsConflict(Commit(with_record).status()));
  EXPECT_FALSE(Snap()->Find("referrals/a")->has_value());
  Reopen();
  const auto answer = Snap()->FindAnswer("k", later - absl::Seconds(1));
  ASSERT_TRUE(answer.ok() && answer->has_value());
  EXPECT_EQ((*answer)->response, "first");
  EXPECT_EQ((*answer)->request_digest, "digest");
  EXPECT_FALSE(Snap()->FindAnswer("k", later)->has_value());
}

TEST_P(StoreSuite, ExpiredAnswerMakesRoom) {
  const absl::Time past = RealClock().Now() - absl::Hours(1);
  ASSERT_TRUE(Commit(AnswerSet("k", "old", past)).ok());
  const absl::Time later = RealClock().Now() + absl::Hours(1);
  ASSERT_TRUE(Commit(AnswerSet("k", "new", later)).ok());
  EXPECT_EQ((*Snap()->FindAnswer("k", RealClock().Now()))->response, "new");
}

TEST_P(StoreSuite, StatesAreSetListedAndRemoved) {
  ASSERT_TRUE(Commit(StateSet("s", "b", "2")).ok());
  ASSERT_TRUE(Commit(StateSet("s", "a", "1")).ok());
  ASSERT_TRUE(Commit(StateSet("t", "a", "")).ok());
  ASSERT_TRUE(Commit(StateSet("s", "b", "3")).ok());
  Reopen();
  auto snapshot = Snap();
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(*snapshot->ListState("s", "", 9), (Pairs{{"a", "1"}, {"b", "3"}}));
  EXPECT_EQ(*snapshot->ListState("s", "a", 9), (Pairs{{"b", "3"}}));
  EXPECT_EQ(*snapshot->ListState("s", "", 1), (Pairs{{"a", "1"}}));
  EXPECT_EQ(*snapshot->FindState("t", "a"), std::optional<std::string>(""));
  ASSERT_TRUE(Commit(StateSet("s", "b", std::nullopt)).ok());
  EXPECT_FALSE(Snap()->FindState("s", "b")->has_value());
}

// --- Events and leaves ------------------------------------------------------------------------

TEST_P(StoreSuite, EventsAreNumberedWithoutGaps) {
  ASSERT_TRUE(Commit(EventSet("children/c1", "a")).ok());
  WriteSet set = EventSet("children/c2", "b");
  set.events.push_back({"children/c1", "c"});
  set.events.push_back({"", "d"});
  const auto committed = Commit(std::move(set));
  ASSERT_TRUE(committed.ok());
  EXPECT_EQ(committed->last_event_sequence, 4);
  Reopen();
  EXPECT_EQ(Commit(EventSet("children/c1", "e"))->last_event_sequence, 5);

  auto snapshot = Snap();
  EXPECT_EQ(*snapshot->LastEventSequence(), 5);
  const auto events = snapshot->ReadEvents(0, 100);
  ASSERT_EQ(events->size(), 5u);
  const std::vector<std::int64_t> of_child = {1, 1, 2, 0, 3};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ((*events)[i].sequence, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ((*events)[i].child_sequence, of_child[i]);
    EXPECT_EQ((*events)[i].bytes, std::string(1, static_cast<char>('a' + i)));
  }
  EXPECT_EQ(snapshot->ReadEvents(2, 2)->back().sequence, 4);
  EXPECT_EQ(Commit(TouchSet("x"))->last_event_sequence, 0);
  EXPECT_EQ(*Snap()->Sequence("children/c1"), 0) << "events alone touch no key";
}

TEST_P(StoreSuite, AViewIsTurnedToItsOwnLogAndToNoUnknownOne) {
  ASSERT_TRUE(Commit(LeafSet("one")).ok());
  auto snapshot = Snap();
  EXPECT_EQ(*snapshot->Trees(), std::vector<std::string>{"auditTrees/fake"});
  EXPECT_TRUE(snapshot->TurnTo("auditTrees/fake").ok());
  EXPECT_TRUE(absl::IsNotFound(snapshot->TurnTo("auditTrees/another")));
  EXPECT_EQ(*snapshot->LeafCount(), 1);
}

TEST_P(StoreSuite, LeavesAreKeptWithTheirHead) {
  EXPECT_EQ(*Snap()->Head(), nullptr);
  WriteSet set = LeafSet("one");
  set.leaves.emplace_back("two");
  const auto committed = Commit(std::move(set));
  ASSERT_TRUE(committed.ok());
  ASSERT_EQ(committed->leaves.size(), 2u);
  EXPECT_EQ(committed->leaves[1].index, 1);
  EXPECT_EQ(committed->head->size, 2);
  Reopen();
  EXPECT_EQ(sequencer_->size(), 2);
  EXPECT_EQ(Commit(LeafSet("three"))->leaves[0].index, 2);

  auto snapshot = Snap();
  EXPECT_EQ(*snapshot->LeafCount(), 3);
  const auto head = *snapshot->Head();
  EXPECT_EQ(head->tree, "auditTrees/fake");
  EXPECT_EQ(head->size, 3);
  EXPECT_EQ(head->root, FakeLeafSequencer::RootOf({"one", "two", "three"}));
  EXPECT_EQ(head->signature, "signed 3");
  EXPECT_EQ(head->sign_time, absl::FromUnixSeconds(1'290'000'003));
  const auto leaves = snapshot->ReadLeaves(1, 9);
  ASSERT_EQ(leaves->size(), 2u);
  EXPECT_EQ((*leaves)[0].index, 1);
  EXPECT_EQ((*leaves)[0].bytes, "two");
  EXPECT_EQ(snapshot->ReadLeaves(0, 1)->size(), 1u);
}

TEST_P(StoreSuite, LeavesAreFoundByTheirKeys) {
  WriteSet set;
  set.leaves.push_back({"one", {"a", "b", "a"}});
  set.leaves.push_back({"two", {}});
  ASSERT_TRUE(Commit(std::move(set)).ok());
  WriteSet later = LeafSet("three");
  later.leaves.push_back({"four", {"a"}});
  ASSERT_TRUE(Commit(std::move(later)).ok());
  Reopen();
  auto snapshot = Snap();
  const auto found = [&](absl::string_view key, std::int64_t first, int limit) {
    std::string joined;
    const auto leaves = snapshot->ListLeavesByKey(key, first, limit);
    for (const store::StoredLeaf& leaf : *leaves) {
      absl::StrAppend(&joined, leaf.index, "=", leaf.bytes, " ");
    }
    return joined;
  };
  EXPECT_EQ(found("a", 0, 9), "0=one 3=four ");
  EXPECT_EQ(found("a", 0, 1), "0=one ");
  EXPECT_EQ(found("a", 1, 9), "3=four ");
  EXPECT_EQ(found("b", 0, 9), "0=one ");
  EXPECT_EQ(found("c", 0, 9), "");
}

// More than an engine may set aside before it sorts them: each key stands before and after that.
TEST_P(StoreSuite, ManyLeavesAreFoundByTheirKeys) {
  constexpr int kSets = 7, kLeavesOfASet = 400, kPage = 100;
  std::map<std::string, std::vector<std::int64_t>> expected;
  const auto add = [&](int set_number) {
    WriteSet set;
    for (int i = 0; i < kLeavesOfASet; ++i) {
      const std::int64_t index = set_number * kLeavesOfASet + i;
      std::vector<std::string> keys;
      if (index % 5 != 0) keys.push_back(absl::StrCat("often ", index % 3));
      if (index % 11 == 0) keys.push_back(absl::StrCat("seldom ", index % 2));
      if (index % 13 == 0) keys.push_back("often 1");
      if (index % 400 == 7) keys.push_back("once a set");
      for (const std::string& key : std::set<std::string>(keys.begin(), keys.end())) {
        expected[key].push_back(index);
      }
      set.leaves.push_back({absl::StrCat("leaf ", index), std::move(keys)});
    }
    ASSERT_TRUE(Commit(std::move(set)).ok());
  };
  const auto check = [&] {
    auto snapshot = Snap();
    for (const auto& [key, indexes] : expected) {
      std::vector<std::int64_t> found;
      for (std::int64_t first = 0;; first = found.back() + 1) {
        const auto page = snapshot->ListLeavesByKey(key, first, kPage);
        ASSERT_TRUE(page.ok());
        for (const store::StoredLeaf& leaf : *page) {
          EXPECT_EQ(leaf.bytes, absl::StrCat("leaf ", leaf.index));
          found.push_back(leaf.index);
        }
        if (page->size() < kPage) break;
      }
      EXPECT_EQ(found, indexes) << key;
    }
  };
  for (int set_number = 0; set_number < kSets; ++set_number) {
    add(set_number);
    check();
    if (set_number % 3 == 1) Reopen();
  }
  Reopen();
  check();
}

TEST_P(StoreSuite, TilesAreKeptAndReplaced) {
  ASSERT_TRUE(Commit(LeafSet("one")).ok());
  ASSERT_TRUE(Commit(LeafSet("two")).ok());
  Reopen();
  ASSERT_TRUE(Commit(LeafSet("three")).ok());
  auto snapshot = Snap();
  const auto found = [&](int level, std::int64_t first, int limit) {
    std::string joined;
    const auto tiles = snapshot->ReadTiles(level, first, limit);
    for (const store::Tile& tile : *tiles) {
      absl::StrAppend(&joined, tile.level, "/", tile.index, "=", tile.bytes, " ");
    }
    return joined;
  };
  EXPECT_EQ(found(0, 0, 9), "0/1=1 0/2=2 0/3=3 ");
  EXPECT_EQ(found(0, 2, 1), "0/2=2 ");
  EXPECT_EQ(found(1, 0, 9), "1/0=3 ");
  EXPECT_EQ(found(2, 0, 9), "");
}

TEST_P(StoreSuite, NothingIsWrittenWhenTheLogRefuses) {
  sequencer_->FailExtend(true);
  EXPECT_EQ(error::ReasonOf(Commit(LeafSet("lost")).status()),
            errors::v1::ERROR_REASON_AUDIT_UNAVAILABLE);
  WriteSet set = RecordSet("referrals/a", 1, "a");
  set.leaves.emplace_back("leaf");
  EXPECT_EQ(error::ReasonOf(Commit(set).status()), errors::v1::ERROR_REASON_STORE_UNAVAILABLE);
  EXPECT_FALSE(Snap()->Find("referrals/a")->has_value());
  sequencer_->FailExtend(false);
  const auto committed = Commit(set);
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(committed->leaves[0].index, 0);
}

}  // namespace trusthub::testing
