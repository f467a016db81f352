// File: load.h
//
// A closed-loop load: N calls in flight, each answered one replaced by the next. The same
// generator, with the same metadata and transport, drives the bare echo and the hub, so that only
// the server differs.
#ifndef TRUSTHUB_TESTS_BENCH_LOAD_H_
#define TRUSTHUB_TESTS_BENCH_LOAD_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/channel.h"

namespace trusthub::bench {

struct Target {
  std::string address;  // host:port
  std::string method;   // "/trusthub.referrals.v1.ReferralsService/GetReferral"
  rpc::TlsFiles tls;
  std::map<std::string, std::string> metadata;
  // Serialised request of call number `n`; called from several threads.
  std::function<std::string(int n)> request;
};

struct Measured {
  int calls = 0;
  int failed = 0;
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  std::string first_error;
};

// Runs `target` with `in_flight` calls for `duration` after a short warm-up.
absl::StatusOr<Measured> Measure(const Target& target, int in_flight, absl::Duration warm_up,
                                 absl::Duration duration);

}  // namespace trusthub::bench

#endif  // TRUSTHUB_TESTS_BENCH_LOAD_H_
