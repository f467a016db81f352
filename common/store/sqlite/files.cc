#include "common/store/sqlite/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/store/sqlite/page_checks.h"

namespace trusthub::store::sqlite {
namespace {

// 0 when nothing stands there.
bool Look(const std::string& path, dev_t* device, ino_t* inode) {
  struct stat now;
  if (stat(path.c_str(), &now) != 0) return false;
  *device = now.st_dev;
  *inode = now.st_ino;
  return true;
}

}  // namespace

absl::Status CreatePrivate(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("store ", path, ": cannot be created: ", std::strerror(errno)));
  }
  close(fd);
  return absl::OkStatus();
}

bool IsEmpty(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && info.st_size == 0;
}

bool IsForeign(const std::string& path, std::int32_t application_id) {
  // Of the file format (sqlite.org/fileformat2.html). What makes a new file ours comes down with
  // its first checkpoint; the bytes reserved for checksums are there from its first page on.
  constexpr std::size_t kHeaderBytes = 100;
  constexpr std::size_t kReservedAt = 20;
  constexpr std::size_t kApplicationAt = 68;
  std::string header(kHeaderBytes, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(header.data(), static_cast<std::streamsize>(header.size()))) {
    return file.gcount() > 0;
  }
  std::uint32_t application = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    application = application << 8 | static_cast<unsigned char>(header[kApplicationAt + i]);
  }
  return header[kReservedAt] != kPageCheckBytes &&
         application != static_cast<std::uint32_t>(application_id);
}

FileWatch::FileWatch(std::string path) : path_(std::move(path)) {
  known_ = Look(path_, &device_, &inode_);
}

bool FileWatch::Same() const {
  dev_t device = 0;
  ino_t inode = 0;
  return known_ && Look(path_, &device, &inode) && device == device_ && inode == inode_;
}

}  // namespace trusthub::store::sqlite
