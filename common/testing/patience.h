// File: patience.h
//
// Marks of time in tests. Sanitized code is several times slower, and what a test finds then is not
// how fast it is.
#ifndef TRUSTHUB_COMMON_TESTING_PATIENCE_H_
#define TRUSTHUB_COMMON_TESTING_PATIENCE_H_

#include "absl/time/time.h"

namespace trusthub::testing {

// `mark`; in a sanitized build six times that, as the limits of whole tests are (build.cmake).
absl::Duration Patience(absl::Duration mark);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_PATIENCE_H_
