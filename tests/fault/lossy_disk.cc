#include "tests/fault/lossy_disk.h"

#include <cstddef>
#include <iterator>
#include <utility>

namespace trusthub::testing {
namespace {

void Overlay(std::string* content, std::size_t offset, absl::string_view bytes) {
  if (content->size() < offset + bytes.size()) content->resize(offset + bytes.size(), '\0');
  content->replace(offset, bytes.size(), bytes.data(), bytes.size());
}

bool OneIn(int count, std::mt19937_64& random) {
  return random() % static_cast<std::uint64_t>(count) == 0;
}

}  // namespace

void LossyDisk::Adopt(const std::string& path, std::string content) {
  File& file = files_[path];
  file = File();
  file.durable = std::move(content);
  file.named = true;
}

void LossyDisk::Create(const std::string& path) {
  File& file = files_[path];
  if (!file.deleted) return;
  file = File();
}

void LossyDisk::Write(const std::string& path, std::int64_t offset, absl::string_view bytes) {
  files_[path].changes.push_back({offset, std::string(bytes), -1});
}

void LossyDisk::Truncate(const std::string& path, std::int64_t size) {
  files_[path].changes.push_back({0, "", size});
}

void LossyDisk::Sync(const std::string& path) {
  File& file = files_[path];
  for (const Change& change : file.changes) {
    if (change.size >= 0) {
      file.durable.resize(static_cast<std::size_t>(change.size), '\0');
    } else {
      Overlay(&file.durable, static_cast<std::size_t>(change.offset), change.bytes);
    }
  }
  file.changes.clear();
  file.named = true;  // SQLite syncs the folder with the first sync of a file that it made
}

void LossyDisk::Delete(const std::string& path) { files_[path].deleted = true; }

LossyDisk::Files LossyDisk::Remains(std::mt19937_64& random) const {
  Files remains;
  for (const auto& [path, file] : files_) {
    // A name that was made or removed and not synced is there or not.
    if ((file.deleted || !file.named) && OneIn(2, random)) continue;
    remains[path] = RemainsOf(file, random);
  }
  return remains;
}

std::size_t LossyDisk::unsynced() const {
  std::size_t count = 0;
  for (const auto& [path, file] : files_) count += file.changes.size();
  return count;
}

// How much of the last moments a disk writes differs from disk to disk: all, nothing, all up to
// some moment, or any subset of sectors. A sector goes down as the kernel holds it at that moment,
// with everything that was written to it before.
std::string LossyDisk::RemainsOf(const File& file, std::mt19937_64& random) {
  enum Manner { kAll, kNothing, kPrefix, kSubset };
  static constexpr Manner kManners[] = {kAll,    kNothing, kPrefix, kPrefix,
                                        kSubset, kSubset,  kSubset};
  const Manner manner = kManners[random() % std::size(kManners)];
  std::size_t count = file.changes.size();
  if (manner == kNothing) count = 0;
  if (manner == kPrefix) count = random() % (count + 1);
  // Of a hundred sectors so many are lost.
  const std::uint64_t lost = manner == kSubset ? 1 + random() % 99 : 0;
  // What a part of the file holds that was never written but lies before one that was.
  const bool garbage = OneIn(3, random);

  std::string cache = file.durable;  // as the kernel holds it
  std::string content = file.durable;
  for (std::size_t i = 0; i < count; ++i) {
    const Change& change = file.changes[i];
    if (change.size >= 0) {
      cache.resize(static_cast<std::size_t>(change.size), '\0');
      if (random() % 100 >= lost) content.resize(cache.size(), '\0');
      continue;
    }
    const auto begin = static_cast<std::size_t>(change.offset);
    const std::size_t end = begin + change.bytes.size();
    Overlay(&cache, begin, change.bytes);
    for (std::size_t at = begin - begin % kSectorBytes; at < end; at += kSectorBytes) {
      if (random() % 100 < lost) continue;
      for (std::size_t gap = content.size(); gap < at; ++gap) {
        content.push_back(garbage ? static_cast<char>(random() & 0xff) : '\0');
      }
      Overlay(&content, at, absl::string_view(cache).substr(at, kSectorBytes));
    }
  }
  return content;
}

}  // namespace trusthub::testing
