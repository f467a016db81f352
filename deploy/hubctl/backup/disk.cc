#include "deploy/hubctl/backup/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace trusthub::hubctl {
namespace {

absl::Status Failed(const std::string& path, absl::string_view what) {
  const int code = errno;
  return absl::UnavailableError(absl::StrCat(path, ": ", what, ": ", std::strerror(code)));
}

class File {
 public:
  File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

std::string FolderOf(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

absl::Status SyncFile(const std::string& path, int flags) {
  const File file(path, flags);
  if (file.fd() < 0 || fsync(file.fd()) != 0) return Failed(path, "cannot be synced");
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& folder) {
  return SyncFile(folder, O_RDONLY | O_DIRECTORY);
}

absl::Status WriteNext(const std::string& path, absl::string_view bytes, bool sync) {
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (file.fd() < 0) return Failed(path, "cannot be written");
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t wrote = write(file.fd(), bytes.data() + at, bytes.size() - at);
    if (wrote < 0) return Failed(path, "cannot be written");
    at += static_cast<std::size_t>(wrote);
  }
  if (sync && fsync(file.fd()) != 0) return Failed(path, "cannot be synced");
  return absl::OkStatus();
}

absl::Status Put(const std::string& path, absl::string_view bytes, bool sync) {
  const std::string next = path + ".new";
  TRUSTHUB_RETURN_IF_ERROR(WriteNext(next, bytes, sync));
  if (std::rename(next.c_str(), path.c_str()) != 0) return Failed(path, "cannot be put in place");
  return sync ? SyncFolder(FolderOf(path)) : absl::OkStatus();
}

}  // namespace

absl::Status Disk::Write(const std::string& path, absl::string_view bytes) {
  return Put(path, bytes, /*sync=*/false);
}

absl::Status Disk::WriteForGood(const std::string& path, absl::string_view bytes) {
  return Put(path, bytes, /*sync=*/true);
}

absl::Status Disk::MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Failed(path, "cannot be made");
  return SyncFolder(FolderOf(path));
}

absl::Status Disk::Rename(const std::string& from, const std::string& to) {
  TRUSTHUB_RETURN_IF_ERROR(SyncFile(from, O_RDONLY));
  if (std::rename(from.c_str(), to.c_str()) != 0) return Failed(to, "cannot be put in place");
  TRUSTHUB_RETURN_IF_ERROR(SyncFolder(FolderOf(to)));
  return FolderOf(from) == FolderOf(to) ? absl::OkStatus() : SyncFolder(FolderOf(from));
}

absl::Status Disk::Link(const std::string& from, const std::string& to) {
  if (link(from.c_str(), to.c_str()) != 0) return Failed(to, "cannot be put aside");
  return SyncFolder(FolderOf(to));
}

absl::Status Disk::Remove(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failed(path, "cannot be removed");
  return absl::OkStatus();
}

absl::Status Disk::SyncAll(const std::string& folder) {
  const File file(folder, O_RDONLY | O_DIRECTORY);
  if (file.fd() < 0 || syncfs(file.fd()) != 0) return Failed(folder, "cannot be synced");
  return absl::OkStatus();
}

Disk& RealDisk() {
  static Disk disk;
  return disk;
}

absl::Status ReadFile(const std::string& path, std::string* bytes) {
  const File file(path, O_RDONLY);
  struct stat info;
  if (file.fd() < 0 || fstat(file.fd(), &info) != 0) {
    return absl::NotFoundError(absl::StrCat(path, ": cannot be read: ", std::strerror(errno)));
  }
  bytes->resize(static_cast<std::size_t>(info.st_size));
  std::size_t size = 0;
  while (size < bytes->size()) {
    const ssize_t got = read(file.fd(), bytes->data() + size, bytes->size() - size);
    if (got < 0) return Failed(path, "cannot be read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  bytes->resize(size);
  return absl::OkStatus();
}

}  // namespace trusthub::hubctl
