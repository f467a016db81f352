// File: files.h
//
// The files of a store as files: readable by this user alone, and still the ones that were opened.
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_FILES_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_FILES_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace trusthub::store::sqlite {

// Makes an empty file that only this user may read, unless there is one. SQLite gives its side
// files the same rights.
absl::Status CreatePrivate(const std::string& path);

// Whether the file holds nothing.
bool IsEmpty(const std::string& path);

// Whether `path` holds something, and nothing that this hub could have made: for a clear word
// before SQLite takes the file for a damaged one.
bool IsForeign(const std::string& path, std::int32_t application_id);

// What a store's file is called, behind its own name, while a copy makes it, and after it was moved
// elsewhere (row_store.h).
inline constexpr char kCopying[] = ".copying";
inline constexpr char kMoved[] = ".moved";

// OK unless `path` is missing because a copy to it is not finished or its store was moved away:
// FAILED_PRECONDITION then, for who would begin a store there.
absl::Status CheckPlace(const std::string& path);
// Where the store that stood at `path` was moved to: one line in the file "moved-to" beside it.
absl::StatusOr<std::string> MovedTo(const std::string& path);
absl::Status PutMovedTo(const std::string& path, absl::string_view target);

// On disk when it returns OK.
absl::Status MoveFile(const std::string& from, const std::string& to);
// For files that an administrator's program leaves: the service must be able to open them.
absl::Status GiveToOwnerOfFolder(const std::string& path);

// Notices that a file was removed or replaced under its open descriptor: what is written then goes
// nowhere that a restart would find.
class FileWatch {
 public:
  // Remembers what stands at `path` now.
  explicit FileWatch(std::string path);
  bool Same() const;

 private:
  const std::string path_;
  bool known_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_FILES_H_
