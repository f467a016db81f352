#include "common/crypto/secret.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/mutex.h"
#include "common/crypto/openssl.h"

namespace trusthub::crypto {
namespace {

constexpr std::size_t kSlotBytes = Secret::kBytesMax;
// What is reserved at a time when nothing was reserved at start.
constexpr std::size_t kBlockSlots = 256;

// Slots of locked memory; blocks are never given back.
class Arena {
 public:
  static Arena& Get() {
    static Arena& arena = *new Arena;
    return arena;
  }

  absl::Status Reserve(std::size_t slots) {
    MutexLock lock(mutex_);
    if (AddBlock(slots)) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat(
        "cannot lock ", slots * kSlotBytes / 1024,
        " KiB of memory for keys: raise the limit of locked memory (ulimit -l, LimitMEMLOCK=)"));
  }

  char* Take() {
    MutexLock lock(mutex_);
    if (free_.empty()) AddBlock(kBlockSlots);
    char* const slot = free_.back();
    free_.pop_back();
    return slot;
  }

  void GiveBack(char* slot) {
    OPENSSL_cleanse(slot, kSlotBytes);
    MutexLock lock(mutex_);
    free_.push_back(slot);
  }

 private:
  // Whether the new block could be locked; its slots can be used in any case.
  bool AddBlock(std::size_t slots) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::size_t bytes = slots * kSlotBytes;
    void* const block =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Require(block != MAP_FAILED, "mmap");
    madvise(block, bytes, MADV_DONTDUMP);
    const bool locked = mlock(block, bytes) == 0;
    for (std::size_t i = slots; i-- > 0;) {
      free_.push_back(static_cast<char*>(block) + i * kSlotBytes);
    }
    return locked;
  }

  Mutex mutex_;
  std::vector<char*> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void Cleanse(std::string& bytes) {
  bytes.resize(bytes.capacity());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

absl::Status LockMemoryForSecrets(std::size_t count) {
  // What may be raised without anybody's help is.
  rlimit limit;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_MEMLOCK, &limit);
  }
  return Arena::Get().Reserve(count);
}

Secret::Secret(absl::string_view bytes) : Secret(OfSize(bytes.size())) {
  if (!bytes.empty()) std::memcpy(bytes_, bytes.data(), bytes.size());
}

Secret Secret::Take(std::string&& bytes) {
  Secret secret{absl::string_view(bytes)};
  Cleanse(bytes);
  return secret;
}

Secret Secret::Random(std::size_t count) {
  Secret secret = OfSize(count);
  Require(RAND_priv_bytes(Bytes(secret.bytes_), static_cast<int>(count)) == 1, "RAND_priv_bytes");
  return secret;
}

Secret Secret::OfSize(std::size_t count) {
  Require(count <= kBytesMax, "length check of a secret");
  Secret secret;
  if (count == 0) return secret;
  secret.bytes_ = Arena::Get().Take();
  secret.size_ = count;
  return secret;
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  return *this;
}

Secret::~Secret() {
  if (bytes_ != nullptr) Arena::Get().GiveBack(bytes_);
}

}  // namespace trusthub::crypto
