// File: sanitized.h
//
// What tests allow for in a sanitized build.
#ifndef TRUSTHUB_COMMON_TESTING_SANITIZED_H_
#define TRUSTHUB_COMMON_TESTING_SANITIZED_H_

#include "absl/time/time.h"

namespace trusthub::testing {

// Whether this is one. There mlock does nothing, and memory is no measure.
bool IsSanitized();

// A mark of time; in a sanitized build, which is several times slower and looks for other things,
// six times that, as the limits of whole tests are (build.cmake).
absl::Duration Patience(absl::Duration mark);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_SANITIZED_H_
