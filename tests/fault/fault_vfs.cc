#include "tests/fault/fault_vfs.h"

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "common/time/clock.h"

namespace trusthub::testing {
namespace {

// The default VFS's file follows in memory.
struct FaultFile {
  sqlite3_file base;
  sqlite3_file* real;
  const char* path;  // of SQLite's, for the life of the file; null for a temporary one
};

sqlite3_vfs* real_vfs = nullptr;
sqlite3_vfs fault_vfs;

FaultVfs& Faults() { return FaultVfs::Install(); }
FaultFile* Of(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file); }
sqlite3_file* RealOf(sqlite3_file* file) { return Of(file)->real; }

[[noreturn]] void Die() {
  kill(getpid(), SIGKILL);
  std::abort();  // not reached: nobody survives that signal
}

// The code of a call that fails; SQLITE_OK when it does not.
int Struck(Io call, int io_error) {
  const std::optional<IoFault> fault = Faults().Strike(call);
  if (!fault.has_value()) return SQLITE_OK;
  if (*fault == IoFault::kKill) Die();
  const bool needs_space = call == kIoWrite || call == kIoSharedMap;
  return needs_space && *fault != IoFault::kError ? SQLITE_FULL : io_error;
}

// --- Files --------------------------------------------------------------------------------------

int Close(sqlite3_file* file) { return RealOf(file)->pMethods->xClose(RealOf(file)); }

int Read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 offset) {
  const int code = Struck(kIoRead, SQLITE_IOERR_READ);
  if (code != SQLITE_OK) return code;
  return RealOf(file)->pMethods->xRead(RealOf(file), bytes, count, offset);
}

int WriteTo(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  if (Of(file)->path != nullptr) {
    Faults().Record([&](LossyDisk& disk) {
      disk.Write(Of(file)->path, offset,
                 {static_cast<const char*>(bytes), static_cast<std::size_t>(count)});
    });
  }
  return RealOf(file)->pMethods->xWrite(RealOf(file), bytes, count, offset);
}

int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  const std::optional<IoFault> fault = Faults().Strike(kIoWrite);
  if (!fault.has_value()) return WriteTo(file, bytes, count, offset);
  const bool in_part = *fault == IoFault::kShortWrite || *fault == IoFault::kKill;
  if (in_part && count > 1) WriteTo(file, bytes, count / 2, offset);
  if (*fault == IoFault::kKill) Die();
  return *fault == IoFault::kError ? SQLITE_IOERR_WRITE : SQLITE_FULL;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int code = Struck(kIoTruncate, SQLITE_IOERR_TRUNCATE);
  if (code != SQLITE_OK) return code;
  if (Of(file)->path != nullptr) {
    Faults().Record([&](LossyDisk& disk) { disk.Truncate(Of(file)->path, size); });
  }
  return RealOf(file)->pMethods->xTruncate(RealOf(file), size);
}

int Sync(sqlite3_file* file, int flags) {
  const int code = Struck(kIoSync, SQLITE_IOERR_FSYNC);
  if (code != SQLITE_OK) return code;
  if (Of(file)->path != nullptr) {
    Faults().Record([&](LossyDisk& disk) { disk.Sync(Of(file)->path); });
  }
  if (Faults().skips_syncs()) return SQLITE_OK;
  return RealOf(file)->pMethods->xSync(RealOf(file), flags);
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  const int code = Struck(kIoSize, SQLITE_IOERR_FSTAT);
  return code != SQLITE_OK ? code : RealOf(file)->pMethods->xFileSize(RealOf(file), size);
}

int Lock(sqlite3_file* file, int level) {
  const int code = Struck(kIoLock, SQLITE_IOERR_LOCK);
  return code != SQLITE_OK ? code : RealOf(file)->pMethods->xLock(RealOf(file), level);
}

int Unlock(sqlite3_file* file, int level) {
  return RealOf(file)->pMethods->xUnlock(RealOf(file), level);
}

int CheckReservedLock(sqlite3_file* file, int* out) {
  return RealOf(file)->pMethods->xCheckReservedLock(RealOf(file), out);
}

int FileControl(sqlite3_file* file, int operation, void* argument) {
  return RealOf(file)->pMethods->xFileControl(RealOf(file), operation, argument);
}

