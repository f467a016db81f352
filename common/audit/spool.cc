#include "common/audit/spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/audit/entry.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"

namespace trusthub::audit {
namespace {

// The file: id (16 random bytes, for ever) || generation (8) || entries. The generation goes up
// each time the spool is emptied. An entry: length (4) || first 8 bytes of its SHA-256 || bytes.
// Numbers are big endian.
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kHeaderBytes = kIdBytes + 8;
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kCheckBytes = 8;
constexpr std::size_t kPrefixBytes = kLengthBytes + kCheckBytes;
// Some 30,000 refusals: hours of an attack at the rate that the store's own limits let through.
constexpr std::size_t kSpoolBytesMax = 16 * 1024 * 1024;
constexpr char kSpace[] = "audit/spool";

std::string BigEndian(std::uint64_t value, std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = count; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
  return bytes;
}

std::uint64_t FromBigEndian(absl::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::string CheckOf(absl::string_view leaf) { return crypto::Sha256(leaf).substr(0, kCheckBytes); }

absl::Status DiskError(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("audit spool: ", what, ": ", std::strerror(errno)));
}

void SyncOrDie(int file) {
  if (fsync(file) == 0) return;
  std::perror("audit spool: fsync");
  std::abort();
}

class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int get() const { return descriptor_; }
  bool ok() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

absl::Status WriteAt(int file, std::size_t offset, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return DiskError("write");
    offset += static_cast<std::size_t>(wrote);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAll(int file) {
  struct stat info;
  if (fstat(file, &info) != 0) return DiskError("stat");
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got =
        pread(file, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return DiskError("read");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

absl::Status SyncFolderOf(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const File file(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.ok()) return DiskError("open folder");
  SyncOrDie(file.get());
  return absl::OkStatus();
}

// Makes the file at `path` an empty spool, whole or not at all, and opens and locks it.
absl::StatusOr<File> Replace(const std::string& path, absl::string_view id,
                             std::uint64_t generation) {
  const std::string fresh = path + ".new";
  File file(open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.ok()) return DiskError("open");
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) return DiskError("lock");
  TRUSTHUB_RETURN_IF_ERROR(WriteAt(file.get(), 0, absl::StrCat(id, BigEndian(generation, 8))));
  SyncOrDie(file.get());
  if (rename(fresh.c_str(), path.c_str()) != 0) return DiskError("rename");
  TRUSTHUB_RETURN_IF_ERROR(SyncFolderOf(path));
  return file;
}

// What the entries of a file hold, and where the good ones end.
struct Entries {
  std::vector<std::pair<std::size_t, absl::string_view>> leaves;  // end offset, bytes
  std::size_t end = kHeaderBytes;
};

absl::StatusOr<Entries> ParseEntries(absl::string_view bytes) {
  Entries entries;
  while (bytes.size() - entries.end >= kPrefixBytes) {
    const absl::string_view rest = bytes.substr(entries.end);
    const std::size_t length = FromBigEndian(rest.substr(0, kLengthBytes));
    if (length == 0 || rest.size() - kPrefixBytes < length) break;  // torn
    const absl::string_view leaf = rest.substr(kPrefixBytes, length);
    if (CheckOf(leaf) != rest.substr(kLengthBytes, kCheckBytes)) {
      if (rest.size() == kPrefixBytes + length) break;  // torn: the length came down, not all bytes
      return absl::DataLossError(absl::StrCat("the audit spool is damaged at byte ", entries.end));
    }
    entries.end += kPrefixBytes + length;
    entries.leaves.emplace_back(entries.end, leaf);
  }
  return entries;
}

class FileSpool final : public Spool {
 public:
  FileSpool(std::string path, File file, std::string id, std::uint64_t generation, std::size_t end)
      : path_(std::move(path)),
        id_(std::move(id)),
        file_(std::move(file)),
        generation_(generation),
        end_(end) {}

  absl::Status Add(absl::string_view leaf) override {
    if (leaf.empty()) return absl::InvalidArgumentError("an audit entry is not empty");
    MutexLock lock(mutex_);
    if (end_ + kPrefixBytes + leaf.size() > kSpoolBytesMax) {
      return absl::ResourceExhaustedError("the audit spool is full");
    }
    TRUSTHUB_RETURN_IF_ERROR(CutTail());
    const std::string entry =
        absl::StrCat(BigEndian(leaf.size(), kLengthBytes), CheckOf(leaf), leaf);
    if (absl::Status status = WriteAt(file_.get(), end_, entry); !status.ok()) {
      has_tail_ = true;
      CutTail().IgnoreError();  // Tried again by the next Add.
      return status;
    }
    SyncOrDie(file_.get());
    end_ += entry.size();
    return absl::OkStatus();
  }

  absl::Status Drain(store::Store& store) override {
    MutexLock lock(mutex_);
    if (end_ == kHeaderBytes) return absl::OkStatus();
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string bytes, ReadAll(file_.get()));
    TRUSTHUB_ASSIGN_OR_RETURN(const Entries entries,
                              ParseEntries(absl::string_view(bytes).substr(0, end_)));
    if (entries.end != end_) return absl::DataLossError("the audit spool lost entries");
    TRUSTHUB_ASSIGN_OR_RETURN(const std::size_t drained, DrainedUpTo(store));
    store::WriteSet set;
    for (const auto& [end, leaf] : entries.leaves) {
      if (end > drained) set.leaves.push_back(LeafOf(leaf));
    }
    if (!set.leaves.empty()) {
      set.states.push_back(
          {kSpace, absl::BytesToHexString(id_), absl::StrCat(generation_, " ", end_)});
      TRUSTHUB_RETURN_IF_ERROR(store::CommitAndWait(store, std::move(set)).status());
    }
    TRUSTHUB_ASSIGN_OR_RETURN(file_, Replace(path_, id_, generation_ + 1));
    ++generation_;
    end_ = kHeaderBytes;
    has_tail_ = false;
    return absl::OkStatus();
  }

  bool empty() const override {
    MutexLock lock(mutex_);
    return end_ == kHeaderBytes;
  }

 private:
  // Cuts off what a failed write left behind the last good entry.
  absl::Status CutTail() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!has_tail_) return absl::OkStatus();
    if (ftruncate(file_.get(), static_cast<off_t>(end_)) != 0) return DiskError("truncate");
    has_tail_ = false;
    return absl::OkStatus();
  }

