// File: writers.h
//
// Clients of a service's replicas while servers fail. Each writes numbered sets one after the
// other, each set under an answer key of its own, and sends the same set again, through another
// replica, until it knows what became of it. Afterwards everything that the database holds is
// compared with what was answered.
#ifndef TRUSTHUB_TESTS_HA_WRITERS_H_
#define TRUSTHUB_TESTS_HA_WRITERS_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/store/store.h"

namespace trusthub::ha {

// What was answered. A set is acknowledged when it was answered OK, or found by its key.
struct Tally {
  std::int64_t acknowledged = 0;
  std::int64_t unknown = 0;     // sets whose first answer did not say what became of them
  std::int64_t found_done = 0;  // of those: had been done, their answer was found by the key
  std::int64_t refused = 0;     // attempts that were not answered OK
  std::int64_t stale = 0;       // reads that missed an acknowledged set and could not be answered
  absl::Duration longest;       // longest attempt
  std::vector<absl::Duration> times;  // of acknowledgements, by MonotonicNow, in order
};

// The longest time without an acknowledgement, from one to the next, that ended after `moment` (of
// MonotonicNow).
absl::Duration LongestPause(const Tally& tally, absl::Duration moment = absl::ZeroDuration());

class Writers {
 public:
  // `stores` are replicas on one database. Begins at once.
  Writers(std::vector<store::Store*> stores, int count);
  ~Writers() { Stop(absl::ZeroDuration()); }
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;

  // Until `more` sets are acknowledged; false when that takes longer than `limit`.
  bool Await(std::int64_t more, absl::Duration limit);
  // No new sets. Those under way are sent again until `limit`; what is not known then is a problem.
  void Stop(absl::Duration limit);

  Tally tally() const;
  // What must not be, in words: a set that is not known to the end, a read that did not see what
  // had been acknowledged before it and got its audit entry, so that a call would be answered.
  std::vector<std::string> problems() const;
  // Compares what the database holds, as `replicas` show it (one for every audit tree), with what
  // was answered: each acknowledged set whole and once, in record, events, states, sequences and
  // one audit tree, and nothing else; trees whose heads fit their leaves. After Stop.
  std::vector<std::string> Compare(const std::vector<store::Store*>& replicas) const;

 private:
  void Work(int writer);
  // Whether it is known to be there.
  bool Resolve(int writer, std::int64_t number);
  void NoteAcknowledged(bool found);
  void ReadBack(int writer, std::int64_t number);
  void Problem(std::string words);

  const std::vector<store::Store*> stores_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> given_up_{false};
  mutable Mutex mutex_;
  CondVar changed_;
  Tally tally_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::int64_t> sets_ ABSL_GUARDED_BY(mutex_);  // acknowledged, by writer
  int working_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> problems_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace trusthub::ha

#endif  // TRUSTHUB_TESTS_HA_WRITERS_H_
