#include "common/events/projections.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/events/events_fixtures.h"
#include "common/events/facts.h"
#include "common/events/feed.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::events {
namespace {

using testing::IsOk;
using testing::StatusIs;

constexpr char kChild[] = "children/c1";

// What the service makes of events, kept in the same transaction: their sequences in order of
// application.
absl::Status KeepTrail(store::Transaction& tx, const v1::Event& event) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto trail, tx.FindState("trail", "all"));
  tx.PutState("trail", "all", absl::StrCat(trail.value_or(""), event.sequence(), " "));
  return absl::OkStatus();
}

class ProjectionsTest : public ::testing::Test {
 protected:
  // Follows `origin_` under the name "origin". The source is owned by the projections.
  StoreSource* Follow(ApplyEvent apply = KeepTrail, StoreSource::Faults faults = {}) {
    auto source = std::make_unique<StoreSource>(&origin_, faults);
    StoreSource* const raw = source.get();
    std::vector<Subscription> subscriptions;
    subscriptions.push_back({"origin", std::move(source)});
    projections_ =
        MakeProjections(&mirror_.get(), store::IndexHash(), Clocks{&RealClock(), &clock_},
                        std::move(subscriptions), std::move(apply));
    return raw;
  }
  // As a crash of the process and its restart.
  void Restart() {
    projections_.reset();
    mirror_.Reopen();
  }
  void EmitSome(int count) {
    for (int i = 0; i < count; ++i) {
      origin_.Emit(InvolvementEvent(kChild, absl::StrCat("agencies/a", ++emitted_), "HOLDING", ""));
    }
  }
  std::string Trail() { return mirror_.State("trail", "all").value_or(""); }
  int InvolvementsKnown() {
    store::Transaction tx = mirror_.Begin();
    return ChildFactsOf(tx, kChild)->involvements_size();
  }

  testing::FakeClock clock_;
  TestStore origin_;
  TestStore mirror_;
  int emitted_ = 0;
  std::unique_ptr<Projections> projections_;
};

TEST_F(ProjectionsTest, KeepsFactsOfThePastAndAsTheyHappen) {
  EmitSome(3);
  StoreSource* const source = Follow();
  projections_->Start();
  source->WaitTaken(3);
  EXPECT_EQ(InvolvementsKnown(), 3);
  EmitSome(2);
  source->Poke();
  source->WaitTaken(5);
  EXPECT_EQ(InvolvementsKnown(), 5);
  EXPECT_EQ(Trail(), "1 2 3 4 5 ");
}

TEST_F(ProjectionsTest, NeedsNoApplyOfTheService) {
  EmitSome(1);
  StoreSource* const source = Follow(nullptr);
  projections_->Start();
  source->WaitTaken(1);
  EXPECT_EQ(InvolvementsKnown(), 1);
}

TEST_F(ProjectionsTest, GoesOnWhereItWasAfterARestart) {
  EmitSome(4);
  StoreSource* source = Follow();
  projections_->Start();
  source->WaitTaken(4);
  Restart();
  EmitSome(2);
  source = Follow();
  projections_->Start();
  source->WaitTaken(6);
  EXPECT_EQ(source->cursors().front(), EncodeCursor("origin", 4));
  EXPECT_EQ(Trail(), "1 2 3 4 5 6 ");
}

// Whatever answer a crash comes in, what was applied and the cursor stay together.
TEST_F(ProjectionsTest, ACrashInAnyAnswerNeitherLosesNorRepeats) {
  EmitSome(6);
  for (int crash_at = 1; crash_at <= 6; ++crash_at) {
    // Dies in the middle of an answer of two events, after its first event was applied.
    StoreSource* const source = Follow(
        [crash_at](store::Transaction& tx, const v1::Event& event) -> absl::Status {
          TRUSTHUB_RETURN_IF_ERROR(KeepTrail(tx, event));
          if (event.sequence() == crash_at) return absl::AbortedError("crash");
          return absl::OkStatus();
        },
        {.batch = 2});
    projections_->Start();
    source->WaitStreams(2);  // the first one met the crash
    const std::string trail = Trail();
    const int before = (crash_at - 1) / 2 * 2;  // whole answers only
    EXPECT_EQ(trail, std::string("1 2 3 4 5 6 ").substr(0, static_cast<std::size_t>(2 * before)));
    EXPECT_EQ(InvolvementsKnown(), before);
    Restart();
  }
  StoreSource* const source = Follow(KeepTrail, {.batch = 2});
  projections_->Start();
  source->WaitTaken(6);
  EXPECT_EQ(Trail(), "1 2 3 4 5 6 ");
  EXPECT_EQ(InvolvementsKnown(), 6);
}