int SectorSize(sqlite3_file* file) { return RealOf(file)->pMethods->xSectorSize(RealOf(file)); }

int DeviceCharacteristics(sqlite3_file* file) {
  return RealOf(file)->pMethods->xDeviceCharacteristics(RealOf(file));
}

int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  const int code = Struck(kIoSharedMap, SQLITE_IOERR_SHMMAP);
  if (code != SQLITE_OK) {
    *out = nullptr;
    return code;
  }
  return RealOf(file)->pMethods->xShmMap(RealOf(file), page, size, extend, out);
}

int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  if ((flags & SQLITE_SHM_LOCK) != 0) {
    const int code = Struck(kIoLock, SQLITE_IOERR_SHMLOCK);
    if (code != SQLITE_OK) return code;
  }
  return RealOf(file)->pMethods->xShmLock(RealOf(file), offset, count, flags);
}

void ShmBarrier(sqlite3_file* file) { RealOf(file)->pMethods->xShmBarrier(RealOf(file)); }

int ShmUnmap(sqlite3_file* file, int remove) {
  return RealOf(file)->pMethods->xShmUnmap(RealOf(file), remove);
}

// Version 2: shared memory, and no files mapped into memory.
const sqlite3_io_methods kMethods = {2,
                                     Close,
                                     Read,
                                     Write,
                                     Truncate,
                                     Sync,
                                     FileSize,
                                     Lock,
                                     Unlock,
                                     CheckReservedLock,
                                     FileControl,
                                     SectorSize,
                                     DeviceCharacteristics,
                                     ShmMap,
                                     ShmLock,
                                     ShmBarrier,
                                     ShmUnmap,
                                     nullptr,
                                     nullptr};

// --- The VFS ------------------------------------------------------------------------------------

bool Exists(const char* path) {
  int exists = 0;
  real_vfs->xAccess(real_vfs, path, SQLITE_ACCESS_EXISTS, &exists);
  return exists != 0;
}

int Open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  FaultFile* opened = Of(file);
  opened->base.pMethods = nullptr;
  opened->real = reinterpret_cast<sqlite3_file*>(opened + 1);
  opened->path = path;
  int code = Struck(kIoOpen, SQLITE_CANTOPEN);
  if (code != SQLITE_OK) return code;
  const bool made = path != nullptr && (flags & SQLITE_OPEN_CREATE) != 0 && !Exists(path);
  code = real_vfs->xOpen(real_vfs, path, opened->real, flags, out_flags);
  if (opened->real->pMethods != nullptr) opened->base.pMethods = &kMethods;
  if (code == SQLITE_OK && made) {
    Faults().Record([&](LossyDisk& disk) { disk.Create(path); });
  }
  return code;
}

int Delete(sqlite3_vfs*, const char* path, int sync_folder) {
  const int code = Struck(kIoDelete, SQLITE_IOERR_DELETE);
  if (code != SQLITE_OK) return code;
  Faults().Record([&](LossyDisk& disk) { disk.Delete(path); });
  return real_vfs->xDelete(real_vfs, path, sync_folder);
}

int Access(sqlite3_vfs*, const char* path, int flags, int* out) {
  const int code = Struck(kIoAccess, SQLITE_IOERR_ACCESS);
  return code != SQLITE_OK ? code : real_vfs->xAccess(real_vfs, path, flags, out);
}

}  // namespace

const char* NameOf(Io call) {
  switch (call) {
    case kIoOpen:
      return "open";
    case kIoRead:
      return "read";
    case kIoWrite:
      return "write";
    case kIoSync:
      return "sync";
    case kIoTruncate:
      return "truncate";
    case kIoDelete:
      return "delete";
    case kIoSize:
      return "size";
    case kIoLock:
      return "lock";
    case kIoSharedMap:
      return "shared map";
    case kIoAccess:
      return "access";
    case kIoAll:
      break;
  }
  return "any";
}

const char* NameOf(IoFault fault) {
  switch (fault) {
    case IoFault::kError:
      return "EIO";
    case IoFault::kFull:
      return "ENOSPC";
    case IoFault::kShortWrite:
      return "short write";
    case IoFault::kKill:
      return "SIGKILL";
  }
  return "";
}

