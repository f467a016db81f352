// File: extent.h
//
// How much a test of this room does: little enough for the gate, or all of it in the longer suite
// (tests/fault/run --long, which sets TRUSTHUB_LONG=1). The same test either way. And the seed of
// its random choices, printed so that a failure can be repeated.
#ifndef TRUSTHUB_TESTS_FAULT_EXTENT_H_
#define TRUSTHUB_TESTS_FAULT_EXTENT_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "absl/strings/string_view.h"

namespace trusthub::testing {

inline bool InLongerSuite() {
  const char* set = std::getenv("TRUSTHUB_LONG");
  return set != nullptr && absl::string_view(set) == "1";
}

inline std::int64_t Extent(std::int64_t in_gate, std::int64_t in_longer_suite) {
  return InLongerSuite() ? in_longer_suite : in_gate;
}

// TRUSTHUB_TEST_SEED, or a new one.
inline std::uint64_t SeedOfRun() {
  const char* given = std::getenv("TRUSTHUB_TEST_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  std::printf("TRUSTHUB_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return seed;
}

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_FAULT_EXTENT_H_
