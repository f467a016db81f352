#include "common/store/sqlite/page_checks.h"

#include <sqlite3.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "common/log/log.h"
#include "common/store/sqlite/log_tail.h"

namespace trusthub::store::sqlite {
namespace {

// Of the file format (sqlite.org/fileformat2.html).
constexpr int kSmallestPage = 512;
constexpr int kLargestPage = 65'536;
constexpr std::int64_t kPagesAt = 28;  // in the header: pages of the file
constexpr std::int64_t kLogHeaderBytes = 32;
constexpr std::int64_t kLogCheckAt = 24;  // in the log's header: its checksum, 8 bytes
constexpr int kFrameHeaderBytes = 24;
constexpr std::int64_t kFrameCheckAt = 16;     // in a frame's header
constexpr std::size_t kFrameCheckedBytes = 8;  // of the frame's header

// The default VFS's file follows in memory.
struct CheckedFile {
  sqlite3_file base;
  sqlite3_file* real;
  LogTail* tail;  // of a log; owned
};

sqlite3_vfs* real_vfs = nullptr;
sqlite3_vfs checks_vfs;

CheckedFile* Of(sqlite3_file* file) { return reinterpret_cast<CheckedFile*>(file); }
sqlite3_file* RealOf(sqlite3_file* file) { return Of(file)->real; }
bool IsLog(sqlite3_file* file) { return Of(file)->tail != nullptr; }
// Before anything is done with a file but to write to it.
int Settle(sqlite3_file* file) {
  return IsLog(file) ? Of(file)->tail->Flush(RealOf(file)) : SQLITE_OK;
}
int ReadReal(sqlite3_file* file, void* bytes, int count, std::int64_t offset) {
  return RealOf(file)->pMethods->xRead(RealOf(file), bytes, count, offset);
}

bool IsPageSize(int count) {
  return count >= kSmallestPage && count <= kLargestPage &&
         std::has_single_bit(static_cast<unsigned>(count));
}

std::uint64_t WordAt(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// One to one in each argument for a given other one, so that no single changed word is lost. Twice
// multiplied: after one a changed highest bit would still be one changed bit, and another one in
// the next word could undo it.
std::uint64_t Mix(std::uint64_t sum, std::uint64_t word) {
  sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
  return (sum ^ sum >> 32) * 0xbf58476d1ce4e5b9u;
}

// --- Pages of the database ----------------------------------------------------------------------

bool PageFits(const char* page, int count, std::int64_t offset) {
  const int body = count - kPageCheckBytes;
  return WordAt(page + body) == PageCheckOf({page, static_cast<std::size_t>(body)}, offset);
}

int Damaged(const char* what, std::int64_t offset) {
  log::Error("store damaged: what was read is not what was written",
             {{"file", what}, {"offset", offset}});
  return SQLITE_IOERR_DATA;
}

int CheckPage(const char* bytes, int count, std::int64_t offset) {
  if (!IsPageSize(count) || offset % count != 0) return SQLITE_OK;  // the header alone
  return PageFits(bytes, count, offset) ? SQLITE_OK : Damaged("database", offset);
}

std::uint32_t BigEndian(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// A page that lies beyond the end of the file. SQLite takes it for zeros, which is right only for
// one that was never written: not for one of those that the file's header counts.
int CheckMissing(sqlite3_file* file, int count, std::int64_t offset) {
  if (!IsPageSize(count) || offset % count != 0) return SQLITE_IOERR_SHORT_READ;
  char pages[4];
  if (ReadReal(file, pages, sizeof(pages), kPagesAt) != SQLITE_OK ||
      offset / count >= static_cast<std::int64_t>(BigEndian(pages))) {
    return SQLITE_IOERR_SHORT_READ;
  }
  return Damaged("database", offset);
}

int WritePage(sqlite3_file* file, const char* bytes, int count, std::int64_t offset) {
  sqlite3_file* real = RealOf(file);
  if (!IsPageSize(count) || offset % count != 0) {
    return real->pMethods->xWrite(real, bytes, count, offset);
  }
  std::array<char, kLargestPage> page;  // a copy: the page belongs to SQLite's cache
  const int body = count - kPageCheckBytes;
  std::memcpy(page.data(), bytes, static_cast<std::size_t>(body));
  const std::uint64_t check = PageCheckOf({bytes, static_cast<std::size_t>(body)}, offset);
  std::memcpy(page.data() + body, &check, sizeof(check));
  return real->pMethods->xWrite(real, page.data(), count, offset);
}

// --- Frames of the log --------------------------------------------------------------------------

struct LogCheck {
  std::uint32_t first;
  std::uint32_t second;
};

// SQLite's sum, over words of this machine's order, which is how SQLite writes logs here.
void AddToLogCheck(const char* bytes, std::size_t count, LogCheck* sum) {
  for (std::size_t i = 0; i < count; i += 8) {
    std::uint32_t words[2];
    std::memcpy(words, bytes + i, sizeof(words));
    sum->first += words[0] + sum->second;
    sum->second += words[1] + sum->first;
  }
}

// Whether a page of `count` bytes at `offset` of a log is that of a frame.
bool IsOfFrame(int count, std::int64_t offset) {
  const std::int64_t frame = offset - kFrameHeaderBytes;
  return IsPageSize(count) && frame >= kLogHeaderBytes &&
         (frame - kLogHeaderBytes) % (count + kFrameHeaderBytes) == 0;
}

// Reads the page of the frame at `frame`, with its header in one call.
int ReadFrame(sqlite3_file* file, char* page, int count, std::int64_t frame) {
  std::array<char, kFrameHeaderBytes + kLargestPage> read;
  const char* const header = read.data();
  char before[8];
  const bool first = frame == kLogHeaderBytes;
  const std::int64_t before_at =
      first ? kLogCheckAt : frame - (count + kFrameHeaderBytes) + kFrameCheckAt;
  int code = ReadReal(file, read.data(), kFrameHeaderBytes + count, frame);
  if (code == SQLITE_OK) code = ReadReal(file, before, sizeof(before), before_at);
  if (code != SQLITE_OK) return code;
  std::memcpy(page, header + kFrameHeaderBytes, static_cast<std::size_t>(count));
  LogCheck sum = {BigEndian(before), BigEndian(before + 4)};
  AddToLogCheck(header, kFrameCheckedBytes, &sum);
  AddToLogCheck(page, static_cast<std::size_t>(count), &sum);
  const bool fits = sum.first == BigEndian(header + kFrameCheckAt) &&
                    sum.second == BigEndian(header + kFrameCheckAt + 4);
  return fits ? SQLITE_OK : Damaged("log", frame);
}

// --- Files --------------------------------------------------------------------------------------

int Close(sqlite3_file* file) {
  const int settled = Settle(file);
  delete Of(file)->tail;
  Of(file)->tail = nullptr;
  const int closed = RealOf(file)->pMethods->xClose(RealOf(file));
  return settled != SQLITE_OK ? settled : closed;
}

int Read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 offset) {
  auto* const read = static_cast<char*>(bytes);
  if (IsLog(file)) {
    const int settled = Settle(file);
    if (settled != SQLITE_OK) return settled;
    // Whole frames, as after a crash, SQLite checks by itself.
    return IsOfFrame(count, offset) ? ReadFrame(file, read, count, offset - kFrameHeaderBytes)
                                    : ReadReal(file, bytes, count, offset);
  }
  const int code = ReadReal(file, bytes, count, offset);
  if (code == SQLITE_IOERR_SHORT_READ) return CheckMissing(file, count, offset);
  return code == SQLITE_OK ? CheckPage(read, count, offset) : code;
}

int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  if (!IsLog(file)) return WritePage(file, static_cast<const char*>(bytes), count, offset);
  return Of(file)->tail->Write(RealOf(file), bytes, count, offset);
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int code = Settle(file);
  return code != SQLITE_OK ? code : RealOf(file)->pMethods->xTruncate(RealOf(file), size);
}
int Sync(sqlite3_file* file, int flags) {
  const int code = Settle(file);
  return code != SQLITE_OK ? code : RealOf(file)->pMethods->xSync(RealOf(file), flags);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  const int code = Settle(file);
  return code != SQLITE_OK ? code : RealOf(file)->pMethods->xFileSize(RealOf(file), size);
}
int Lock(sqlite3_file* file, int level) {
  return RealOf(file)->pMethods->xLock(RealOf(file), level);
}
int Unlock(sqlite3_file* file, int level) {
  return RealOf(file)->pMethods->xUnlock(RealOf(file), level);
}
int CheckReservedLock(sqlite3_file* file, int* out) {
  return RealOf(file)->pMethods->xCheckReservedLock(RealOf(file), out);
}
int FileControl(sqlite3_file* file, int operation, void* argument) {
  const int code = Settle(file);
  if (code != SQLITE_OK) return code;
  return RealOf(file)->pMethods->xFileControl(RealOf(file), operation, argument);
}
int SectorSize(sqlite3_file* file) { return RealOf(file)->pMethods->xSectorSize(RealOf(file)); }
int DeviceCharacteristics(sqlite3_file* file) {
  return RealOf(file)->pMethods->xDeviceCharacteristics(RealOf(file));
}
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return RealOf(file)->pMethods->xShmMap(RealOf(file), page, size, extend, out);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  return RealOf(file)->pMethods->xShmLock(RealOf(file), offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) { RealOf(file)->pMethods->xShmBarrier(RealOf(file)); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return RealOf(file)->pMethods->xShmUnmap(RealOf(file), remove);
}

// Version 2: shared memory, and no files mapped into memory, which nobody would check.
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

int Open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0) {
    return real_vfs->xOpen(real_vfs, path, file, flags, out_flags);
  }
  CheckedFile* opened = Of(file);
  opened->base.pMethods = nullptr;
  opened->real = reinterpret_cast<sqlite3_file*>(opened + 1);
  opened->tail = nullptr;
  const int code = real_vfs->xOpen(real_vfs, path, opened->real, flags, out_flags);
  if (opened->real->pMethods == nullptr) return code;
  opened->base.pMethods = &kMethods;
  if ((flags & SQLITE_OPEN_WAL) != 0) opened->tail = new LogTail;
  return code;
}

