// File: fault_vfs.h
//
// Disks that fail, under SQLite: a VFS over the default one. It can fail the n-th call of a kind
// with EIO or ENOSPC, write in part, make calls slow, and keep the model of a disk that loses its
// power (lossy_disk.h).
//
// Install() before the first store is opened. One VFS a process, for its whole life; between tests
// Mend() and EndRecording() put everything back.
#ifndef TRUSTHUB_TESTS_FAULT_FAULT_VFS_H_
#define TRUSTHUB_TESTS_FAULT_FAULT_VFS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "tests/fault/lossy_disk.h"

namespace trusthub::testing {

// Kinds of calls, as bits.
enum Io : unsigned {
  kIoOpen = 1u << 0,
  kIoRead = 1u << 1,
  kIoWrite = 1u << 2,
  kIoSync = 1u << 3,
  kIoTruncate = 1u << 4,
  kIoDelete = 1u << 5,
  kIoSize = 1u << 6,
  kIoLock = 1u << 7,       // of the database file and of the shared memory
  kIoSharedMap = 1u << 8,  // growing the shared memory beside the log
  kIoAccess = 1u << 9,
  kIoAll = (1u << 10) - 1,
};
// "write".
const char* NameOf(Io call);

enum class IoFault {
  kError,       // EIO
  kFull,        // ENOSPC; for calls that need no space, EIO
  kShortWrite,  // half is written, then ENOSPC; for other calls, EIO
  kKill,        // the process is killed before the call is made; of a write, half is made first
};
const char* NameOf(IoFault fault);

// Thread-safe.
class FaultVfs {
 public:
  static FaultVfs& Install();

  // Of the calls among `kinds` counted from now, the `nth` (from 1) and the `times` - 1 after it
  // fail. Replaces what was planned before.
  struct Plan {
    unsigned kinds = kIoAll;
    std::int64_t nth = 1;
    std::int64_t times = 1;
    IoFault fault = IoFault::kError;
  };
  void Inject(const Plan& plan);
  // Every call among `kinds` takes `delay` longer until Mend.
  void SlowDown(unsigned kinds, absl::Duration delay);
  // Ends faults and delays, those that calls are in as well.
  void Mend();
  // Calls counted, and calls that failed, since Inject.
  std::int64_t calls() const;
  std::int64_t failed() const;
  // The kind of the first that failed, if any did.
  std::optional<Io> struck() const;

  // Syncs cost nothing from now on: for tests that lose no power.
  void SkipSyncs();

  // From now on the model is kept, and syncs cost nothing; `files` are what stands durable there.
  void StartRecording(LossyDisk::Files files);
  // Before the `nth` call that changes a file the power is lost: what remains then, drawn with
  // `seed`, is kept for Remains(). The program runs on and does not notice; what it is told later
  // does not count.
  void LosePowerAt(std::int64_t nth, std::uint64_t seed);
  bool power_lost() const;
  // Calls that changed a file since StartRecording.
  std::int64_t changes() const;
  // What remained; when the power was not lost yet, it is lost now.
  LossyDisk::Files Remains(std::uint64_t seed);
  void EndRecording();

  // For the calls of the VFS: whether one of this kind fails now, after its delay. Counts it.
  std::optional<IoFault> Strike(Io call);
  // For the calls of the VFS: the change is put down in the model before it is made.
  template <class Change>
  void Record(Change change) {
    MutexLock lock(mutex_);
    if (!recording_) return;
    if (++changes_ == lose_at_) Lose(lose_seed_);
    if (!remains_.has_value()) change(disk_);
  }
  bool skips_syncs() const;

 private:
  FaultVfs() = default;
  void Lose(std::uint64_t seed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  CondVar mended_;
  std::optional<Plan> plan_ ABSL_GUARDED_BY(mutex_);
  std::int64_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t failed_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<Io> struck_ ABSL_GUARDED_BY(mutex_);
  unsigned slow_kinds_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration delay_ ABSL_GUARDED_BY(mutex_);
  std::int64_t mends_ ABSL_GUARDED_BY(mutex_) = 0;

  bool skips_syncs_ ABSL_GUARDED_BY(mutex_) = false;
  bool recording_ ABSL_GUARDED_BY(mutex_) = false;
  LossyDisk disk_ ABSL_GUARDED_BY(mutex_);
  std::int64_t changes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t lose_at_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t lose_seed_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<LossyDisk::Files> remains_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_FAULT_FAULT_VFS_H_
