#include "services/children/misuse/detector.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/testing/matchers.h"
#include "common/testing/seed.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/children/misuse/misuse_fixture.h"

namespace trusthub::children {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;

constexpr char kCouncil[] = "agencies/redbridge-council";

class DetectorTest : public MisuseTest {
 protected:
  void KnowWorker(const std::string& id, const std::string& team, const std::string& postcode) {
    events::v1::Event event;
    event.set_kind(events::v1::EVENT_KIND_WORKER_CHANGED);
    event.set_record("workers/" + id);
    event.mutable_worker()->set_worker(event.record());
    event.mutable_worker()->set_agency(kCouncil);
    event.mutable_worker()->set_team(team);
    event.mutable_worker()->set_home_postcode(postcode);
    fixture_.Know(event);
  }
  events::v1::WorkerFact Leaver(const std::string& id, int last_day) {
    events::v1::WorkerFact fact;
    fact.set_worker("workers/" + id);
    fact.set_agency(kCouncil);
    *fact.mutable_leave_date() = DateOf(2010, 3, last_day);
    return fact;
  }
  void Allocate(const std::string& child, const std::string& worker, int end_day = 0,
                int start_day = 1) {
    events::v1::Event event;
    event.set_kind(events::v1::EVENT_KIND_ALLOCATION_CHANGED);
    event.set_child(child);
    event.mutable_allocation()->set_allocation(absl::StrCat("allocations/", IdOf(child), worker));
    event.mutable_allocation()->set_worker("workers/" + worker);
    event.mutable_allocation()->set_agency(kCouncil);
    *event.mutable_allocation()->mutable_start_time() = TimeToProto(Morning(start_day));
    if (end_day > 0) {
      *event.mutable_allocation()->mutable_end_time() = TimeToProto(Morning(end_day));
    }
    fixture_.Know(event);
  }
  void Involve(const std::string& child, const std::string& kind, int start_day = 1) {
    events::v1::Event event;
    event.set_kind(events::v1::EVENT_KIND_INVOLVEMENT_CHANGED);
    event.set_child(child);
    event.mutable_involvement()->set_agency(kCouncil);
    event.mutable_involvement()->set_kind(kind);
    *event.mutable_involvement()->mutable_start_time() = TimeToProto(Morning(start_day));
    fixture_.Know(event);
  }
  // Both logs read to their end, `day` at nine o'clock, and every complete day looked back on.
  void ReadAll(int day) {
    fixture_.SetNow(Morning(day));
    Take(detector_, "children", own_);
    Take(detector_, "referrals", referrals_);
    LookBack(fixture_, detector_);
  }

  const Detector detector_{SmallRules(), {"children", "referrals"}};
  WrittenLog own_{"own"};
  WrittenLog referrals_{"ref"};
};

TEST_F(DetectorTest, RefusalsWithinTheWindow) {
  for (const int minute : {0, 1}) {
    referrals_.Add(RefusalOf("sw", "RECORD_NOT_FOUND", Morning(16) + absl::Minutes(minute)));
  }
  referrals_.Add(RefusalOf("sw", "RECORD_NOT_FOUND", Morning(16) + absl::Minutes(60)));
  Take(detector_, "referrals", referrals_);
  EXPECT_THAT(Reviews(), IsEmpty()) << "three, but not within an hour";
  referrals_.Add(RefusalOf("other", "RECORD_NOT_FOUND", Morning(16) + absl::Minutes(2)));
  Take(detector_, "referrals", referrals_);
  EXPECT_THAT(Reviews(), IsEmpty()) << "by two workers";
  own_.Add(RefusalOf("sw", "RECORD_NOT_FOUND", Morning(16) + absl::Minutes(59)));
  Take(detector_, "children", own_);
  const auto review = ReviewOf("sw", v1::MISUSE_PATTERN_REFUSALS);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->count(), 4);
  EXPECT_THAT(review->entries(),
              ElementsAre("auditTrees/ref/entries/0", "auditTrees/ref/entries/1",
                          "auditTrees/own/entries/0", "auditTrees/ref/entries/2"));
  EXPECT_EQ(TimeFromProto(review->first_time()), Morning(16));
  EXPECT_EQ(TimeFromProto(review->last_time()), Morning(16) + absl::Minutes(60));
  EXPECT_EQ(review->owner_agency(), kCouncil);
}

