// File: key_ring.h
//
// The key-encryption keys of a service: the current one, which wraps, and older ones, which only
// unwrap, so that a key is replaced while the service runs. A file names them:
//
//   version: 1
//   keys:                       # the first is the current one
//     - id: kek-2
//       file: kek-2.key         # 64 hex digits, of its owner alone; relative to this file
//     - id: hsm-1
//       module: /usr/lib/softhsm/libsofthsm2.so   # a PKCS#11 library
//       token: trusthub         # label of the token
//       key: kek-1              # label of an AES-256 key in it
//       pin_file: hsm.pin
#ifndef TRUSTHUB_COMMON_CRYPTO_KEYS_KEY_RING_H_
#define TRUSTHUB_COMMON_CRYPTO_KEYS_KEY_RING_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/keys/key_wrapper.h"

namespace trusthub::crypto {

// One key of the file: in a file of its own, or in a token.
struct KeyPlace {
  std::string id;
  std::string file;
  std::string module, token, key, pin_file;
};

// The keys that `text`, of the file `path`, names; paths made absolute by its folder. INVALID_
// ARGUMENT naming file and line: no key, one id twice, neither place or both.
absl::StatusOr<std::vector<KeyPlace>> ParseKeyRing(absl::string_view text, absl::string_view path);
// The text of such a file.
std::string RenderKeyRing(const std::vector<KeyPlace>& places);

// Thread-safe.
class KeyRing {
 public:
  // Opens every key; the first is shown to wrap and unwrap. Errors name the key by its id. A token
  // that only older keys are in may be absent: they are UNAVAILABLE until it comes.
  static absl::StatusOr<std::shared_ptr<const KeyRing>> Open(const std::vector<KeyPlace>& places);
  static absl::StatusOr<std::shared_ptr<const KeyRing>> Load(absl::string_view path);
  // Of keys in memory, the first the current one; for tests.
  explicit KeyRing(std::vector<std::unique_ptr<KeyWrapper>> keys) : keys_(std::move(keys)) {}

  KeyWrapper& current() const { return *keys_.front(); }
  // Null when the ring has no key of that id.
  KeyWrapper* Find(absl::string_view id) const;

 private:
  const std::vector<std::unique_ptr<KeyWrapper>> keys_;
};

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_KEYS_KEY_RING_H_
