// kill -9 at random moments, many times over, of a process that writes to a real store with a real
// audit log and a real spool (C-2): while it opens what the last kill left, under load, in the
// middle of checkpoints and drains. The ledger of what was acknowledged is kept outside the
// process. Sets whose outcome is unknown are sent again with the same key.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/spool.h"
#include "common/base/mutex.h"
#include "common/testing/seed.h"
#include "common/testing/temp_folder.h"
#include "common/time/clock.h"
#include "tests/fault/extent.h"
#include "tests/fault/ledger_pipe.h"
#include "tests/fault/numbered_store.h"

namespace trusthub::testing {
namespace {

constexpr std::int64_t kKillsOfAStore = 20;  // then a new one is begun, or checks would grow long
constexpr int kInFlight = 24;
constexpr std::int64_t kSpooledEach = 7;
constexpr std::int64_t kDrainedEach = 61;
constexpr std::int64_t kLongestMillis = 60;
constexpr std::uint64_t kMostAnswers = 250;
constexpr absl::Duration kRestartWithin = absl::Seconds(5);

struct Files {
  explicit Files(const TempFolder& folder)
      : store(folder.File("store.db")), spool(folder.File("refusals.spool")) {}
  std::string store;
  std::string spool;
};

// What the writer of one round is to do.
struct Orders {
  std::int64_t first = 0;           // number of its first new set
  std::vector<std::int64_t> again;  // sets of earlier rounds, to be sent again
  int checkpoint_pages = 4'000;
};

// --- The writer's process -----------------------------------------------------------------------

class Writer {
 public:
  Writer(const Files& files, const Orders& orders, const LedgerPipe* ledger)
      : store_(files.store), ledger_(*ledger) {
    store_.options().checkpoint_pages = orders.checkpoint_pages;
    store_.options().restart_pages = 4 * orders.checkpoint_pages;
    if (!store_.Open().ok()) _exit(3);
    auto spool = audit::OpenSpool(files.spool);
    if (!spool.ok()) _exit(4);
    spool_ = *std::move(spool);
    ledger_.Tell({Told::kOpened});
  }

  [[noreturn]] void Run(const Orders& orders) {
    for (const std::int64_t number : orders.again) SendAgain(number);
    for (std::int64_t number = orders.first;; ++number) {
      Send(number);
      if (number % kSpooledEach == 0) Spool(number);
      if (number % kDrainedEach == 0 && !spool_->Drain(store_.store()).ok()) _exit(5);
    }
  }

 private:
  // As the pipeline does: what was answered before is answered alike, and not done again.
  void SendAgain(std::int64_t number) {
    auto snapshot = store_.store().Open(absl::InfiniteFuture());
    if (!snapshot.ok()) _exit(6);
    const auto answer = (*snapshot)->FindAnswer(absl::StrCat("key ", number), RealClock().Now());
    if (!answer.ok()) _exit(7);
    if (answer->has_value()) return ledger_.Tell({Told::kFound, number});
    Send(number);
  }

  void Send(std::int64_t number) {
    {
      MutexLock lock(mutex_);
      while (in_flight_ == kInFlight) answered_.Wait(mutex_);
      ++in_flight_;
    }
    ledger_.Tell({Told::kBegun, number});
    store_.store().Commit(NumberedSet(number, std::nullopt),
                          [this, number](absl::StatusOr<store::Committed> committed) {
                            if (!committed.ok()) _exit(8);
                            ledger_.Tell({Told::kKept, number, *std::move(committed)});
                            MutexLock lock(mutex_);
                            --in_flight_;
                            answered_.NotifyOne();
                          });
  }

  void Spool(std::int64_t number) {
    if (!spool_->Add(SpooledLeaf(number)).ok()) _exit(9);
    ledger_.Tell({Told::kSpooled, number});
  }

  NumberedStore store_;
  const LedgerPipe& ledger_;
  std::unique_ptr<audit::Spool> spool_;
  Mutex mutex_;
  CondVar answered_;
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
};

// --- The ledger ---------------------------------------------------------------------------------

class KillLoopTest : public ::testing::Test {
 protected:
  // What is known of one store from outside.
  struct Ledger {
    std::map<std::int64_t, store::Committed> kept;
    std::set<std::int64_t> found;
    std::set<std::int64_t> begun;
    std::set<std::int64_t> spooled;
  };

  void NewStore() {
    folder_ = std::make_unique<TempFolder>();
    ledger_ = Ledger();
    next_ = 1;
  }

  // Numbers whose outcome nobody was told.
  std::vector<std::int64_t> Unknown() const {
    std::vector<std::int64_t> unknown;
    for (const std::int64_t number : ledger_.begun) {
      if (ledger_.kept.count(number) + ledger_.found.count(number) == 0) unknown.push_back(number);
    }
    return unknown;
  }

