#include "common/base/ids.h"

#include <pthread.h>
#include <sys/random.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace trusthub {
namespace {

// How many forks this process comes of. What a pool held before one, the other process has too,
// and no nonce may be used twice.
std::atomic<int>& Forks() {
  static std::atomic<int> forks = 0;
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  if (registered != 0) std::abort();
  return forks;
}

// One system call a kilobyte, not one an id. Wiped as it is handed out.
class RandomPool {
 public:
  void Fill(char* out, std::size_t count) {
    const int forks = Forks().load(std::memory_order_relaxed);
    if (forks != forks_) used_ = sizeof(pool_);
    forks_ = forks;
    while (count > 0) {
      if (used_ == sizeof(pool_)) Refill();
      const std::size_t take = std::min(count, sizeof(pool_) - used_);
      std::memcpy(out, pool_ + used_, take);
      std::memset(pool_ + used_, 0, take);
      used_ += take;
      out += take;
      count -= take;
    }
  }

 private:
  void Refill() {
    std::size_t have = 0;
    while (have < sizeof(pool_)) {
      const ssize_t got = getrandom(pool_ + have, sizeof(pool_) - have, 0);
      if (got < 0) {
        std::perror("getrandom");
        std::abort();
      }
      have += static_cast<std::size_t>(got);
    }
    used_ = 0;
  }

  char pool_[1024];
  std::size_t used_ = sizeof(pool_);
  int forks_ = 0;
};

std::string FormatUuid(const std::string& bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    const auto byte = static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  return text;
}

void SetUuidVersion(std::string& bytes, int version) {
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
}

}  // namespace

void FillRandom(char* out, std::size_t count) {
  thread_local RandomPool pool;
  pool.Fill(out, count);
}

std::string RandomBytes(int count) {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  FillRandom(bytes.data(), bytes.size());
  return bytes;
}

std::string RandomId() {
  static constexpr char kAlphabet[] = "0123456789abcdefghijklmnopqrstuv";
  const std::string bytes = RandomBytes(16);
  std::string id;
  id.reserve(26);
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    have += 8;
    while (have >= 5) {
      have -= 5;
      id.push_back(kAlphabet[(bits >> have) & 31]);
    }
  }
  id.push_back(kAlphabet[(bits << (5 - have)) & 31]);
  return id;
}

std::string NewName(absl::string_view collection) {
  std::string name;
  name.reserve(collection.size() + 27);
  name.append(collection.data(), collection.size());
  name.push_back('/');
  name.append(RandomId());
  return name;
}

absl::string_view CollectionOf(absl::string_view name) {
  const auto slash = name.find('/');
  if (slash == absl::string_view::npos || slash == 0 || slash + 1 == name.size()) return {};
  if (name.find('/', slash + 1) != absl::string_view::npos) return {};
  return name.substr(0, slash);
}

absl::string_view IdOf(absl::string_view name) {
  const absl::string_view collection = CollectionOf(name);
  return collection.empty() ? absl::string_view() : name.substr(collection.size() + 1);
}

bool IsNameIn(absl::string_view collection, absl::string_view name) {
  if (CollectionOf(name) != collection) return false;
  const absl::string_view id = IdOf(name);
  if (id.empty() || id.size() > 63) return false;
  for (const char c : id) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return true;
}

std::string RandomUuid() {
  std::string bytes = RandomBytes(16);
  SetUuidVersion(bytes, 4);
  return FormatUuid(bytes);
}

std::string StableUuid(absl::string_view seed) {
  // FNV-1a twice with different offsets: distinct rows need distinct ids, not secret ones.
  std::string bytes(16, '\0');
  std::uint64_t hash[2] = {0xcbf29ce484222325ULL, 0x9ae16a3b2f90404fULL};
  for (const char c : seed) {
    for (auto& h : hash) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  std::memcpy(bytes.data(), hash, sizeof(hash));
  SetUuidVersion(bytes, 8);
  return FormatUuid(bytes);
}

}  // namespace trusthub
