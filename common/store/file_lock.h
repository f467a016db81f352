// File: file_lock.h
//
// A file that one process of this machine holds at a time.
#ifndef TRUSTHUB_COMMON_STORE_FILE_LOCK_H_
#define TRUSTHUB_COMMON_STORE_FILE_LOCK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace trusthub::store {

// Holds `path` for this process until destroyed; the kernel lets go when the process dies.
class FileLock {
 public:
  // Fails when another process, or another store of this one, holds it.
  static absl::StatusOr<std::unique_ptr<FileLock>> Take(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_FILE_LOCK_H_
