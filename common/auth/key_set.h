// File: key_set.h
//
// The ES256 keys with which one issuer signs tokens, from a JSON Web Key Set (RFC 7517).
#ifndef TRUSTHUB_COMMON_AUTH_KEY_SET_H_
#define TRUSTHUB_COMMON_AUTH_KEY_SET_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/openssl.h"

namespace trusthub::auth {

// 1 to 64 characters of [A-Za-z0-9._-]: a look-up hint that can be nothing else.
bool IsKeyId(absl::string_view text);

// Immutable; thread-safe.
class KeySet {
 public:
  // InvalidArgument unless `text` is {"keys": [...]} with at least one key, each kty EC, crv P-256,
  // a point on the curve, its own kid, alg ES256 and use sig where said. A private key is refused.
  static absl::StatusOr<KeySet> Parse(absl::string_view text);

  bool Has(const std::string& key_id) const { return keys_.count(key_id) > 0; }
  // Whether `signature` (r || s, RFC 7518 3.4) is that key's over `data`. False for unknown keys.
  bool Verify(const std::string& key_id, absl::string_view data, absl::string_view signature) const;

 private:
  std::map<std::string, crypto::Key> keys_;
};

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_KEY_SET_H_
