// File: timely_store.h
//
// A store that answers in time, or says that it does not: for calls, which must end when the disk
// under them hangs (reliability_security.md 4.4 rule 1: a log that has not answered in time is
// down).
//
// A commit that did not come back within the bound is answered UNAVAILABLE STORE_UNAVAILABLE. Its
// outcome is unknown: it may be applied yet, and the same request_id sent again is then answered as
// the first would have been. A read cannot be answered in the disk's stead, for it holds its
// thread: who has calls on such threads is told, and must answer them (Hooks::reads_hang). From
// then on views and commits are refused at once, so that no thread waits for a disk that hangs,
// until everything overdue came back.
#ifndef TRUSTHUB_COMMON_STORE_TIMELY_STORE_H_
#define TRUSTHUB_COMMON_STORE_TIMELY_STORE_H_

#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "common/store/store.h"

namespace trusthub::store {

// Leaves a caller its answer within a second. An honest disk that is merely busy is faster.
inline constexpr absl::Duration kAnswersWithin = absl::Milliseconds(700);

// Thread-safe.
class TimelyStore : public Store {
 public:
  struct Hooks {
    // Called on a thread of the store each time that reads were found overdue, with what to answer.
    std::function<void(const absl::Status&)> reads_hang;
    // Called when everything overdue came back, on the thread of what came last: what was applied
    // meanwhile, nobody was told. Must not block.
    std::function<void()> recovered;
  };

  // Whether a read is overdue: a thread that goes after it may be lost as well.
  virtual bool reads_hang() const = 0;
};

// Callbacks of commits run on the inner store's thread, or on a thread of this one when they come
// in its stead. `inner` is not owned, and closed before this one ends; so are all snapshots.
std::unique_ptr<TimelyStore> MakeTimely(Store* inner, absl::Duration bound = kAnswersWithin,
                                        TimelyStore::Hooks hooks = {});
// The same, and owns it.
std::unique_ptr<TimelyStore> MakeTimely(std::unique_ptr<Store> inner,
                                        absl::Duration bound = kAnswersWithin,
                                        TimelyStore::Hooks hooks = {});

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_TIMELY_STORE_H_
