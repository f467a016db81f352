// File: witness_watch.h
//
// How old the newest witnessed head of this process's own log is: told by a metric, warned of, and,
// where the borough says so, the reason to disclose nothing more. A log that nobody else checks is
// only the hub's word.
#ifndef TRUSTHUB_COMMON_RPC_WITNESS_WATCH_H_
#define TRUSTHUB_COMMON_RPC_WITNESS_WATCH_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/periodic.h"
#include "common/rpc/metrics.h"
#include "common/rpc/witness_rules.h"
#include "common/store/store.h"
#include "common/time/clock.h"

namespace trusthub::rpc {

// Thread-safe. What it is given outlives it.
class WitnessWatch {
 public:
  // `tree` names the log. Before its first witnessed head its age counts from now.
  WitnessWatch(const WitnessRules* rules, store::Store* store, std::string tree, const Clock* clock,
               Metrics* metrics);

  // Looks every second, on a thread of its own; does nothing when no witness is registered.
  void Start();
  void Stop() { periodic_.Stop(); }
  // Looks now. Fails as the store does; what was known before then still counts, and ages.
  absl::Status Look();

  absl::Duration Age() const;
  // Whether nothing may be disclosed.
  bool Overdue() const { return Age() > rules_.stop_after; }

 private:
  const WitnessRules& rules_;
  store::Store& store_;
  const std::string tree_;
  const Clock& clock_;
  Metrics& metrics_;
  std::atomic<std::int64_t> witnessed_micros_;
  std::atomic<bool> warned_ = false;
  Periodic periodic_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_WITNESS_WATCH_H_
