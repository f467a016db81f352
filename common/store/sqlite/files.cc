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

constexpr char kMovedTo[] = "/moved-to";

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

absl::Status Failed(const std::string& path, absl::string_view what) {
  return absl::UnavailableError(
      absl::StrCat("store ", path, ": ", what, ": ", std::strerror(errno)));
}

absl::Status SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  const absl::Status status = synced ? absl::OkStatus() : Failed(folder, "cannot be synced");
  if (fd >= 0) close(fd);
  return status;
}

}  // namespace

absl::Status CheckPlace(const std::string& path) {
  dev_t device = 0;
  ino_t inode = 0;
  if (Look(path, &device, &inode)) return absl::OkStatus();
  if (Look(path + kCopying, &device, &inode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("store ", path, ": is half copied; run hubctl store copy again, or remove ",
                     path, kCopying));
  }
  if (!Look(path + kMoved, &device, &inode)) return absl::OkStatus();
  const absl::StatusOr<std::string> target = MovedTo(path);
  if (!target.ok()) return target.status();
  return absl::FailedPreconditionError(
      absl::StrCat("store ", path, ": was moved to ", *target, "; start the service over that"));
}

absl::StatusOr<std::string> MovedTo(const std::string& path) {
  std::ifstream file(FolderOf(path) + kMovedTo);
  std::string line;
  if (std::getline(file, line) && !line.empty()) return line;
  return absl::DataLossError(
      absl::StrCat("store ", path, kMoved, ": no file moved-to says where it was moved to"));
}

absl::Status PutMovedTo(const std::string& path, absl::string_view target) {
  const std::string note = FolderOf(path) + kMovedTo;
  const std::string line = absl::StrCat(target, "\n");
  const int fd = open((note + ".new").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Failed(note, "cannot be written");
  const bool written =
      write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && fsync(fd) == 0;
  const absl::Status status = written ? absl::OkStatus() : Failed(note, "cannot be written");
  close(fd);
  if (!status.ok()) return status;
  const absl::Status given = GiveToOwnerOfFolder(note + ".new");
  return given.ok() ? MoveFile(note + ".new", note) : given;
}

absl::Status MoveFile(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return Failed(to, "cannot be put in its place");
  return SyncFolder(FolderOf(to));
}

absl::Status GiveToOwnerOfFolder(const std::string& path) {
  struct stat folder;
  if (stat(FolderOf(path).c_str(), &folder) != 0) return Failed(path, "its folder cannot be read");
  if (folder.st_uid == geteuid()) return absl::OkStatus();
  if (chown(path.c_str(), folder.st_uid, folder.st_gid) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      "store ", path, ": cannot be given to its service; run this as root or as its user"));
}

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
