// File: timely_store.h
//
// A store that answers in time, or says that it does not: for calls, which must end when the disk
// under them hangs (reliability_security.md 4.4 rule 1: a log that has not answered in time is
// down).
//
// A commit that did not come back within the bound is answered UNAVAILABLE STORE_UNAVAILABLE. Its
// outcome is unknown: it may be applied yet, and the same request_id sent again is then answered as
// the first would have been. From then on views and commits are refused at once, so that no thread
// waits for a disk that hangs, until everything overdue came back.
#ifndef TRUSTHUB_COMMON_STORE_TIMELY_STORE_H_
#define TRUSTHUB_COMMON_STORE_TIMELY_STORE_H_

#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "common/store/store.h"

namespace trusthub::store {

// Leaves a caller its answer within a second. An honest disk that is merely busy is faster.
inline constexpr absl::Duration kAnswersWithin = absl::Milliseconds(700);

// Callbacks run on the inner store's thread, or on a thread of this one when they come in its
// stead. `recovered` is called on the inner store's thread when everything overdue came back: what
// was applied meanwhile, nobody was told. Must not block. `inner` is not owned, and closed before
// this one ends.
std::unique_ptr<Store> MakeTimely(Store* inner, absl::Duration bound = kAnswersWithin,
                                  std::function<void()> recovered = nullptr);
// The same, and owns it.
std::unique_ptr<Store> MakeTimely(std::unique_ptr<Store> inner,
                                  absl::Duration bound = kAnswersWithin);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_TIMELY_STORE_H_
