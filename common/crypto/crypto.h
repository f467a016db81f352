// File: crypto.h
//
// Hashes, keyed hashes, sealing and signatures over OpenSSL; no other room but auth sees OpenSSL.
// Functions that cannot fail with valid arguments abort the process when OpenSSL fails: going on
// with a wrong hash is worse. All are thread-safe. Strings are bytes.
#ifndef TRUSTHUB_COMMON_CRYPTO_CRYPTO_H_
#define TRUSTHUB_COMMON_CRYPTO_CRYPTO_H_

#include <initializer_list>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/secret.h"

namespace trusthub::crypto {

inline constexpr int kSha256Bytes = 32;
inline constexpr int kKeyBytes = 32;

std::string Sha256(absl::string_view data);
// SHA-256 over the parts one after the other, without joining them.
std::string Sha256(std::initializer_list<absl::string_view> parts);
std::string HmacSha256(absl::string_view key, absl::string_view data);
// A key for one use, derived from a master key (HKDF-SHA-256, RFC 5869) by its purpose's name.
Secret DeriveKey(absl::string_view master, absl::string_view purpose);
bool ConstantTimeEquals(absl::string_view a, absl::string_view b);

std::string Base64UrlEncode(absl::string_view bytes);  // RFC 4648 section 5, no padding
// Strict: no padding, no white space, no trailing bits.
absl::StatusOr<std::string> Base64UrlDecode(absl::string_view text);
std::string HexEncode(absl::string_view bytes);
absl::StatusOr<std::string> HexDecode(absl::string_view text);

// AES-256-GCM with a fresh random 96 bit nonce: nonce || ciphertext || tag.
std::string Seal(absl::string_view key, absl::string_view plaintext, absl::string_view associated);
// As Seal; the sealed bytes are added to `out`. `plaintext` and `associated` may not lie in it.
void SealTo(absl::string_view key, absl::string_view plaintext, absl::string_view associated,
            std::string* out);
inline constexpr int kSealOverheadBytes = 28;
// Unauthenticated unless `sealed` was made by Seal with the same key and associated data.
absl::StatusOr<std::string> Open(absl::string_view key, absl::string_view sealed,
                                 absl::string_view associated);

// An Ed25519 key that signs tree heads.
class SigningKey {
 public:
  // PKCS#8 PEM. Refuses a file that others than its owner may read.
  static absl::StatusOr<std::unique_ptr<SigningKey>> Load(absl::string_view path);
  static std::unique_ptr<SigningKey> Generate();  // for tests and development keys
  virtual ~SigningKey() = default;
  virtual std::string Sign(absl::string_view data) const = 0;  // 64 bytes
  virtual const std::string& public_key() const = 0;           // 32 bytes
  virtual std::string ToPem() const = 0;
};
bool VerifyEd25519(absl::string_view public_key, absl::string_view data,
                   absl::string_view signature);

// A 32 byte key kept as 64 hex digits in a file that only its owner may read.
absl::StatusOr<Secret> LoadKeyFile(absl::string_view path);

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_CRYPTO_H_
