// kill -9 at random moments under load: nothing acknowledged is lost, nothing half done is found.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "common/testing/seed.h"
#include "common/testing/temp_folder.h"
#include "common/testing/write_sets.h"

namespace trusthub::store {
namespace {

using testing::FakeLeafSequencer;
using testing::RecordPut;
using testing::TempFolder;

constexpr int kRounds = 25;

// Set number `n`: two records, an event, a leaf, an answer and a touch, all of which say `n`.
WriteSet NumberedSet(std::int64_t n) {
  WriteSet set;
  const std::string child = absl::StrCat("children/", n % 7);
  for (const char* half : {"a", "b"}) {
    set.records.push_back(
        RecordPut(absl::StrCat("referrals/", n, half), 1, absl::StrCat(n), child));
    set.records.back().index = {{"f.number", absl::StrCat(n)}};
  }
  set.events.push_back({child, absl::StrCat(n)});
  set.leaves.push_back(absl::StrCat(n));
  set.touches.push_back(child);
  set.answer = PutAnswer{absl::StrCat("key", n), "digest", absl::StrCat(n),
                         RealClock().Now() + absl::Hours(1)};
  return set;
}

// Writes sets from `first` on until killed; 32 in flight. Reports every acknowledged number to
// `pipe`.
[[noreturn]] void WriteForEver(const std::string& path, std::int64_t first, int pipe) {
  FakeLeafSequencer sequencer;
  SqliteOptions options;
  options.path = path;
  options.sequencer = &sequencer;
  auto store = OpenSqlite(options);
  if (!store.ok()) _exit(3);
  Mutex mutex;
  CondVar freed;
  int in_flight = 0;
  for (std::int64_t n = first;; ++n) {
    {
      MutexLock lock(mutex);
      while (in_flight == 32) freed.Wait(mutex);
      ++in_flight;
    }
    (*store)->Commit(NumberedSet(n), [&, n](absl::StatusOr<Committed> done) {
      if (!done.ok() || write(pipe, &n, sizeof(n)) != sizeof(n)) _exit(4);
      MutexLock lock(mutex);
      --in_flight;
      freed.NotifyOne();
    });
  }
}

// Kills a writer once it acknowledged `answers` sets, wherever it is by then; returns what it
// acknowledged in all.
std::set<std::int64_t> WriteAndKill(const std::string& path, std::int64_t first,
                                    std::size_t answers) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    WriteForEver(path, first, ends[1]);
  }
  close(ends[1]);
  std::set<std::int64_t> acknowledged;
  std::int64_t n = 0;
  while (acknowledged.size() < answers && read(ends[0], &n, sizeof(n)) == sizeof(n)) {
    acknowledged.insert(n);
  }
  kill(child, SIGKILL);
  while (read(ends[0], &n, sizeof(n)) == sizeof(n)) acknowledged.insert(n);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself with " << WEXITSTATUS(status);
  return acknowledged;
}

// Whether set `n` is there; fails when it is there in part.
bool IsThere(Snapshot& snapshot, std::int64_t n) {
  const std::string number = absl::StrCat(n);
  const bool a = snapshot.Find(absl::StrCat("referrals/", n, "a"))->has_value();
  const bool b = snapshot.Find(absl::StrCat("referrals/", n, "b"))->has_value();
  const auto indexed =
      snapshot.ListByIndex(options::v1::RECORD_KIND_REFERRAL, "f.number", number, 0, 9)->size();
  const bool answer = snapshot.FindAnswer(absl::StrCat("key", n), RealClock().Now())->has_value();
  EXPECT_EQ(a, b) << n;
  EXPECT_EQ(indexed, a ? 2u : 0u) << n;
  EXPECT_EQ(answer, a) << n;
  return a;
}

// Events and leaves tell the same story as the records, without gaps.
void CheckStreams(Snapshot& snapshot, std::int64_t sets) {
  const auto events = snapshot.ReadEvents(0, 1'000'000);
  const auto leaves = snapshot.ReadLeaves(0, 1'000'000);
  ASSERT_EQ(events->size(), static_cast<std::size_t>(sets));
  ASSERT_EQ(leaves->size(), static_cast<std::size_t>(sets));
  std::map<std::int64_t, std::int64_t> of_child;
  std::vector<std::string> inputs;
  for (std::size_t i = 0; i < events->size(); ++i) {
    const StoredEvent& event = (*events)[i];
    EXPECT_EQ(event.sequence, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(event.bytes, (*leaves)[i].bytes);
    std::int64_t n = 0;
    ASSERT_TRUE(absl::SimpleAtoi(event.bytes, &n));
    EXPECT_EQ(event.child_sequence, ++of_child[n % 7]);
    inputs.push_back((*leaves)[i].bytes);
  }
  for (const auto& [child, count] : of_child) {
    EXPECT_EQ(*snapshot.Sequence(absl::StrCat("children/", child)), count);
  }
  EXPECT_EQ((*snapshot.Head())->root, FakeLeafSequencer::RootOf(inputs));
}

TEST(SqliteCrashTest, KilledWriterLosesNothingItAcknowledged) {
  std::mt19937_64 random(testing::TestSeed());
  std::uniform_int_distribution<std::size_t> moment(1, 400);

  TempFolder folder;
  const std::string path = folder.File("store.db");
  std::int64_t next = 0;
  std::int64_t present = 0;
  std::size_t acknowledged_in_all = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::set<std::int64_t> acknowledged = WriteAndKill(path, next, moment(random));
    acknowledged_in_all += acknowledged.size();
    FakeLeafSequencer sequencer;
    SqliteOptions options;
    options.path = path;
    options.sequencer = &sequencer;
    auto store = OpenSqlite(options);  // checks the file and that log and leaves agree
    ASSERT_TRUE(store.ok()) << store.status();
    auto snapshot = *(*store)->Open(absl::InfiniteFuture());
    const std::int64_t end = acknowledged.empty() ? next : *acknowledged.rbegin() + 1;
    // Beyond the last answer at most what was in flight can be there.
    for (std::int64_t n = next; n < end + 64; ++n) {
      const bool there = IsThere(*snapshot, n);
      EXPECT_TRUE(there || acknowledged.count(n) == 0) << "lost set " << n;
      if (there) ++present;
    }
    next = end + 64;
    CheckStreams(*snapshot, present);
    if (HasFailure()) break;
  }
  std::printf("%zu sets acknowledged in %d rounds\n", acknowledged_in_all, kRounds);
  EXPECT_GT(acknowledged_in_all, static_cast<std::size_t>(kRounds));
}

}  // namespace
}  // namespace trusthub::store
