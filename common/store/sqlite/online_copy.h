// File: online_copy.h
//
// A copy of a store that a service may have open and be writing to: one view of it, complete as of
// one moment, made from another process while nobody waits. Whatever was acknowledged before the
// copy began is in it.
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_ONLINE_COPY_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_ONLINE_COPY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/store/store.h"

namespace trusthub::store {

class OnlineCopy {
 public:
  // Reads of the very view that is copied, before it is copied. Good during the call alone.
  using Look = std::function<absl::Status(Snapshot& view)>;

  // Copies the store at `path` into a file without a name in the folder `staging`, which is gone
  // when this object, or its process, is. Every page is compared with its checksum as it is read.
  // Errors are one line and begin with "store {path}: ". While it runs the store's log cannot begin
  // anew: the file of the log grows, writers do not wait.
  static absl::StatusOr<std::unique_ptr<OnlineCopy>> Make(const std::string& path,
                                                          const std::string& staging,
                                                          const Look& look);
  ~OnlineCopy();
  OnlineCopy(const OnlineCopy&) = delete;
  OnlineCopy& operator=(const OnlineCopy&) = delete;

  std::int64_t bytes() const { return bytes_; }
  std::int64_t schema() const { return schema_; }
  // `count` bytes from `offset` on, fewer at the end.
  absl::StatusOr<std::string> Read(std::int64_t offset, std::size_t count) const;

 private:
  OnlineCopy(int fd, std::int64_t schema) : fd_(fd), schema_(schema) {}

  const int fd_;
  const std::int64_t schema_;
  std::int64_t bytes_ = 0;
};

// Version of the tables that this program knows.
std::int64_t KnownSqliteSchema();

// OK when the file at `path`, which nobody has open, is a sound store of the known version: every
// page fits its checksum, and tables and indexes say the same. Errors as of OnlineCopy::Make.
absl::Status CheckStoreFile(const std::string& path);

}  // namespace trusthub::store

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_ONLINE_COPY_H_
