// File: stopwatch.h
//
// What the benches of this room print: time, CPU and entries a second.
#ifndef TRUSTHUB_TESTS_FAULT_STOPWATCH_H_
#define TRUSTHUB_TESTS_FAULT_STOPWATCH_H_

#include <sys/resource.h>

#include <cstdint>
#include <cstdio>

#include "absl/time/time.h"
#include "common/time/clock.h"

namespace trusthub::testing {

inline double CpuSeconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Time and CPU since it was made.
class Stopwatch {
 public:
  void Print(const char* what, std::int64_t entries) const {
    const double seconds = absl::ToDoubleSeconds(MonotonicNow() - began_);
    std::printf("%-34s %8.2f s  %8.2f s CPU  %10.0f entries/s\n", what, seconds,
                CpuSeconds() - cpu_, static_cast<double>(entries) / seconds);
    std::fflush(stdout);
  }

 private:
  const absl::Duration began_ = MonotonicNow();
  const double cpu_ = CpuSeconds();
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_FAULT_STOPWATCH_H_
