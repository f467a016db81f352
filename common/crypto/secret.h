// File: secret.h
//
// Bytes that must not leave the process: keys and PINs. They stand in memory that is locked (never
// written to swap) and kept out of core dumps, are wiped when they go, are not copied by accident
// and cannot be printed.
#ifndef TRUSTHUB_COMMON_CRYPTO_SECRET_H_
#define TRUSTHUB_COMMON_CRYPTO_SECRET_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace trusthub::crypto {

// Wipes what stands in `bytes`, the unused part of its buffer included, and empties it.
void Cleanse(std::string& bytes);

// Reserves locked memory for `count` secrets; called once, before the first is made. RESOURCE_
// EXHAUSTED, saying what to raise, when the system does not let the process lock that much. Without
// it, or past `count`, memory is locked as far as the system lets.
absl::Status LockMemoryForSecrets(std::size_t count);

// At most kBytesMax bytes. Empty when default-constructed or moved from.
class Secret {
 public:
  static constexpr std::size_t kBytesMax = 64;

  Secret() = default;
  // Copies `bytes`; the caller's own copy is the caller's to wipe.
  explicit Secret(absl::string_view bytes);
  // Takes the bytes out of `bytes`, which is wiped.
  static Secret Take(std::string&& bytes);
  static Secret Random(std::size_t count);
  // `count` zero bytes, to be filled through data().
  static Secret OfSize(std::size_t count);

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();
  Secret Copy() const { return Secret(view()); }

  absl::string_view view() const { return {bytes_, size_}; }
  char* data() { return bytes_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  template <class Stream>
  friend Stream& operator<<(Stream&, const Secret&) = delete;

 private:
  char* bytes_ = nullptr;  // a slot of locked memory
  std::size_t size_ = 0;
};

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_SECRET_H_
