#include "common/store/sqlite/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

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

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::Take(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("store ", path, ": cannot be opened: ", std::strerror(errno)));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return absl::FailedPreconditionError(
        absl::StrCat("store ", path, ": in use by another process; stop that one first"));
  }
  return std::unique_ptr<FileLock>(new FileLock(fd));
}

FileLock::~FileLock() { close(fd_); }

absl::Status CreatePrivate(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("store ", path, ": cannot be created: ", std::strerror(errno)));
  }
  close(fd);
  return absl::OkStatus();
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
