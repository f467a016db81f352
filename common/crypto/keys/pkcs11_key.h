// File: pkcs11_key.h
//
// A key-encryption key that never leaves a hardware token: PKCS#11, the library loaded by its path.
// Wrapping is the token's own AES key wrap.
#ifndef TRUSTHUB_COMMON_CRYPTO_KEYS_PKCS11_KEY_H_
#define TRUSTHUB_COMMON_CRYPTO_KEYS_PKCS11_KEY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/keys/key_wrapper.h"

namespace trusthub::crypto {

struct Pkcs11Place {
  std::string module;    // path of the library
  std::string token;     // label of the token
  std::string key;       // label of an AES-256 key in it
  std::string pin_file;  // of its owner alone; read when the token is logged in to
};

// Does not touch the token yet. NOT_FOUND when the library cannot be loaded.
//
// What the key then promises: UNAVAILABLE, in one line that never holds the PIN, when the token is
// absent, hangs, or refuses the PIN; it works again when the token does. A refused PIN is not tried
// again until the file holds another one, for a token locks itself after a few.
absl::StatusOr<std::unique_ptr<KeyWrapper>> OpenPkcs11Key(absl::string_view id,
                                                          const Pkcs11Place& place);

// Makes a new AES-256 key in the token that cannot be read out of it. ALREADY_EXISTS when the token
// has a key of that label.
absl::Status GeneratePkcs11Key(const Pkcs11Place& place);

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_KEYS_PKCS11_KEY_H_
