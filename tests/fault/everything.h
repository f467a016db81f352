// File: everything.h
//
// All that a store of numbered sets answers, read by read, through its interface alone: for
// comparing what is served after a fault with what was written. Any engine, any wrapping.
#ifndef TRUSTHUB_TESTS_FAULT_EVERYTHING_H_
#define TRUSTHUB_TESTS_FAULT_EVERYTHING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/store/store.h"

namespace trusthub::testing {

// One read and what it gave: every field of every row, or its error.
struct ReadAnswer {
  std::string what;
  absl::StatusOr<std::string> gave;
};

// Every read of the interface over sets 0 to before `end`, and one that finds nothing.
std::vector<ReadAnswer> ReadEverything(store::Snapshot& snapshot, std::int64_t end);

// The reads of `after` that neither give what `before` gave nor a typed error.
std::vector<std::string> WronglyServed(const std::vector<ReadAnswer>& before,
                                       const std::vector<ReadAnswer>& after);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_FAULT_EVERYTHING_H_
