// File: lossy_disk.h
//
// What a disk would hold after a loss of power: everything that was synced, and of the rest
// whatever subset it happened to write, sector by sector, in any order. Keeps a model of the files
// beside the real ones; knows nothing of SQLite.
#ifndef TRUSTHUB_TESTS_FAULT_LOSSY_DISK_H_
#define TRUSTHUB_TESTS_FAULT_LOSSY_DISK_H_

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace trusthub::testing {

// Not thread-safe.
class LossyDisk {
 public:
  // Sectors are written whole or not at all, as disks of 512 byte sectors promise.
  static constexpr std::size_t kSectorBytes = 512;

  // Contents by path.
  using Files = std::map<std::string, std::string>;

  // Files that were there, and durable, before anything was told.
  void Adopt(const std::string& path, std::string content);

  void Create(const std::string& path);
  void Write(const std::string& path, std::int64_t offset, absl::string_view bytes);
  void Truncate(const std::string& path, std::int64_t size);
  void Sync(const std::string& path);
  // The name may come back with a loss until the file is made anew.
  void Delete(const std::string& path);

  // What is found when the power is lost now; another draw of `random`, another outcome.
  Files Remains(std::mt19937_64& random) const;
  // Changes that are not synced.
  std::size_t unsynced() const;

 private:
  struct Change {
    std::int64_t offset = 0;
    std::string bytes;
    std::int64_t size = -1;  // not negative: a truncation to it
  };
  struct File {
    std::string durable;
    std::vector<Change> changes;  // since the last sync, in order
    bool deleted = false;
    bool named = false;  // a name that a loss leaves
  };

  static std::string RemainsOf(const File& file, std::mt19937_64& random);

  std::map<std::string, File> files_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_FAULT_LOSSY_DISK_H_
