// File: extent.h
//
// How much a test of this room does: little enough for the gate, or all of it in the longer suite
// (tests/fault/run --long, which sets TRUSTHUB_LONG=1). The same test either way.
#ifndef TRUSTHUB_TESTS_FAULT_EXTENT_H_
#define TRUSTHUB_TESTS_FAULT_EXTENT_H_

#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"

namespace trusthub::testing {

inline bool InLongerSuite() {
  const char* set = std::getenv("TRUSTHUB_LONG");  // NOLINT(concurrency-mt-unsafe)
  return set != nullptr && absl::string_view(set) == "1";
}

inline std::int64_t Extent(std::int64_t in_gate, std::int64_t in_longer_suite) {
  return InLongerSuite() ? in_longer_suite : in_gate;
}

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_FAULT_EXTENT_H_