// What the default VFS does with its own data goes to it.
int Delete(sqlite3_vfs*, const char* path, int sync_folder) {
  return real_vfs->xDelete(real_vfs, path, sync_folder);
}
int Access(sqlite3_vfs*, const char* path, int flags, int* out) {
  return real_vfs->xAccess(real_vfs, path, flags, out);
}
int FullPathname(sqlite3_vfs*, const char* path, int size, char* out) {
  return real_vfs->xFullPathname(real_vfs, path, size, out);
}

}  // namespace

std::uint64_t PageCheckOf(absl::string_view bytes, std::int64_t offset) {
  std::uint64_t lanes[4] = {static_cast<std::uint64_t>(offset), 1, 2, 3};
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 32; at += 32, left -= 32) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      lanes[lane] = Mix(lanes[lane], WordAt(at + 8 * lane));
    }
  }
  for (; left >= 8; at += 8, left -= 8) lanes[0] = Mix(lanes[0], WordAt(at));
  for (; left > 0; ++at, --left) lanes[0] = Mix(lanes[0], static_cast<unsigned char>(*at));
  return Mix(Mix(Mix(lanes[0], lanes[1]), lanes[2]), lanes[3]);
}

const char* PageChecksVfs() {
  static const char* const name = [] {
    real_vfs = sqlite3_vfs_find(nullptr);
    if (real_vfs == nullptr) std::abort();
    checks_vfs = *real_vfs;
    checks_vfs.zName = "trusthub-page-checks";
    checks_vfs.pNext = nullptr;
    checks_vfs.szOsFile = static_cast<int>(sizeof(CheckedFile)) + real_vfs->szOsFile;
    checks_vfs.xOpen = Open;
    checks_vfs.xDelete = Delete;
    checks_vfs.xAccess = Access;
    checks_vfs.xFullPathname = FullPathname;
    if (sqlite3_vfs_register(&checks_vfs, /*makeDflt=*/0) != SQLITE_OK) std::abort();
    return checks_vfs.zName;
  }();
  return name;
}

}  // namespace trusthub::store::sqlite