  void WriteAndKill(const Orders& orders) {
    LedgerPipe pipe;
    const pid_t child = fork();
    if (child == 0) {
      Writer(Files(*folder_), orders, &pipe).Run(orders);
    }
    pipe.CloseWriter();
    // At a moment counted from the start of the process, from its first answer, or in answers.
    const std::uint64_t manner = random_() % 6;
    const bool in_opening = manner == 0;
    const bool after_answers = manner > 2;
    const auto delay = absl::Microseconds(
        static_cast<std::int64_t>(random_() % (kLongestMillis * (in_opening ? 200 : 1'000))));
    const std::int64_t answers =
        acknowledged_ + static_cast<std::int64_t>(random_() % kMostAnswers);
    if (!in_opening) Take(pipe.Hear(kPatience));
    if (after_answers) {
      while (!pipe.ended() && acknowledged_ < answers) Take(pipe.Hear(kPatience));
    } else {
      const absl::Duration kill_at = MonotonicNow() + delay;
      while (!pipe.ended() && MonotonicNow() < kill_at) Take(pipe.Hear(kill_at - MonotonicNow()));
    }
    kill(child, SIGKILL);
    while (!pipe.ended()) Take(pipe.Hear(kPatience));
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself with " << WEXITSTATUS(status);
    if (!ledger_.begun.empty()) next_ = std::max(next_, *ledger_.begun.rbegin() + 1);
  }

  void Take(std::optional<Told> told) {
    if (!told.has_value()) return;
    switch (told->kind) {
      case Told::kOpened:
        break;
      case Told::kBegun:
        ledger_.begun.insert(told->number);
        break;
      case Told::kKept:
        EXPECT_TRUE(ledger_.kept.emplace(told->number, std::move(told->committed)).second)
            << "set " << told->number << " was taken twice";
        ++acknowledged_;
        break;
      case Told::kFound:
        ledger_.found.insert(told->number);
        ++found_again_;
        break;
      case Told::kSpooled:
        ledger_.spooled.insert(told->number);
        ++spooled_;
        break;
    }
  }

  // Everything that was acknowledged is there, once; nothing is there that was not begun.
  void CheckStore() {
    NumberedStore store(Files(*folder_).store);
    const absl::Duration began = MonotonicNow();
    const absl::Status opened = store.Open();
    const absl::Duration took = MonotonicNow() - began;
    ASSERT_TRUE(opened.ok()) << opened;
    longest_opening_ = std::max(longest_opening_, took);
    EXPECT_LT(took, kRestartWithin);
    auto spool = audit::OpenSpool(Files(*folder_).spool);
    ASSERT_TRUE(spool.ok()) << spool.status();
    ASSERT_TRUE((*spool)->Drain(store.store()).ok());
    for (const auto& [number, committed] : ledger_.kept) store.Expect(number, committed);
    const std::set<std::int64_t> there = store.Check(next_ + kInFlight);
    for (const std::int64_t number : there) {
      EXPECT_EQ(ledger_.begun.count(number), 1u) << "set " << number << " was never sent";
    }
    for (const std::int64_t number : ledger_.found) {
      EXPECT_EQ(there.count(number), 1u) << "set " << number << " was answered and is lost";
    }
    for (const std::int64_t number : ledger_.spooled) {
      EXPECT_EQ(store.spooled().count(number), 1u) << "refusal " << number << " is lost";
    }
  }

  static constexpr absl::Duration kPatience = absl::Seconds(60);
  std::mt19937_64 random_{TestSeed()};
  std::unique_ptr<TempFolder> folder_;
  Ledger ledger_;
  std::int64_t next_ = 1;
  std::int64_t acknowledged_ = 0;
  std::int64_t found_again_ = 0;
  std::int64_t spooled_ = 0;
  absl::Duration longest_opening_;
};

TEST_F(KillLoopTest, NothingAcknowledgedIsLostOrDoubled) {
  NumberedStore::Key();  // made before the first fork: all processes sign with it
  const std::int64_t kills = Extent(50, 1'000);
  std::int64_t sent_again = 0;
  for (std::int64_t round = 0; round < kills && !HasFailure(); ++round) {
    SCOPED_TRACE(absl::StrCat("kill ", round));
    if (round % kKillsOfAStore == 0) NewStore();
    Orders orders;
    orders.first = next_;
    if (random_() % 2 == 0) orders.again = Unknown();
    sent_again += static_cast<std::int64_t>(orders.again.size());
    orders.checkpoint_pages = random_() % 2 == 0 ? 20 : 4'000;
    WriteAndKill(orders);
    CheckStore();
  }
  std::printf(
      "%lld kills, %lld sets acknowledged, %lld sent again of which %lld were there, %lld refusals "
      "spooled, the longest opening took %s\n",
      static_cast<long long>(kills), static_cast<long long>(acknowledged_),
      static_cast<long long>(sent_again), static_cast<long long>(found_again_),
      static_cast<long long>(spooled_), absl::FormatDuration(longest_opening_).c_str());
  EXPECT_GT(acknowledged_, kills);
}

}  // namespace
}  // namespace trusthub::testing
