// File: clock.h
//
// The only source of instants. A call reads the domain clock once (Call::now) and uses that
// instant throughout. Two clocks:
//   real    certificates, tokens, deadlines, audit. Always the machine's.
//   domain  what day it is for children's services. The machine's, except in a sandbox, where a
//           file sets it so that a story can play in 2010.
#ifndef TRUSTHUB_COMMON_TIME_CLOCK_H_
#define TRUSTHUB_COMMON_TIME_CLOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace trusthub {

// Thread-safe. Instants may repeat and may step back; nothing orders records by them.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// The machine's clock. Never destroyed.
const Clock& RealClock();

// Time since an unknown moment, the same for the life of the process. Never steps back and is never
// set: for ages and waits, not for instants.
absl::Duration MonotonicNow();

// A sandbox clock: the RFC 3339 instant in the first line of `path`, running on from the moment the
// file was written. Reads the file again when it changes. Fails when the file cannot be read or
// parsed; later, an unreadable file keeps the last good setting.
absl::StatusOr<std::unique_ptr<Clock>> FileClock(absl::string_view path);

// The two clocks that services are given.
struct Clocks {
  const Clock* real;
  const Clock* domain;
};

}  // namespace trusthub

#endif  // TRUSTHUB_COMMON_TIME_CLOCK_H_