TEST_F(DetectorTest, OneConflictIsEnough) {
  own_.Add(RefusalOf("sw", "RECORD_NOT_FOUND", Morning(16)));
  Take(detector_, "children", own_);
  EXPECT_THAT(Reviews(), IsEmpty());
  own_.Add(RefusalOf("sw", "WORKER_CONFLICTED", Morning(16)));
  Take(detector_, "children", own_);
  EXPECT_TRUE(ReviewOf("sw", v1::MISUSE_PATTERN_CONFLICT).has_value());
}

TEST_F(DetectorTest, ANeighboursChild) {
  const std::string child = Registered("redbridge-council", Ayesha());
  KnowWorker("far", "duty", "E17 4PP");
  KnowWorker("near", "duty", "ig12ab");
  KnowWorker("unknown", "duty", "");
  for (const char* worker : {"far", "near", "unknown"}) {
    referrals_.Add(EntryOf(worker, "referrals.get", Morning(16)), {child});
    referrals_.Add(EntryOf(worker, "referrals.get", Morning(16) + absl::Hours(1)), {child});
  }
  Take(detector_, "referrals", referrals_);
  ASSERT_THAT(Reviews(), SizeIs(1));
  EXPECT_EQ(Reviews()[0].worker(), "workers/near");
  EXPECT_EQ(Reviews()[0].pattern(), v1::MISUSE_PATTERN_SAME_ADDRESS);
  EXPECT_EQ(Reviews()[0].count(), 1) << "one child counts once a day";
  EXPECT_EQ(Reviews()[0].child(), "") << "where a child lives is not told";
}

TEST_F(DetectorTest, ChildrenAllocatedToNobodyInTheTeam) {
  KnowWorker("sw", "north", "");
  KnowWorker("colleague", "north", "");
  KnowWorker("stranger", "south", "");
  Allocate("children/own", "sw");
  Allocate("children/teams", "colleague");
  Allocate("children/other-teams", "stranger");
  Allocate("children/ended", "colleague", /*end_day=*/15);
  Allocate("children/ended-since", "colleague", /*end_day=*/17);
  Allocate("children/begun-since", "colleague", /*end_day=*/0, /*start_day=*/17);
  const auto read = [&](const std::string& child) {
    referrals_.Add(EntryOf("sw", "referrals.get", Morning(16)), {child});
    Take(detector_, "referrals", referrals_);
  };
  for (const char* child :
       {"children/own", "children/teams", "children/ended-since", "children/other-teams",
        "children/begun-since", "children/begun-since"}) {
    read(child);
  }
  EXPECT_THAT(Reviews(), IsEmpty()) << "two of another team or of nobody yet";
  read("children/ended");
  const auto review = ReviewOf("sw", v1::MISUSE_PATTERN_NO_ALLOCATION);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->count(), 3);
}

TEST_F(DetectorTest, AnAgencyWithoutTeamsIsOneTeam) {
  Allocate("children/c", "colleague");
  for (const char* child : {"children/c", "children/d", "children/e"}) {
    referrals_.Add(EntryOf("sw", "referrals.get", Morning(16)), {child});
  }
  Take(detector_, "referrals", referrals_);
  EXPECT_THAT(Reviews(), IsEmpty());
}

TEST_F(DetectorTest, EmergencyAccessAsAHabit) {
  const auto open = [&](const std::string& record) {
    audit::v1::AuditEntry entry = WorkOf("nurse", "break_glass.open", Morning(16));
    entry.add_records("breakGlasses/" + record);
    own_.Add(entry, {"children/c"});
    Take(detector_, "children", own_);
  };
  open("a");
  open("b");
  open("b");
  EXPECT_THAT(Reviews(), IsEmpty()) << "the one that lasts was answered again";
  open("c");
  const auto review = ReviewOf("nurse", v1::MISUSE_PATTERN_BREAK_GLASS_HABIT);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->count(), 3);
}

