#include "tests/ha/writers.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/store/postgres/retry.h"
#include "common/testing/fake_leaf_sequencer.h"
#include "common/testing/write_sets.h"
#include "common/time/clock.h"

namespace trusthub::ha {
namespace {

constexpr absl::Duration kLongestPause = absl::Milliseconds(20);  // before a set is sent again
constexpr absl::Duration kReadLimit = absl::Seconds(1);
constexpr std::int64_t kReadBackEvery = 8;
constexpr int kPage = 1000;
constexpr int kAll = 10'000'000;
constexpr char kSpace[] = "ha";
constexpr char kRead[] = "read ";  // begins entries of reads

std::string ChildOf(int writer) { return absl::StrCat("children/", writer); }
std::string NameOf(int writer, std::int64_t number) {
  return absl::StrCat("referrals/", writer, "-", number);
}

// The guard refuses it when a set before it is missing, or when it is there already.
store::WriteSet SetOf(int writer, std::int64_t number) {
  const std::string name = NameOf(writer, number);
  store::WriteSet set = testing::RecordSet(name, 1, name, ChildOf(writer));
  set.records[0].index = {{"ha.writer", absl::StrCat(writer)}, {"ha.name", name, true}};
  set.events.push_back({ChildOf(writer), name});
  set.states.push_back({kSpace, ChildOf(writer), absl::StrCat(number)});
  set.answer = store::PutAnswer{name, "digest", name, RealClock().Now() + absl::Hours(24)};
  set.guards.push_back({ChildOf(writer), number});
  set.touches.push_back(ChildOf(writer));
  set.leaves.emplace_back(name, std::vector<std::string>{ChildOf(writer)});
  return set;
}

// What the database shows, and what is wrong with it.
class Comparison {
 public:
  explicit Comparison(std::vector<std::int64_t> sets) : sets_(std::move(sets)) {
    for (std::size_t w = 0; w < sets_.size(); ++w) {
      for (std::int64_t n = 0; n < sets_[w]; ++n) expected_.insert(NameOf(static_cast<int>(w), n));
    }
  }

  void LookAtRecords(store::Snapshot& view) {
    std::set<std::string> found;
    std::int64_t after = 0;
    while (true) {
      const auto page = view.ListByKind(testing::kTestKind, after, kPage);
      if (!Good(page.status(), "records")) return;
      for (const store::StoredRecord& record : *page) {
        if (record.version != 1 || record.bytes != record.name)
          Wrong(record.name, "is not as written");
        found.insert(record.name);
        after = record.position;
      }
      if (page->empty()) break;
    }
    Match(found, "record");
  }

  void LookAtEvents(store::Snapshot& view) {
    const auto events = view.ReadEvents(0, kAll);
    if (!Good(events.status(), "events")) return;
    std::set<std::string> found;
    for (std::size_t i = 0; i < events->size(); ++i) {
      const store::StoredEvent& event = (*events)[i];
      if (event.sequence != static_cast<std::int64_t>(i) + 1) Wrong(event.bytes, "follows a gap");
      if (!found.insert(event.bytes).second) Wrong(event.bytes, "has two events");
    }
    Match(found, "event");
  }

  void LookAtWriters(store::Snapshot& view) {
    for (std::size_t w = 0; w < sets_.size(); ++w) {
      const std::string child = ChildOf(static_cast<int>(w));
      const auto touched = view.Sequence(child);
      if (Good(touched.status(), child) && *touched != sets_[w]) Wrong(child, "has a wrong count");
      const auto state = view.FindState(kSpace, child);
      if (sets_[w] > 0 && Good(state.status(), child) &&
          state->value_or("") != absl::StrCat(sets_[w] - 1)) {
        Wrong(child, "has a wrong state");
      }
      for (std::int64_t n = 0; n < sets_[w]; ++n) {
        const std::string name = NameOf(static_cast<int>(w), n);
        const auto answer = view.FindAnswer(name, RealClock().Now());
        if (!Good(answer.status(), name)) return;
        if (!answer->has_value() || (*answer)->response != name) Wrong(name, "has no answer");
      }
    }
  }

  void LookAtTree(store::Snapshot& view) {
    const auto leaves = view.ReadLeaves(0, kAll);
    const auto head = view.Head();
    if (!Good(leaves.status(), "leaves") || !Good(head.status(), "head")) return;
    std::vector<std::string> inputs;
    for (const store::StoredLeaf& leaf : *leaves) {
      if (leaf.index != static_cast<std::int64_t>(inputs.size())) Wrong("a tree", "has a gap");
      inputs.push_back(leaf.bytes);
      if (absl::StartsWith(leaf.bytes, kRead)) continue;
      if (!logged_.insert(leaf.bytes).second) Wrong(leaf.bytes, "has two leaves");
    }
    const std::string root = *head == nullptr ? "" : (*head)->root;
    if (root != testing::FakeLeafSequencer::RootOf(inputs)) Wrong("a tree", "has a wrong head");
  }

  std::vector<std::string> Finish() {
    Match(logged_, "leaf");
    return std::move(problems_);
  }

 private:
  bool Good(const absl::Status& status, const std::string& what) {
    if (!status.ok()) problems_.push_back(absl::StrCat(what, ": ", status.ToString()));
    return status.ok();
  }
  void Wrong(const std::string& what, const char* how) {
    problems_.push_back(absl::StrCat(what, " ", how));
  }
  void Match(const std::set<std::string>& found, const char* what) {
    for (const std::string& name : expected_) {
      if (found.count(name) == 0) problems_.push_back(absl::StrCat(name, " has lost its ", what));
    }
    for (const std::string& name : found) {
      if (expected_.count(name) == 0) {
        problems_.push_back(absl::StrCat(name, ", a ", what, ", was never acknowledged"));
      }
    }
  }