  // Offset up to which this generation was committed by a drain that could not empty the file.
  absl::StatusOr<std::size_t> DrainedUpTo(store::Store& store) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto snapshot, store.Open(absl::InfiniteFuture()));
    TRUSTHUB_ASSIGN_OR_RETURN(const auto state,
                              snapshot->FindState(kSpace, absl::BytesToHexString(id_)));
    if (!state.has_value()) return 0;
    const std::vector<absl::string_view> parts = absl::StrSplit(*state, ' ');
    std::uint64_t generation = 0;
    std::uint64_t offset = 0;
    if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &generation) ||
        !absl::SimpleAtoi(parts[1], &offset)) {
      return absl::DataLossError("the state of the audit spool in the store does not parse");
    }
    return generation == generation_ ? offset : 0;
  }

  const std::string path_;
  const std::string id_;
  mutable Mutex mutex_;
  File file_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t generation_ ABSL_GUARDED_BY(mutex_);
  std::size_t end_ ABSL_GUARDED_BY(mutex_);
  bool has_tail_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> OpenSpool(absl::string_view path_view) {
  std::string path(path_view);
  File file(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.ok()) {
    if (errno != ENOENT) return DiskError("open");
    std::string id = RandomBytes(kIdBytes);
    TRUSTHUB_ASSIGN_OR_RETURN(file, Replace(path, id, 0));
    return std::make_unique<FileSpool>(std::move(path), std::move(file), std::move(id), 0,
                                       kHeaderBytes);
  }
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) return DiskError("lock");
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string bytes, ReadAll(file.get()));
  // The header came with the file's name, so a short one was never ours.
  if (bytes.size() < kHeaderBytes) return absl::DataLossError("the audit spool has no header");
  TRUSTHUB_ASSIGN_OR_RETURN(const Entries entries, ParseEntries(bytes));
  if (entries.end != bytes.size()) {
    if (ftruncate(file.get(), static_cast<off_t>(entries.end)) != 0) return DiskError("truncate");
    SyncOrDie(file.get());
  }
  const absl::string_view header(bytes.data(), kHeaderBytes);
  return std::make_unique<FileSpool>(std::move(path), std::move(file),
                                     std::string(header.substr(0, kIdBytes)),
                                     FromBigEndian(header.substr(kIdBytes)), entries.end);
}

}  // namespace trusthub::audit