TEST_F(DetectorTest, LookedUpAndNothingDone) {
  // One is referred, one is the council's already, one becomes so, one was worked on before only.
  Involve("children/known", "RESPONSIBLE");
  Involve("children/becomes", "RESPONSIBLE", /*start_day=*/18);
  Involve("children/becomes-late", "RESPONSIBLE", /*start_day=*/20);
  Involve("children/held", "HOLDING");
  referrals_.Add(WorkOf("colleague", "referrals.decide", Morning(15)), {"children/before"});
  for (const char* child : {"children/referred", "children/known", "children/held",
                            "children/before", "children/becomes", "children/becomes-late"}) {
    own_.Add(EntryOf("sw", "children.get", Morning(16)), {child});
  }
  referrals_.Add(WorkOf("colleague", "referrals.submit", Morning(19)), {"children/referred"});
  own_.Add(WorkOf("sw", "break_glass.open", Morning(17)), {"children/before"});
  ReadAll(19);
  EXPECT_FALSE(ReviewOf("sw", v1::MISUSE_PATTERN_SEARCH_THEN_NOTHING).has_value())
      << "the three days are not over";
  ReadAll(20);
  const auto review = ReviewOf("sw", v1::MISUSE_PATTERN_SEARCH_THEN_NOTHING);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->count(), 3);
  EXPECT_THAT(review->entries(), ElementsAre("auditTrees/own/entries/2", "auditTrees/own/entries/3",
                                             "auditTrees/own/entries/5"));
}

TEST_F(DetectorTest, OneChildLookedUpOftenIsOneChild) {
  own_.Add(EntryOf("sw", "children.get", Morning(15)), {"children/a"});
  own_.Add(EntryOf("sw", "children.get", Morning(16)), {"children/a"});
  own_.Add(WorkOf("sw", "children.register", Morning(16)), {"children/a"});
  ReadAll(25);
  EXPECT_THAT(Reviews(), IsEmpty());
}

TEST_F(DetectorTest, WorkThatAnotherLogTellsLateStillCounts) {
  own_.Add(EntryOf("sw", "children.get", Morning(16)), {"children/a"});
  own_.Add(EntryOf("sw", "children.get", Morning(16)), {"children/b"});
  fixture_.SetNow(Morning(25));
  Take(detector_, "children", own_);
  LookBack(fixture_, detector_);
  EXPECT_THAT(Reviews(), IsEmpty()) << "nothing is known of the other log";
  referrals_.Add(WorkOf("sw", "referrals.submit", Morning(17)), {"children/a"});
  ReadAll(25);
  EXPECT_THAT(Reviews(), IsEmpty());
}

TEST_F(DetectorTest, ManyMoreChildrenThanOthers) {
  const auto read = [&](const std::string& worker, int children, WrittenLog* log) {
    for (int i = 0; i < children; ++i) {
      log->Add(EntryOf(worker, "referrals.get", Morning(16)),
               {absl::StrCat("children/", worker, i)});
    }
  };
  KnowWorker("sw", "", "");
  for (int i = 0; i < 9; ++i) {
    for (const char* worker : {"a", "b", "wide", "just-not"}) {
      Allocate(absl::StrCat("children/", worker, i), worker);
    }
  }
  read("a", 2, &referrals_);
  read("b", 3, &own_);
  read("just-not", 5, &referrals_);
  // Six children in two services; two of them in both.
  read("wide", 4, &referrals_);
  read("wide", 6, &own_);
  ReadAll(16);
  EXPECT_THAT(Reviews(), IsEmpty()) << "the day is not over";
  ReadAll(17);
  ASSERT_THAT(Reviews(), SizeIs(1)) << "twice the median of 2, 3 and 5 is 6";
  EXPECT_EQ(Reviews()[0].worker(), "workers/wide");
  EXPECT_EQ(Reviews()[0].pattern(), v1::MISUSE_PATTERN_BREADTH);
  EXPECT_EQ(Reviews()[0].count(), 6);
  ReadAll(18);
  EXPECT_EQ(Reviews()[0].count(), 6) << "a day is looked at once";
}

