#include "deploy/hubctl/text_file.h"

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace trusthub::hubctl {

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return text.str();
}

}  // namespace trusthub::hubctl
