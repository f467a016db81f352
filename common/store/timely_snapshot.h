// File: timely_snapshot.h
//
// A snapshot that says since when a read of it is under way, so that one that hangs is noticed
// although its thread can tell nobody. Of TimelyStore alone.
#ifndef TRUSTHUB_COMMON_STORE_TIMELY_SNAPSHOT_H_
#define TRUSTHUB_COMMON_STORE_TIMELY_SNAPSHOT_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "common/store/store.h"

namespace trusthub::store {

// The reads of one snapshot, of which one is under way at a time.
class ReadTimer {
 public:
  // A read begins; a read ends, true when it was found overdue meanwhile.
  void Begin();
  bool End();
  // True once for a read that has been under way for longer than `bound`. From another thread.
  bool FindOverdue(absl::Duration bound);

 private:
  static constexpr std::int64_t kIdle = 0;
  static constexpr std::int64_t kOverdue = -1;
  // One of the above, or nanoseconds of the monotonic clock at the beginning.
  std::atomic<std::int64_t> state_ = kIdle;
};

// `late` is called when a read comes back that was found overdue; the read fails with `overdue`.
// `timer` lives as long as the snapshot, whose end is told by `closed`.
struct TimelyReads {
  ReadTimer* timer;
  std::function<void()> late;
  std::function<void()> closed;
  absl::Status overdue;
};
std::unique_ptr<Snapshot> MakeTimely(std::unique_ptr<Snapshot> inner, TimelyReads reads);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_TIMELY_SNAPSHOT_H_