TEST_F(DetectorTest, WhoLeftHasNoAccess) {
  events::v1::Event event;
  event.set_kind(events::v1::EVENT_KIND_WORKER_CHANGED);
  event.set_record("workers/sw");
  *event.mutable_worker() = Leaver("sw", 15);
  fixture_.Know(event);
  referrals_.Add(EntryOf("sw", "referrals.get", Morning(15) + absl::Hours(14)));
  Take(detector_, "referrals", referrals_);
  EXPECT_THAT(Reviews(), IsEmpty());
  referrals_.Add(EntryOf("sw", "referrals.get", Morning(16)));
  Take(detector_, "referrals", referrals_);
  EXPECT_TRUE(ReviewOf("sw", v1::MISUSE_PATTERN_LEAVER).has_value());
}

TEST_F(DetectorTest, ALeavingDateToldLateIsLookedBackTo) {
  for (const int day : {14, 15, 16}) {
    referrals_.Add(EntryOf("sw", "referrals.get", Morning(day)));
  }
  Take(detector_, "referrals", referrals_);
  EXPECT_THAT(Reviews(), IsEmpty());
  for (int i = 0; i < 2; ++i) {  // the same news twice
    store::Transaction tx = fixture_.Begin();
    ASSERT_THAT(detector_.TakeUpWorker(tx, Leaver("sw", 14)), IsOk());
    ASSERT_THAT(store::CommitAndWait(fixture_.store(), tx.TakeWrites()), IsOk());
  }
  const auto review = ReviewOf("sw", v1::MISUSE_PATTERN_LEAVER);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->count(), 2);
}

TEST_F(DetectorTest, GrowsWhileOpenAndStartsAnewWhenClosed) {
  const auto refuse = [&](int minute) {
    referrals_.Add(RefusalOf("sw", "RECORD_NOT_FOUND", Morning(16) + absl::Minutes(minute)));
    Take(detector_, "referrals", referrals_);
  };
  for (const int minute : {0, 1, 2, 50}) refuse(minute);
  ASSERT_THAT(Reviews(), SizeIs(1));
  EXPECT_EQ(Reviews()[0].count(), 4);
  ASSERT_THAT(Close(lead_, Reviews()[0]), IsOk());
  refuse(51);
  refuse(52);
  EXPECT_THAT(Reviews(), SizeIs(1)) << "what was reviewed counts no more";
  refuse(53);
  ASSERT_THAT(Reviews(), SizeIs(2));
  EXPECT_EQ(Reviews()[1].count(), 3);
}

TEST_F(DetectorTest, NothingCountsTwice) {
  for (int i = 0; i < 3; ++i) {
    referrals_.Add(RefusalOf("sw", "RECORD_NOT_FOUND", Morning(16)));
  }
  Take(detector_, "referrals", referrals_);
  // Another replica read the same batch before it knew.
  LogBatch again;
  again.log = referrals_.Read(0, 10);
  store::Transaction tx = fixture_.Begin();
  const auto joined = detector_.Take(tx, "referrals", again);
  ASSERT_THAT(joined, IsOk());
  ASSERT_THAT(store::CommitAndWait(fixture_.store(), tx.TakeWrites()), IsOk());
  // And one that was restarted goes on where the store says.
  const Detector restarted(SmallRules(), {"children", "referrals"});
  Take(restarted, "referrals", referrals_);
  ASSERT_THAT(Reviews(), SizeIs(1));
  EXPECT_EQ(Reviews()[0].count(), 3);
}

TEST_F(DetectorTest, TwoReadersAtATimeOneWins) {
  referrals_.Add(RefusalOf("sw", "WORKER_CONFLICTED", Morning(16)));
  LogBatch batch;
  batch.log = referrals_.Read(0, 10);
  store::Transaction one = fixture_.Begin();
  store::Transaction other = fixture_.Begin();
  ASSERT_THAT(detector_.Take(one, "referrals", batch), IsOk());
  ASSERT_THAT(detector_.Take(other, "referrals", batch), IsOk());
  EXPECT_THAT(store::CommitAndWait(fixture_.store(), one.TakeWrites()), IsOk());
  EXPECT_TRUE(
      store::IsConflict(store::CommitAndWait(fixture_.store(), other.TakeWrites()).status()));
}

