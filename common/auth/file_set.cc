#include "common/auth/file_set.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace trusthub::auth {
namespace {

constexpr std::size_t kFileBytesMax = 16 * 1024 * 1024;

std::int64_t Nanos(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

// The whole file, or false.
bool ReadAll(int descriptor, std::string& bytes) {
  char block[16 * 1024];
  while (bytes.size() <= kFileBytesMax) {
    const ssize_t got = read(descriptor, block, sizeof(block));
    if (got < 0) return false;
    if (got == 0) return true;
    bytes.append(block, static_cast<std::size_t>(got));
  }
  return false;
}

}  // namespace

FileSet::Look FileSet::LookOf(const struct stat& info) {
  return {static_cast<std::int64_t>(info.st_dev), static_cast<std::int64_t>(info.st_ino),
          static_cast<std::int64_t>(info.st_size), Nanos(info.st_mtim), Nanos(info.st_ctim)};
}

FileSet::Look FileSet::LookAt(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 ? LookOf(info) : Look();
}

absl::StatusOr<std::string> FileSet::Read(const std::string& path) {
  Look& look = files_[path];
  look = Look();
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info;
  std::string bytes;
  bool read = false;
  // Looked at before it is read: a writer who is half done is noticed at the next look.
  if (descriptor >= 0 && fstat(descriptor, &info) == 0) {
    look = LookOf(info);
    read = S_ISREG(info.st_mode) && ReadAll(descriptor, bytes);
  }
  if (descriptor >= 0) close(descriptor);
  if (!read) return absl::NotFoundError(absl::StrCat(path, " cannot be read"));
  return bytes;
}

bool FileSet::Changed() const {
  return std::any_of(files_.begin(), files_.end(),
                     [](const auto& file) { return LookAt(file.first) != file.second; });
}

void FileSet::Settle(const FileSet& tried) {
  for (auto& [path, look] : files_) look = LookAt(path);
  for (const auto& [path, look] : tried.files_) files_[path] = look;
}

}  // namespace trusthub::auth
