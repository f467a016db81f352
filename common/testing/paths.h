// File: paths.h
//
// Where tests find the source tree and what was built from it. Kept in one translation unit, so
// that no other one depends on where the checkout lies and compilers' caches serve every checkout.
#ifndef TRUSTHUB_COMMON_TESTING_PATHS_H_
#define TRUSTHUB_COMMON_TESTING_PATHS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace trusthub::testing {

// `path` in the source tree, e.g. SourcePath("deploy/config"); the tree itself without one.
std::string SourcePath(absl::string_view path = "");
// The same in the build folder, e.g. BuildPath("bin/hubctl").
std::string BuildPath(absl::string_view path = "");

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_PATHS_H_