TEST_F(DetectorTest, AnotherLogIsReadFromItsBeginning) {
  for (int i = 0; i < 5; ++i) {
    referrals_.Add(EntryOf("sw", "referrals.get", Morning(16)));
  }
  Take(detector_, "referrals", referrals_);
  referrals_.BecomeAnother("new");
  referrals_.Add(RefusalOf("sw", "WORKER_CONFLICTED", Morning(16)));
  Take(detector_, "referrals", referrals_);
  const auto review = ReviewOf("sw", v1::MISUSE_PATTERN_CONFLICT);
  ASSERT_TRUE(review.has_value());
  EXPECT_THAT(review->entries(), ElementsAre("auditTrees/new/entries/0"));
}

TEST_F(DetectorTest, ALogThatLostEntriesIsReadOnFromItsEnd) {
  referrals_.Add(RefusalOf("sw", "WORKER_CONFLICTED", Morning(16)));
  for (int i = 0; i < 4; ++i) {
    referrals_.Add(EntryOf("sw", "referrals.get", Morning(16)));
  }
  Take(detector_, "referrals", referrals_);
  referrals_.Lose(3);
  Take(detector_, "referrals", referrals_);
  referrals_.Add(RefusalOf("sw", "WORKER_CONFLICTED", Morning(16)));
  Take(detector_, "referrals", referrals_);
  const auto review = ReviewOf("sw", v1::MISUSE_PATTERN_CONFLICT);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->count(), 2) << "the first once, and the new one";
}

TEST_F(DetectorTest, ABatchThatAnotherReplicaOvertookSetsNothingBack) {
  referrals_.Add(EntryOf("sw", "referrals.get", Morning(16)));
  LogBatch late;
  late.log = referrals_.Read(0, 10);
  for (int i = 0; i < 3; ++i) referrals_.Add(EntryOf("sw", "referrals.get", Morning(16)));
  Take(detector_, "referrals", referrals_);  // by the other one
  store::Transaction tx = fixture_.Begin();
  const auto joined = detector_.Take(tx, "referrals", late);
  ASSERT_THAT(joined, IsOk());
  EXPECT_TRUE(*joined);
  ASSERT_THAT(store::CommitAndWait(fixture_.store(), tx.TakeWrites()), IsOk());
  store::Transaction after = fixture_.Begin();
  EXPECT_EQ(detector_.NextIndex(after, "referrals").value_or(-1), 4);
}

TEST_F(DetectorTest, AnEntryThatDoesNotParseHoldsNothingUp) {
  referrals_.Add(RefusalOf("sw", "WORKER_CONFLICTED", Morning(16)));
  LogBatch batch;
  batch.log = referrals_.Read(0, 10);
  audit::v1::LoggedEntry& broken = *batch.log.mutable_entries()->Add();
  broken.set_index(1);
  broken.set_leaf_input("broken");
  batch.log.set_tree_size(2);
  store::Transaction tx = fixture_.Begin();
  ASSERT_THAT(detector_.Take(tx, "referrals", batch), IsOk());
  ASSERT_THAT(store::CommitAndWait(fixture_.store(), tx.TakeWrites()), IsOk());
  store::Transaction after = fixture_.Begin();
  const auto next = detector_.NextIndex(after, "referrals");
  ASSERT_THAT(next, IsOk());
  EXPECT_EQ(*next, 2);
  EXPECT_THAT(Reviews(), SizeIs(1));
}