TEST_F(ProjectionsTest, RepeatedEventsArePassedOver) {
  EmitSome(5);
  StoreSource* source = Follow();
  projections_->Start();
  source->WaitTaken(5);
  Restart();
  // An older event again must not undo a newer one.
  origin_.Emit(
      InvolvementEvent(kChild, "agencies/a5", "HOLDING", "", absl::FromUnixSeconds(1268733600)));
  source = Follow(KeepTrail, {.batch = 2, .rewind = 4});
  projections_->Start();
  source->WaitTaken(6);
  source->Break(absl::UnavailableError("network"));
  source->WaitStreams(2);
  source->WaitTaken(6);
  EXPECT_EQ(Trail(), "1 2 3 4 5 6 ");
  store::Transaction tx = mirror_.Begin();
  EXPECT_TRUE(ChildFactsOf(tx, kChild)->involvements(4).has_end_time());
}

TEST_F(ProjectionsTest, ABrokenStreamIsTakenUpAgain) {
  EmitSome(2);
  StoreSource* const source = Follow();
  projections_->Start();
  source->WaitTaken(2);
  source->Break(absl::UnavailableError("network"));
  source->WaitStreams(2);
  EmitSome(1);
  source->Poke();
  source->WaitTaken(3);
  EXPECT_EQ(Trail(), "1 2 3 ");
  EXPECT_EQ(source->cursors(), (std::vector<std::string>{"", EncodeCursor("origin", 2)}));
}

TEST_F(ProjectionsTest, AConflictIsTriedAgain) {
  EmitSome(1);
  int runs = 0;
  StoreSource* const source = Follow([&](store::Transaction& tx,
                                         const v1::Event& event) -> absl::Status {
    // A call of this service changes the same child's facts meanwhile.
    if (++runs <= 2) {
      mirror_.Emit(InvolvementEvent(kChild, absl::StrCat("agencies/local", runs), "HOLDING", ""));
    }
    return KeepTrail(tx, event);
  });
  projections_->Start();
  source->WaitTaken(1);
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(Trail(), "1 ");
  EXPECT_EQ(InvolvementsKnown(), 3);
  EXPECT_EQ(source->cursors().size(), 1u);
}

// A set that has a child forgotten may write nothing else about it: neither what came before in the
// same answer nor what comes after stops the stream.
TEST_F(ProjectionsTest, ADestructionIsTakenUpByItself) {
  EmitSome(2);
  v1::Event destruction;
  destruction.set_kind(v1::EVENT_KIND_DESTRUCTION_ORDERED);
  destruction.mutable_destruction()->set_former_child(kChild);
  origin_.Emit(destruction);
  EmitSome(2);
  int alone = 0;
  StoreSource* const source = Follow([&alone](store::Transaction& tx, const v1::Event& event) {
    if (event.has_destruction() && !tx.has_writes()) ++alone;
    return KeepTrail(tx, event);
  });
  projections_->Start();
  source->WaitTaken(5);
  EXPECT_EQ(Trail(), "1 2 3 4 5 ");
  EXPECT_EQ(alone, 1);
  store::Transaction tx = mirror_.Begin();
  EXPECT_EQ(*tx.snapshot().Sequence("projection/origin"), 3);
}

