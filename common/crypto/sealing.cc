#include <openssl/evp.h>

#include "common/base/ids.h"
#include "common/crypto/crypto.h"
#include "common/crypto/openssl.h"

namespace trusthub::crypto {
namespace {

constexpr int kNonceBytes = 12;
constexpr int kTagBytes = 16;

const EVP_CIPHER* Aes256Gcm() {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  Require(algorithm != nullptr, "EVP_CIPHER_fetch");
  return algorithm;
}

// A thread's cipher context; forgets the key when the use ends.
class CipherUse {
 public:
  CipherUse() : context_(Thread()) {}
  ~CipherUse() { EVP_CIPHER_CTX_reset(context_); }
  CipherUse(const CipherUse&) = delete;
  CipherUse& operator=(const CipherUse&) = delete;
  EVP_CIPHER_CTX* get() const { return context_; }

 private:
  static EVP_CIPHER_CTX* Thread() {
    thread_local const std::unique_ptr<EVP_CIPHER_CTX, Freer<EVP_CIPHER_CTX_free>> context(
        EVP_CIPHER_CTX_new());
    Require(context != nullptr, "EVP_CIPHER_CTX_new");
    return context.get();
  }
  EVP_CIPHER_CTX* const context_;
};

// OpenSSL counts in int; nothing here comes near, and a silent wrap would seal half a record.
int Length(absl::string_view data) {
  Require(data.size() < (std::size_t{1} << 30), "length check");
  return static_cast<int>(data.size());
}

absl::Status Refused() {
  return absl::UnauthenticatedError("sealed data does not match its key or its associated data");
}

}  // namespace

std::string Seal(absl::string_view key, absl::string_view plaintext, absl::string_view associated) {
  std::string sealed;
  SealTo(key, plaintext, associated, &sealed);
  return sealed;
}

void SealTo(absl::string_view key, absl::string_view plaintext, absl::string_view associated,
            std::string* to) {
  Require(key.size() == kKeyBytes, "key length check");
  static_assert(kSealOverheadBytes == kNonceBytes + kTagBytes);
  const std::size_t before = to->size();
  to->resize(before + plaintext.size() + kSealOverheadBytes);
  unsigned char* const out = Bytes(to->data()) + before;
  FillRandom(reinterpret_cast<char*>(out), kNonceBytes);
  const CipherUse cipher;
  int length = 0;
  Require(EVP_EncryptInit_ex2(cipher.get(), Aes256Gcm(), Bytes(key), out, nullptr) == 1,
          "EVP_EncryptInit_ex2");
  Require(
      EVP_EncryptUpdate(cipher.get(), nullptr, &length, Bytes(associated), Length(associated)) == 1,
      "EVP_EncryptUpdate");
  Require(EVP_EncryptUpdate(cipher.get(), out + kNonceBytes, &length, Bytes(plaintext),
                            Length(plaintext)) == 1,
          "EVP_EncryptUpdate");
  unsigned char none[1];
  Require(EVP_EncryptFinal_ex(cipher.get(), none, &length) == 1, "EVP_EncryptFinal_ex");
  Require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                              out + kNonceBytes + plaintext.size()) == 1,
          "EVP_CTRL_AEAD_GET_TAG");
}

absl::StatusOr<std::string> Open(absl::string_view key, absl::string_view sealed,
                                 absl::string_view associated) {
  if (key.size() != kKeyBytes || sealed.size() < kNonceBytes + kTagBytes) return Refused();
  const absl::string_view nonce = sealed.substr(0, kNonceBytes);
  const absl::string_view ciphertext =
      sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));  // OpenSSL's setter takes it mutable
  std::string plaintext(ciphertext.size(), '\0');
  const CleanErrors clean;
  const CipherUse cipher;
  int length = 0;
  Require(EVP_DecryptInit_ex2(cipher.get(), Aes256Gcm(), Bytes(key), Bytes(nonce), nullptr) == 1,
          "EVP_DecryptInit_ex2");
  Require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1,
          "EVP_CTRL_AEAD_SET_TAG");
  Require(
      EVP_DecryptUpdate(cipher.get(), nullptr, &length, Bytes(associated), Length(associated)) == 1,
      "EVP_DecryptUpdate");
  Require(EVP_DecryptUpdate(cipher.get(), Bytes(plaintext.data()), &length, Bytes(ciphertext),
                            Length(ciphertext)) == 1,
          "EVP_DecryptUpdate");
  unsigned char none[1];
  if (EVP_DecryptFinal_ex(cipher.get(), none, &length) != 1) return Refused();
  return plaintext;
}

}  // namespace trusthub::crypto
