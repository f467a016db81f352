// File: store_files.h
//
// The files of a store that nobody has open, or as a crash would leave them.
#ifndef TRUSTHUB_TESTS_FAULT_STORE_FILES_H_
#define TRUSTHUB_TESTS_FAULT_STORE_FILES_H_

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/fault/lossy_disk.h"

namespace trusthub::testing {

// The database and its log. The shared memory is made anew when nobody has it open, and the lock
// file is empty.
inline constexpr const char* kStoreFiles[] = {"", "-wal"};

inline std::string ContentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// What stands at `path` now; files that do not exist are left out.
inline LossyDisk::Files StoreFiles(const std::string& path) {
  LossyDisk::Files files;
  for (const char* suffix : kStoreFiles) {
    if (std::filesystem::exists(path + suffix)) files[suffix] = ContentOf(path + suffix);
  }
  return files;
}

// Puts `files`, named by their suffixes, in place of what stands at `path`.
inline void PlaceStore(const LossyDisk::Files& files, const std::string& path) {
  for (const char* suffix : kStoreFiles) std::filesystem::remove(path + suffix);
  std::filesystem::remove(path + "-shm");
  for (const auto& [suffix, content] : files) {
    std::ofstream(path + suffix, std::ios::binary | std::ios::trunc) << content;
  }
}

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_FAULT_STORE_FILES_H_
