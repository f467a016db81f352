// A target as an ordinary test: `<name>_fuzz [-mutants=N] FOLDER_OR_FILE...` runs every kept input,
// and N changes of each, the same in every run. Fails when there is no input.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/fuzz/mutator.h"
#include "tests/fuzz/target.h"

// Null in targets that do not define it.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed)
    __attribute__((weak));

namespace {

constexpr char kMutants[] = "-mutants=";
// The most that an input may grow to.
constexpr std::size_t kSizeMax = 1 << 16;

std::mt19937& Random() {
  static std::mt19937 random(20'100'316);
  return random;
}

std::size_t Below(std::size_t count) { return count == 0 ? 0 : Random()() % count; }

std::vector<std::string> FilesOf(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Of exactly this size, so that a sanitizer sees the first byte read past the end.
void Run(const std::vector<std::uint8_t>& input) {
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

std::vector<std::uint8_t> Changed(std::vector<std::uint8_t> input) {
  const std::size_t size = input.size();
  input.resize(std::max(kSizeMax, size));
  input.resize(LLVMFuzzerCustomMutator != nullptr
                   ? LLVMFuzzerCustomMutator(input.data(), size, input.size(), Random()())
                   : LLVMFuzzerMutate(input.data(), size, input.size()));
  return input;
}

bool RunFile(const std::string& path, int mutants) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) {
    std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
    return false;
  }
  // Before it runs: when it ends the process, the last line names it.
  std::fprintf(stderr, "%s\n", path.c_str());
  const std::string bytes = text.str();
  const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
  Run(input);
  std::vector<std::uint8_t> changed = input;
  for (int i = 0; i < mutants; ++i) {
    // Changes add up, and now and then begin again.
    changed = Changed(i % 8 == 0 ? input : changed);
    Run(changed);
  }
  return true;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                                        std::size_t size_max) {
  std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t at = Below(size + 1);
  switch (Below(4)) {
    case 0:
      text.insert(at, 1, static_cast<char>(Below(256)));
      break;
    case 1:
      text.erase(at, 1 + Below(8));
      break;
    case 2:
      if (at < size) text[at] ^= static_cast<char>(1U << Below(8));
      break;
    default:
      text.insert(at, text.substr(Below(size + 1), Below(32)));
      break;
  }
  text.resize(std::min(text.size(), size_max));
  std::copy(text.begin(), text.end(), data);
  return text.size();
}

int main(int argc, char** argv) {
  int mutants = 0, ran = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.rfind(kMutants, 0) == 0) {
      mutants = std::atoi(argument.c_str() + sizeof(kMutants) - 1);
      continue;
    }
    for (const std::string& path : FilesOf(argument)) {
      if (!RunFile(path, mutants)) return 1;
      ++ran;
    }
  }
  Run({});
  std::fprintf(stderr, "%d kept inputs ran, with %d changes of each\n", ran, mutants);
  return ran == 0 ? 1 : 0;
}
