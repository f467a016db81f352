// Files that are loaded into a hub. The first line says which: "# directory" or "# population".
// All of a file is taken, or a line of it is named.
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/testing/temp_folder.h"
#include "deploy/hubctl/directory_file.h"
#include "deploy/hubctl/population_file.h"
#include "tests/fuzz/target.h"

namespace trusthub::fuzz {
namespace {

void ReadDirectory(const std::string& text) {
  static const auto& folder = *new testing::TempFolder;
  const std::string path = folder.File("directory.yaml");
  std::ofstream(path, std::ios::binary) << text;
  const auto file = hubctl::ReadDirectoryFile(path);
  if (!file.ok()) {
    Require(absl::StrContains(file.status().message(), "directory.yaml"),
            "an error names the file");
    return;
  }
  for (const auto& listed : file->agencies) Require(!listed.id.empty(), "an agency has an id");
  for (const auto& listed : file->workers) Require(!listed.id.empty(), "a worker has an id");
}

void ReadPopulation(const std::string& text) {
  const auto rows = hubctl::ReadPopulationRows("population.ndjson", text);
  if (!rows.ok()) {
    Require(absl::StartsWith(rows.status().message(), "population.ndjson:"),
            "an error names file and line");
    return;
  }
  std::size_t written = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) written += line.empty() ? 0 : 1;
  Require(rows->size() == written, "every line that is written becomes a row");
  for (const auto& row : *rows) Require(row.child >= 0, "every row is some thread's");
}

}  // namespace
}  // namespace trusthub::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  trusthub::fuzz::Input input(data, size);
  const std::string kind = input.Line();
  if (kind == "# directory") trusthub::fuzz::ReadDirectory(input.Rest());
  if (kind == "# population") trusthub::fuzz::ReadPopulation(input.Rest());
  return 0;
}