TEST_F(DetectorTest, DaysAreForgottenWhenTheyAreOfNoMoreUse) {
  own_.Add(EntryOf("sw", "children.get", Morning(16)), {"children/a"});
  referrals_.Add(WorkOf("sw", "referrals.submit", Morning(16)), {"children/a"});
  ReadAll(17);
  const auto kept = [&](const std::string& space) {
    store::Transaction tx = fixture_.Begin();
    const auto rows = tx.snapshot().ListState(space, "", 10);
    EXPECT_THAT(rows, IsOk());
    return rows->size();
  };
  EXPECT_EQ(kept("misuse/day/2010-03-16"), 1u);
  fixture_.SetNow(Morning(16) + absl::Hours(24 * 40));
  Take(detector_, "children", own_);
  Take(detector_, "referrals", referrals_);
  LookBack(fixture_, detector_);
  for (const char* space : {"misuse/day/2010-03-16", "misuse/search/2010-03-16",
                            "misuse/work/2010-03-16", "misuse/days"}) {
    EXPECT_EQ(kept(space), 0u) << space;
  }
}

// What was found: (worker, pattern) and how often.
using Found = std::map<std::pair<std::string, int>, int>;

// Reads the logs in some order, in batches of some size, now and then looking back.
Found FindIn(const std::vector<WrittenLog>& logs, const MisuseRules& rules, std::mt19937* random) {
  testing::HandlerFixture fixture(testing::LondonTime(2010, 3, 30, 9));
  std::vector<std::string> names;
  for (std::size_t i = 0; i < logs.size(); ++i) names.push_back(absl::StrCat("service-", i));
  const Detector detector(rules, names);
  std::vector<bool> done(logs.size(), false);
  while (std::find(done.begin(), done.end(), false) != done.end()) {
    const std::size_t i = (*random)() % logs.size();
    done[i] = TakeSome(fixture, detector, names[i], logs[i], 1 + static_cast<int>((*random)() % 7));
    if ((*random)() % 4 == 0) LookBack(fixture, detector);
  }
  LookBack(fixture, detector);
  Found found;
  for (const v1::AccessReview& review : ReviewsIn(fixture)) {
    found[{review.worker(), review.pattern()}] += review.count();
  }
  return found;
}

// One random access of a small cast within an hour, so that all lie in every window.
void AddRandomAccess(std::mt19937* random, WrittenLog* log) {
  const auto pick = [&](unsigned n) { return (*random)() % n; };
  const std::string worker(1, static_cast<char>('a' + pick(4)));
  const absl::Time time =
      testing::LondonTime(2010, 3, 16, 9) + absl::Seconds(static_cast<int>(pick(3599)));
  const std::string child = absl::StrCat("children/", pick(12));
  switch (pick(6)) {
    case 0:
      return log->Add(RefusalOf(worker, "RECORD_NOT_FOUND", time));
    case 1:
      return pick(4) == 0 ? log->Add(RefusalOf(worker, "WORKER_CONFLICTED", time))
                          : log->Add(RefusalOf(worker, "REQUEST_INVALID", time));
    case 2:
      return log->Add(EntryOf(worker, "children.get", time), {child});
    case 3:
      return log->Add(WorkOf(worker, "referrals.submit", time), {child});
    case 4: {
      audit::v1::AuditEntry open = WorkOf(worker, "break_glass.open", time);
      open.add_records(absl::StrCat("breakGlasses/", pick(6)));
      return log->Add(open, {child});
    }
    default:
      return log->Add(EntryOf(worker, "referrals.get", time), {child});
  }
}

TEST(DetectorPropertyTest, TheOrderInWhichLogsAreReadMakesNoDifference) {
  std::mt19937 random(static_cast<unsigned>(testing::TestSeed()));
  int findings = 0;
  for (int round = 0; round < 12; ++round) {
    std::vector<WrittenLog> logs = {WrittenLog("x"), WrittenLog("y"), WrittenLog("z")};
    for (int i = 0; i < 45; ++i) AddRandomAccess(&random, &logs[random() % logs.size()]);
    const Found once = FindIn(logs, SmallRules(), &random);
    findings += static_cast<int>(once.size());
    for (int again = 0; again < 3; ++again) {
      ASSERT_EQ(FindIn(logs, SmallRules(), &random), once) << "round " << round;
    }
  }
  EXPECT_GT(findings, 0);
}

}  // namespace
}  // namespace trusthub::children