TEST_F(ProjectionsTest, TwoReplicasApplyEveryEventOnce) {
  StoreSource* const one = Follow(KeepTrail, {.batch = 1});
  auto second = std::make_unique<StoreSource>(&origin_, StoreSource::Faults{.batch = 2});
  StoreSource* const two = second.get();
  std::vector<Subscription> subscriptions;
  subscriptions.push_back({"origin", std::move(second)});
  const auto replica =
      MakeProjections(&mirror_.get(), store::IndexHash(), Clocks{&RealClock(), &clock_},
                      std::move(subscriptions), KeepTrail);
  EmitSome(20);
  projections_->Start();
  replica->Start();
  one->WaitTaken(20);
  two->WaitTaken(20);
  EXPECT_EQ(Trail(), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 ");
  EXPECT_EQ(InvolvementsKnown(), 20);
}

TEST_F(ProjectionsTest, ASourceThatLostItsCursorIsReadAnew) {
  EmitSome(2);
  {
    store::Transaction tx = mirror_.Begin();
    tx.PutState("projection", "origin", absl::StrCat("9 ", EncodeCursor("another store", 9)));
    ASSERT_THAT(mirror_.Commit(tx), IsOk());
  }
  StoreSource* const source = Follow();
  projections_->Start();
  source->WaitTaken(2);
  EXPECT_EQ(source->cursors(), (std::vector<std::string>{EncodeCursor("another store", 9), ""}));
  EXPECT_EQ(Trail(), "1 2 ");
}

// --- Age
// --------------------------------------------------------------------------------------------

TEST_F(ProjectionsTest, AgeIsInfiniteUntilTheSourceConfirms) {
  EmitSome(3);
  StoreSource* const source = Follow(KeepTrail, {.knows_age = false});
  EXPECT_EQ(projections_->AgeOf("origin"), absl::InfiniteDuration());
  EXPECT_EQ(projections_->AgeOf("unheard of"), absl::InfiniteDuration());
  EXPECT_THAT(projections_->CheckFresh(absl::Hours(1)),
              StatusIs(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_PROJECTION_STALE));
  projections_->Start();
  source->WaitTaken(3);
  // Events alone say nothing of those still to come.
  EXPECT_EQ(projections_->AgeOf("origin"), absl::InfiniteDuration());
}

TEST_F(ProjectionsTest, AgeGrowsUntilTheNextBookmark) {
  EmitSome(1);
  StoreSource* const source = Follow();
  const absl::Duration before = MonotonicNow();
  projections_->Start();
  source->WaitTaken(1);
  const absl::Duration age = projections_->AgeOf("origin");
  EXPECT_GE(age, absl::ZeroDuration());
  EXPECT_LE(age, MonotonicNow() - before);
  EXPECT_THAT(projections_->CheckFresh(absl::Hours(1)), IsOk());
  // The machine's clock and the domain's have no say in it.
  clock_.Advance(absl::Hours(48));
  EXPECT_THAT(projections_->CheckFresh(absl::Hours(1)), IsOk());
  source->BreakAlways(absl::UnavailableError("network"));
  source->WaitStreams(3);
  EXPECT_GT(projections_->AgeOf("origin"), age);
  const absl::Status stale = projections_->CheckFresh(absl::ZeroDuration());
  EXPECT_THAT(stale,
              StatusIs(absl::StatusCode::kUnavailable, errors::v1::ERROR_REASON_PROJECTION_STALE));
  EXPECT_NE(stale.message().find("origin"), absl::string_view::npos);
}

// An event that cannot be applied is not passed over; the age gives it away.
TEST_F(ProjectionsTest, APoisonEventHoldsUpItsSource) {
  EmitSome(3);
  StoreSource* const source =
      Follow([](store::Transaction& tx, const v1::Event& event) -> absl::Status {
        if (event.sequence() == 2) return absl::InternalError("cannot");
        return KeepTrail(tx, event);
      });
  projections_->Start();
  source->WaitStreams(3);
  EXPECT_EQ(Trail(), "");
  EXPECT_EQ(projections_->AgeOf("origin"), absl::InfiniteDuration());
}

TEST_F(ProjectionsTest, TheStalestSourceCounts) {
  std::vector<Subscription> subscriptions;
  auto good = std::make_unique<StoreSource>(&origin_);
  auto bad = std::make_unique<StoreSource>(&origin_);
  bad->BreakAlways(absl::UnavailableError("down"));
  StoreSource* const source = good.get();
  subscriptions.push_back({"good", std::move(good)});
  subscriptions.push_back({"bad", std::move(bad)});
  EmitSome(1);
  projections_ = MakeProjections(&mirror_.get(), store::IndexHash(), Clocks{&RealClock(), &clock_},
                                 std::move(subscriptions), nullptr);
  projections_->Start();
  source->WaitTaken(1);
  EXPECT_LT(projections_->AgeOf("good"), absl::Hours(1));
  const absl::Status stale = projections_->CheckFresh(absl::Hours(1));
  EXPECT_NE(stale.message().find("bad"), absl::string_view::npos);
}

// --- Bookmarks
// --------------------------------------------------------------------------------------

// Says what it was told to, then waits to be stopped.
class ScriptedSource final : public EventSource {
 public:
  explicit ScriptedSource(std::vector<v1::WatchResponse> script) : script_(std::move(script)) {}

  absl::Status Stream(const std::string&,
                      const std::function<bool(const v1::WatchResponse&)>& on_response) override {
    for (const v1::WatchResponse& response : script_) {
      if (!on_response(response)) return absl::OkStatus();
    }
    MutexLock lock(mutex_);
    said_ = true;
    changed_.NotifyAll();
    while (!stopped_) changed_.Wait(mutex_);
    return absl::CancelledError("stopped");
  }
  void Stop() override {
    MutexLock lock(mutex_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  void WaitSaid() {
    MutexLock lock(mutex_);
    while (!said_) changed_.Wait(mutex_);
  }

 private:
  const std::vector<v1::WatchResponse> script_;
  Mutex mutex_;
  CondVar changed_;
  bool said_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST_F(ProjectionsTest, ManyBookmarksMoveTheCursorOnce) {
  std::vector<v1::WatchResponse> script;
  for (int i = 0; i < 50; ++i) {
    v1::WatchResponse bookmark;
    bookmark.set_cursor(absl::StrCat("cursor ", i));
    *bookmark.mutable_as_of() = TimeToProto(RealClock().Now());
    script.push_back(bookmark);
  }
  auto source = std::make_unique<ScriptedSource>(std::move(script));
  ScriptedSource* const raw = source.get();
  std::vector<Subscription> subscriptions;
  subscriptions.push_back({"origin", std::move(source)});
  projections_ = MakeProjections(&mirror_.get(), store::IndexHash(), Clocks{&RealClock(), &clock_},
                                 std::move(subscriptions), nullptr);
  const absl::Duration before = MonotonicNow();
  projections_->Start();
  raw->WaitSaid();
  EXPECT_LT(projections_->AgeOf("origin"), absl::Hours(1));
  store::Transaction tx = mirror_.Begin();
  const std::int64_t commits = *tx.snapshot().Sequence("projection/origin");
  EXPECT_GE(commits, 1);
  EXPECT_LE(commits, 1 + absl::ToInt64Seconds(MonotonicNow() - before));
  if (commits == 1) {
    EXPECT_EQ(mirror_.State("projection", "origin"), "0 cursor 0");
  }
}

TEST_F(ProjectionsTest, AConfirmationThatWaitedOnItsWayIsAsOldAsItSays) {
  v1::WatchResponse bookmark;
  bookmark.set_cursor("cursor");
  *bookmark.mutable_as_of() = TimeToProto(RealClock().Now() - absl::Seconds(30));
  auto source = std::make_unique<ScriptedSource>(std::vector<v1::WatchResponse>{bookmark});
  ScriptedSource* const raw = source.get();
  std::vector<Subscription> subscriptions;
  subscriptions.push_back({"origin", std::move(source)});
  projections_ = MakeProjections(&mirror_.get(), store::IndexHash(), Clocks{&RealClock(), &clock_},
                                 std::move(subscriptions), nullptr);
  projections_->Start();
  raw->WaitSaid();
  EXPECT_GE(projections_->AgeOf("origin"), absl::Seconds(30));
  EXPECT_LT(projections_->AgeOf("origin"), absl::Hours(1));
}

TEST_F(ProjectionsTest, AfterIsToldOfEachEventOnceItIsOnDisk) {
  std::vector<v1::WatchResponse> script(2);
  for (int i = 0; i < 2; ++i) {
    v1::Event* event = script[static_cast<std::size_t>(i)].add_events();
    event->set_name(absl::StrCat("events/", i));
    event->set_sequence(1);  // the same event twice: delivered at least once, applied once
    script[static_cast<std::size_t>(i)].set_cursor(absl::StrCat("cursor ", i));
  }
  auto source = std::make_unique<ScriptedSource>(std::move(script));
  ScriptedSource* const raw = source.get();
  std::vector<Subscription> subscriptions;
  subscriptions.push_back({"origin", std::move(source)});
  std::vector<std::string> told;
  projections_ =
      MakeProjections(&mirror_.get(), store::IndexHash(), Clocks{&RealClock(), &clock_},
                      std::move(subscriptions), nullptr, [&](const v1::Event& event) {
                        told.push_back(absl::StrCat(
                            event.name(), " ", mirror_.State("projection", "origin").value_or("")));
                      });
  projections_->Start();
  raw->WaitSaid();
  projections_->Stop();
  EXPECT_EQ(told, std::vector<std::string>{"events/0 1 cursor 0"});
}

// --- Stopping
// ---------------------------------------------------------------------------------------

TEST_F(ProjectionsTest, StopEndsAnIdleStreamAndMayBeCalledAgain) {
  EmitSome(1);
  StoreSource* const source = Follow();
  projections_->Start();
  source->WaitTaken(1);
  projections_->Stop();
  projections_->Stop();
  EmitSome(1);
  EXPECT_EQ(Trail(), "1 ");
}

TEST_F(ProjectionsTest, StopBeforeStart) {
  Follow();
  projections_->Stop();
}

TEST_F(ProjectionsTest, StopDoesNotSitOutTheBackoff) {
  StoreSource* const source = Follow();
  source->BreakAlways(absl::UnavailableError("down"));
  projections_->Start();
  source->WaitStreams(6);  // the next wait is 1.6 to 3.2 s
  const absl::Duration before = MonotonicNow();
  projections_->Stop();
  EXPECT_LT(MonotonicNow() - before, absl::Seconds(1));
}

TEST_F(ProjectionsTest, RecoversWhenItsOwnStoreComesBack) {
  EmitSome(1);
  StoreSource* source = Follow();
  mirror_.get().Close();  // refuses from now on
  projections_->Start();
  EXPECT_EQ(projections_->AgeOf("origin"), absl::InfiniteDuration());
  Restart();
  source = Follow();
  projections_->Start();
  source->WaitTaken(1);
  EXPECT_EQ(Trail(), "1 ");
}

}  // namespace
}  // namespace trusthub::events
