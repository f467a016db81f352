#include "common/crypto/keys/aes_wrap.h"

#include <openssl/evp.h>

#include <memory>

#include "common/crypto/crypto.h"
#include "common/crypto/keys/wrapped_form.h"
#include "common/crypto/openssl.h"

namespace trusthub::crypto {
namespace {

constexpr std::size_t kBlockBytes = 8;
constexpr std::size_t kSecretBytesMin = 16;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Freer<EVP_CIPHER_CTX_free>>;

// A context of its own each time: wrapping is rare, and freeing it wipes the key.
CipherContext NewContext() {
  CipherContext context(EVP_CIPHER_CTX_new());
  Require(context != nullptr, "EVP_CIPHER_CTX_new");
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  return context;
}

const EVP_CIPHER* Aes256Wrap() {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-WRAP", nullptr);
  Require(algorithm != nullptr, "EVP_CIPHER_fetch");
  return algorithm;
}

bool IsLength(std::size_t size) {
  return size >= kSecretBytesMin && size <= Secret::kBytesMax && size % kBlockBytes == 0;
}

}  // namespace

std::string AesWrap(absl::string_view key, absl::string_view secret) {
  Require(key.size() == kKeyBytes && IsLength(secret.size()), "key length check");
  const CipherContext context = NewContext();
  std::string wrapped(secret.size() + kBlockBytes, '\0');
  int length = 0;
  Require(EVP_EncryptInit_ex2(context.get(), Aes256Wrap(), Bytes(key), nullptr, nullptr) == 1,
          "EVP_EncryptInit_ex2");
  Require(EVP_EncryptUpdate(context.get(), Bytes(wrapped.data()), &length, Bytes(secret),
                            static_cast<int>(secret.size())) == 1 &&
              static_cast<std::size_t>(length) == wrapped.size(),
          "EVP_EncryptUpdate");
  return wrapped;
}

absl::StatusOr<Secret> AesUnwrap(absl::string_view key, absl::string_view wrapped) {
  if (key.size() != kKeyBytes || wrapped.size() < kBlockBytes ||
      !IsLength(wrapped.size() - kBlockBytes)) {
    return NotWrappedHere();
  }
  const CleanErrors clean;
  const CipherContext context = NewContext();
  Require(EVP_DecryptInit_ex2(context.get(), Aes256Wrap(), Bytes(key), nullptr, nullptr) == 1,
          "EVP_DecryptInit_ex2");
  Secret secret = Secret::OfSize(wrapped.size() - kBlockBytes);
  int length = 0;
  if (EVP_DecryptUpdate(context.get(), Bytes(secret.data()), &length, Bytes(wrapped),
                        static_cast<int>(wrapped.size())) != 1 ||
      static_cast<std::size_t>(length) != secret.size()) {
    return NotWrappedHere();
  }
  return secret;
}

}  // namespace trusthub::crypto
