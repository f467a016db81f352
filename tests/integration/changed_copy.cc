#include "tests/integration/changed_copy.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/testing/paths.h"

namespace trusthub::testing {

absl::Status CopyChanged(absl::string_view source, const std::string& folder,
                         const std::vector<TextChange>& changes) {
  std::error_code error;
  std::filesystem::copy(testing::SourcePath(source), folder, error);  // files alone
  if (error) return absl::InternalError(absl::StrCat(source, " cannot be copied"));
  for (const TextChange& change : changes) {
    const std::string path = absl::StrCat(folder, "/", change.file);
    std::ifstream file(path);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    if (absl::StrReplaceAll({{change.from, change.to}}, &text) == 0) {
      return absl::InternalError(absl::StrCat(change.file, " does not say `", change.from, "`"));
    }
    std::ofstream out(path, std::ios::trunc);
    out << text;
    if (!out.flush().good()) return absl::InternalError(absl::StrCat(path, " cannot be written"));
  }
  return absl::OkStatus();
}

}  // namespace trusthub::testing
