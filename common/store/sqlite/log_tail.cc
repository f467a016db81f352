#include "common/store/sqlite/log_tail.h"

#include <cstddef>

namespace trusthub::store::sqlite {
namespace {

// Written at once: some thirty frames. SQLite's VFS for Unix looks at the lowest 17 bits of a size.
constexpr std::size_t kGatheredMax = 0x1ffff;

}  // namespace

int LogTail::Write(sqlite3_file* log, const void* bytes, int count, std::int64_t offset) {
  const auto size = static_cast<std::size_t>(count);
  const bool follows = offset == at_ + static_cast<std::int64_t>(waiting_.size());
  if (!waiting_.empty() && (!follows || waiting_.size() + size > kGatheredMax)) {
    if (const int code = Flush(log); code != SQLITE_OK) return code;
  }
  if (waiting_.empty()) at_ = offset;
  waiting_.append(static_cast<const char*>(bytes), size);
  return SQLITE_OK;
}

int LogTail::Flush(sqlite3_file* log) {
  if (waiting_.empty()) return SQLITE_OK;
  const int code =
      log->pMethods->xWrite(log, waiting_.data(), static_cast<int>(waiting_.size()), at_);
  waiting_.clear();
  return code;
}

}  // namespace trusthub::store::sqlite
