// File: linearizable.h
//
// Whether what clients saw of one record is explained by some order of their operations in which
// each takes effect at one moment between its beginning and its end (Herlihy and Wing 1990), found
// as by Wing and Gong with Lowe's memory of what was tried. The record is a register with versions:
// a write names the version that it replaces.
#ifndef TRUSTHUB_TESTS_MODEL_LINEARIZABLE_H_
#define TRUSTHUB_TESTS_MODEL_LINEARIZABLE_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace trusthub::model {

struct Operation {
  enum class Kind { kRead, kWrite };
  // What never ended, or ended without saying whether it took effect, may have taken effect at any
  // time after its beginning, or never.
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  Kind kind = Kind::kRead;
  int client = 0;
  std::int64_t began = 0;  // on one clock for all clients
  std::int64_t ended = kNever;
  // Of a read: what it found, 0 when there was no record. Of a write: what it wrote.
  std::int64_t version = 0;
  std::string value;
};

// OK, or FAILED_PRECONDITION that tells the longest explanation there is, and what does not fit
// after it. Reads that never ended, and writes that were refused, do not belong into `history`.
absl::Status CheckLinearizable(std::vector<Operation> history);

}  // namespace trusthub::model

#endif  // TRUSTHUB_TESTS_MODEL_LINEARIZABLE_H_
