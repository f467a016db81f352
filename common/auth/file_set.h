// File: file_set.h
//
// Files that were read together, and whether any of them has changed since.
#ifndef TRUSTHUB_COMMON_AUTH_FILE_SET_H_
#define TRUSTHUB_COMMON_AUTH_FILE_SET_H_

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace trusthub::auth {

// Not thread-safe.
class FileSet {
 public:
  // The bytes of the file, at most 16 MiB; remembers what it looked like, or that it was not there.
  absl::StatusOr<std::string> Read(const std::string& path);

  // Whether any file read looks different now: written, replaced, swapped behind a link, removed or
  // back again.
  bool Changed() const;

  // Takes over what `tried` saw, and looks at the other files again, so that Changed() is false
  // until something changes once more. For a failed attempt to read a new version.
  void Settle(const FileSet& tried);

 private:
  // What stat says; all 0 for a file that cannot be opened.
  struct Look {
    std::int64_t device = 0, inode = 0, size = 0, written = 0, changed = 0;  // times in ns
    bool operator==(const Look&) const = default;
  };
  static Look LookOf(const struct stat& info);
  static Look LookAt(const std::string& path);

  std::map<std::string, Look> files_;
};

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_FILE_SET_H_
