// File: key_wrapper.h
//
// Key-encryption keys: what data keys are wrapped with before they are written down. Where such a
// key is (a file, a hardware token) is nobody else's business.
#ifndef TRUSTHUB_COMMON_CRYPTO_KEYS_KEY_WRAPPER_H_
#define TRUSTHUB_COMMON_CRYPTO_KEYS_KEY_WRAPPER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/secret.h"

namespace trusthub::crypto {

// Thread-safe. Every operation ends within kKeyServiceMillisMax.
class KeyWrapper {
 public:
  virtual ~KeyWrapper() = default;
  // Its name in the key ring, of [a-z0-9-]. No secret.
  virtual const std::string& id() const = 0;
  // Wraps a key of 32 bytes: 72 bytes that tell nothing of it and are worth nothing elsewhere than
  // beside `associated`. UNAVAILABLE when the key-encryption key cannot be had now.
  virtual absl::StatusOr<std::string> Wrap(const Secret& key, absl::string_view associated) = 0;
  // UNAUTHENTICATED unless `wrapped` came of Wrap with this key and `associated`; else as Wrap.
  virtual absl::StatusOr<Secret> Unwrap(absl::string_view wrapped,
                                        absl::string_view associated) = 0;
};

// Milliseconds within which a token answers; one that does not counts as absent.
inline constexpr int kKeyServiceMillisMax = 700;

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_KEYS_KEY_WRAPPER_H_
