// File: log_tail.h
//
// What SQLite writes to the end of a write-ahead log, gathered into few writes. It writes each
// frame in two pieces, a header of 24 bytes and a page; a commit of fifty pages is a hundred calls
// of the kernel. Here they go together, at the latest when the log is synced, which in a store is
// before every answer and before any other connection hears of the frames (synchronous = FULL).
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_LOG_TAIL_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_LOG_TAIL_H_

#include <sqlite3.h>

#include <cstdint>
#include <string>

namespace trusthub::store::sqlite {

// Of one open log, used as SQLite uses its file: by one thread at a time. Results are SQLite's
// codes. What a failed write held is given up: SQLite takes the transaction back, and writes other
// frames to the same place.
class LogTail {
 public:
  // Takes `count` bytes for `offset`, or writes them and what waits before them.
  int Write(sqlite3_file* log, const void* bytes, int count, std::int64_t offset);
  // Writes what waits. Before anything else is asked of the file.
  int Flush(sqlite3_file* log);

 private:
  std::string waiting_;
  std::int64_t at_ = 0;  // where it begins
};

}  // namespace trusthub::store::sqlite

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_LOG_TAIL_H_
