// File: store_load.h
//
// Closed-loop loads on stores: so many operations in flight, each answered one replaced by the
// next.
#ifndef TRUSTHUB_TESTS_BENCH_STORE_LOAD_H_
#define TRUSTHUB_TESTS_BENCH_STORE_LOAD_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/store/store.h"

namespace trusthub::bench {

struct StoreRates {
  std::int64_t done = 0;
  std::int64_t failed = 0;
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

// Reads by `in_flight` threads, each read in a view of its own. Read number `n` is `read(view, n)`.
StoreRates MeasureReads(
    const std::vector<store::Store*>& stores, int in_flight, absl::Duration duration,
    const std::function<absl::Status(store::Snapshot& view, std::int64_t n)>& read);

// Sets `make(n)`, round and round the stores; the time of each until its callback.
StoreRates MeasureCommits(const std::vector<store::Store*>& stores, int in_flight,
                          absl::Duration duration,
                          const std::function<store::WriteSet(std::int64_t n)>& make);

// Sets with an event each to `from`: the time of each from Commit until the listener of `to`, which
// is `from` or another replica, hears of it. `to` gets a listener: nothing
// was committed to it yet.
StoreRates MeasureDelivery(store::Store& from, store::Store& to, int in_flight,
                           absl::Duration duration,
                           const std::function<store::WriteSet(std::int64_t n)>& make);

// A record with two index entries, an event, a leaf, an answer, a guard and a touch: what a write
// of a service commits. Its numbers never come twice.
store::WriteSet FullSet(std::int64_t number);
// What a read commits.
store::WriteSet LeafOfARead(std::int64_t number);

}  // namespace trusthub::bench

#endif  // TRUSTHUB_TESTS_BENCH_STORE_LOAD_H_