  const std::vector<std::int64_t> sets_;
  std::set<std::string> expected_;
  std::set<std::string> logged_;
  std::vector<std::string> problems_;
};

}  // namespace

absl::Duration LongestPause(const Tally& tally, absl::Duration moment) {
  absl::Duration longest;
  for (std::size_t i = 1; i < tally.times.size(); ++i) {
    if (tally.times[i] <= moment) continue;
    longest = std::max(longest, tally.times[i] - tally.times[i - 1]);
  }
  return longest;
}

Writers::Writers(std::vector<store::Store*> stores, int count)
    : stores_(std::move(stores)), sets_(static_cast<std::size_t>(count), 0), working_(count) {
  for (int writer = 0; writer < count; ++writer) {
    threads_.emplace_back([this, writer] { Work(writer); });
  }
}

bool Writers::Await(std::int64_t more, absl::Duration limit) {
  const absl::Duration deadline = MonotonicNow() + limit;
  MutexLock lock(mutex_);
  const std::int64_t wanted = tally_.acknowledged + more;
  while (tally_.acknowledged < wanted && MonotonicNow() < deadline) {
    changed_.WaitFor(mutex_, deadline - MonotonicNow());
  }
  return tally_.acknowledged >= wanted;
}

void Writers::Stop(absl::Duration limit) {
  stopping_ = true;
  {
    const absl::Duration deadline = MonotonicNow() + limit;
    MutexLock lock(mutex_);
    while (working_ > 0 && MonotonicNow() < deadline) {
      changed_.WaitFor(mutex_, deadline - MonotonicNow());
    }
  }
  given_up_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

Tally Writers::tally() const {
  MutexLock lock(mutex_);
  return tally_;
}

std::vector<std::string> Writers::problems() const {
  MutexLock lock(mutex_);
  return problems_;
}

std::vector<std::string> Writers::Compare(const std::vector<store::Store*>& replicas) const {
  std::vector<std::int64_t> sets;
  {
    MutexLock lock(mutex_);
    sets = sets_;
  }
  Comparison comparison(std::move(sets));
  for (store::Store* replica : replicas) {
    const auto view = replica->Open(absl::InfiniteFuture());
    if (!view.ok()) return {absl::StrCat("cannot be read: ", view.status().ToString())};
    if (replica == replicas.front()) {
      comparison.LookAtRecords(**view);
      comparison.LookAtEvents(**view);
      comparison.LookAtWriters(**view);
    }
    comparison.LookAtTree(**view);
  }
  return comparison.Finish();
}

// --- One writer ---------------------------------------------------------------------------------

void Writers::Work(int writer) {
  for (std::int64_t number = 0; !stopping_; ++number) {
    if (!Resolve(writer, number)) {
      Problem(absl::StrCat(NameOf(writer, number), " was never resolved"));
      break;
    }
    {
      MutexLock lock(mutex_);
      sets_[static_cast<std::size_t>(writer)] = number + 1;
    }
    if (number % kReadBackEvery == 0) ReadBack(writer, number);
  }
  MutexLock lock(mutex_);
  --working_;
  changed_.NotifyAll();
}

bool Writers::Resolve(int writer, std::int64_t number) {
  store::postgres::Retry pause(absl::InfiniteDuration(), kLongestPause);
  for (std::size_t attempt = 0; !given_up_; ++attempt) {
    store::Store& store = *stores_[(static_cast<std::size_t>(writer) + attempt) % stores_.size()];
    const absl::Duration began = MonotonicNow();
    const absl::Status status = CommitAndWait(store, SetOf(writer, number)).status();
    if (status.ok()) {
      NoteAcknowledged(false);
      return true;
    }
    {
      MutexLock lock(mutex_);
      ++tally_.refused;
      if (attempt == 0) ++tally_.unknown;
      tally_.longest = std::max(tally_.longest, MonotonicNow() - began);
    }
    if (store::IsConflict(status)) {
      const auto view = store.Open(RealClock().Now() + kReadLimit);
      if (view.ok()) {
        const auto answer = (*view)->FindAnswer(NameOf(writer, number), RealClock().Now());
        if (answer.ok() && answer->has_value()) {
          NoteAcknowledged(true);
          return true;
        }
      }
    }
    pause.Wait();
  }
  return false;
}

void Writers::NoteAcknowledged(bool found) {
  MutexLock lock(mutex_);
  ++tally_.acknowledged;
  if (found) ++tally_.found_done;
  tally_.times.push_back(MonotonicNow());
  changed_.NotifyAll();
}

// Any replica shows what any replica has acknowledged, or cannot answer: as in a call, the read
// counts when its audit entry is committed.
void Writers::ReadBack(int writer, std::int64_t number) {
  const std::string name = NameOf(writer, number);
  for (std::size_t s = 0; s < stores_.size(); ++s) {
    const auto view = stores_[s]->Open(RealClock().Now() + kReadLimit);
    if (!view.ok()) continue;
    const auto found = (*view)->Find(name);
    if (!found.ok() || found->has_value()) continue;
    if (CommitAndWait(*stores_[s], testing::LeafSet(absl::StrCat(kRead, name))).status().ok()) {
      Problem(absl::StrCat(name, " was acknowledged, and replica ", s, " did not show it"));
    }
    MutexLock lock(mutex_);
    ++tally_.stale;
  }
}

void Writers::Problem(std::string words) {
  MutexLock lock(mutex_);
  problems_.push_back(std::move(words));
}

}  // namespace trusthub::ha
