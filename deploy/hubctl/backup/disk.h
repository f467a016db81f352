// File: disk.h
//
// What backups change on disk, one call after the other: what a crash can come between. Tests put
// another disk in its place, which dies at a call of their choice. Errors are one line that names
// the file.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_BACKUP_DISK_H_
#define TRUSTHUB_DEPLOY_HUBCTL_BACKUP_DISK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace trusthub::hubctl {

class Disk {
 public:
  virtual ~Disk() = default;
  // Puts a file of its owner alone in place of what stands at `path`, whole or not at all. It
  // outlives a crash of the machine only once SyncAll returned.
  virtual absl::Status Write(const std::string& path, absl::string_view bytes);
  // The same; on disk when it returns OK.
  virtual absl::Status WriteForGood(const std::string& path, absl::string_view bytes);
  virtual absl::Status MakeFolder(const std::string& path);
  // On disk, with all that the file held, when they return OK.
  virtual absl::Status Rename(const std::string& from, const std::string& to);
  virtual absl::Status Link(const std::string& from, const std::string& to);
  // No error when nothing stands there.
  virtual absl::Status Remove(const std::string& path);
  // All that was written to the file system of `folder`.
  virtual absl::Status SyncAll(const std::string& folder);
};

// The machine's own.
Disk& RealDisk();

// NOT_FOUND naming the file when it cannot be read.
absl::Status ReadFile(const std::string& path, std::string* bytes);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_BACKUP_DISK_H_
