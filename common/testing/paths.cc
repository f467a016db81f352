#include "common/testing/paths.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace trusthub::testing {
namespace {

std::string Under(absl::string_view root, absl::string_view path) {
  return path.empty() ? std::string(root) : absl::StrCat(root, "/", path);
}

}  // namespace

std::string SourcePath(absl::string_view path) { return Under(TRUSTHUB_SOURCE_DIR, path); }

std::string BuildPath(absl::string_view path) { return Under(TRUSTHUB_BINARY_DIR, path); }

}  // namespace trusthub::testing
