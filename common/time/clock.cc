#include "common/time/clock.h"

#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/mutex.h"

namespace trusthub {
namespace {

class MachineClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

// Write times of files advance in kernel ticks (1 to 10 ms), so two settings in one tick look
// alike. What was read this soon after it was written is read again.
constexpr absl::Duration kWriteTimeGrain = absl::Seconds(1);

class FileClockImpl final : public Clock {
 public:
  explicit FileClockImpl(std::string path) : path_(std::move(path)) {}

  absl::Status Load() const {
    MutexLock lock(mutex_);
    return LoadLocked();
  }

  // Every call of a service asks several times, from every thread: the file is looked at outside
  // the lock, which is then held for a comparison.
  absl::Time Now() const override {
    const std::optional<absl::Time> written = WriteTime();
    MutexLock lock(mutex_);
    if (!written.has_value() || *written != written_ || !settled_) {
      LoadLocked().IgnoreError();  // Promise: an unreadable file keeps the last good setting.
    }
    return absl::Now() + offset_;
  }

 private:
  std::optional<absl::Time> WriteTime() const {
    struct stat info;
    if (stat(path_.c_str(), &info) != 0) return std::nullopt;
    return absl::TimeFromTimespec(info.st_mtim);
  }

  absl::Status LoadLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::optional<absl::Time> write_time = WriteTime();
    if (!write_time.has_value()) {
      return absl::NotFoundError(absl::StrCat("sandbox clock file ", path_, " cannot be read"));
    }
    const absl::Time written = *write_time;
    const absl::Time read_at = absl::Now();
    std::ifstream file(path_);
    std::string line;
    std::getline(file, line);
    absl::Time instant;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, line, &instant, &error)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "sandbox clock file ", path_, " line 1 is not an RFC 3339 instant: ", error));
    }
    offset_ = instant - written;
    written_ = written;
    settled_ = read_at - written > kWriteTimeGrain;
    return absl::OkStatus();
  }

  const std::string path_;
  mutable Mutex mutex_;
  mutable absl::Time written_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  mutable bool settled_ ABSL_GUARDED_BY(mutex_) = false;
  mutable absl::Duration offset_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

const Clock& RealClock() {
  static const auto* clock = new MachineClock;
  return *clock;
}

absl::Duration MonotonicNow() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

absl::StatusOr<std::unique_ptr<Clock>> FileClock(absl::string_view path) {
  auto clock = std::make_unique<FileClockImpl>(std::string(path));
  if (absl::Status status = clock->Load(); !status.ok()) return status;
  return clock;
}

}  // namespace trusthub