FaultVfs& FaultVfs::Install() {
  static FaultVfs* const installed = [] {
    auto* faults = new FaultVfs();  // SQLite holds on to it until the process ends
    real_vfs = sqlite3_vfs_find(nullptr);
    if (real_vfs == nullptr) std::abort();
    fault_vfs = *real_vfs;
    fault_vfs.zName = "trusthub-fault";
    fault_vfs.pNext = nullptr;
    fault_vfs.szOsFile = static_cast<int>(sizeof(FaultFile)) + real_vfs->szOsFile;
    fault_vfs.xOpen = Open;
    fault_vfs.xDelete = Delete;
    fault_vfs.xAccess = Access;
    if (sqlite3_vfs_register(&fault_vfs, /*makeDflt=*/1) != SQLITE_OK) std::abort();
    return faults;
  }();
  return *installed;
}

// --- Faults -------------------------------------------------------------------------------------

void FaultVfs::Inject(const Plan& plan) {
  MutexLock lock(mutex_);
  plan_ = plan;
  calls_ = 0;
  failed_ = 0;
  struck_.reset();
}

void FaultVfs::SlowDown(unsigned kinds, absl::Duration delay) {
  MutexLock lock(mutex_);
  slow_kinds_ = kinds;
  delay_ = delay;
}

void FaultVfs::Mend() {
  MutexLock lock(mutex_);
  plan_.reset();
  slow_kinds_ = 0;
  ++mends_;
  mended_.NotifyAll();
}

std::int64_t FaultVfs::calls() const {
  MutexLock lock(mutex_);
  return calls_;
}

std::int64_t FaultVfs::failed() const {
  MutexLock lock(mutex_);
  return failed_;
}

std::optional<Io> FaultVfs::struck() const {
  MutexLock lock(mutex_);
  return struck_;
}

std::optional<IoFault> FaultVfs::Strike(Io call) {
  MutexLock lock(mutex_);
  if ((slow_kinds_ & call) != 0) {
    const absl::Duration until = MonotonicNow() + delay_;
    const std::int64_t mends = mends_;
    while (mends_ == mends && MonotonicNow() < until) {
      mended_.WaitFor(mutex_, until - MonotonicNow());
    }
  }
  if (!plan_.has_value() || (plan_->kinds & call) == 0) return std::nullopt;
  ++calls_;
  if (calls_ < plan_->nth || calls_ >= plan_->nth + plan_->times) return std::nullopt;
  ++failed_;
  if (!struck_.has_value()) struck_ = call;
  return plan_->fault;
}

// --- Loss of power ------------------------------------------------------------------------------

void FaultVfs::StartRecording(LossyDisk::Files files) {
  MutexLock lock(mutex_);
  recording_ = true;
  disk_ = LossyDisk();
  for (auto& [path, content] : files) disk_.Adopt(path, std::move(content));
  changes_ = 0;
  lose_at_ = 0;
  remains_.reset();
}

void FaultVfs::LosePowerAt(std::int64_t nth, std::uint64_t seed) {
  MutexLock lock(mutex_);
  lose_at_ = nth;
  lose_seed_ = seed;
}

bool FaultVfs::power_lost() const {
  MutexLock lock(mutex_);
  return remains_.has_value();
}

std::int64_t FaultVfs::changes() const {
  MutexLock lock(mutex_);
  return changes_;
}

bool FaultVfs::skips_syncs() const {
  MutexLock lock(mutex_);
  return skips_syncs_ || recording_;
}

void FaultVfs::SkipSyncs() {
  MutexLock lock(mutex_);
  skips_syncs_ = true;
}

LossyDisk::Files FaultVfs::Remains(std::uint64_t seed) {
  MutexLock lock(mutex_);
  if (!remains_.has_value()) Lose(seed);
  return *remains_;
}

void FaultVfs::EndRecording() {
  MutexLock lock(mutex_);
  recording_ = false;
  disk_ = LossyDisk();
  remains_.reset();
  lose_at_ = 0;
}

void FaultVfs::Lose(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  remains_ = disk_.Remains(random);
}

}  // namespace trusthub::testing
