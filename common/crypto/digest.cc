#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/crypto/crypto.h"
#include "common/crypto/openssl.h"

namespace trusthub::crypto {
namespace {

// Fetching an algorithm takes a lock and a look-up by name, longer than hashing a leaf: once only.
const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  Require(algorithm != nullptr, "EVP_MD_fetch");
  return algorithm;
}

EVP_MD_CTX* ThreadDigest() {
  thread_local const DigestContext context(EVP_MD_CTX_new());
  Require(context != nullptr, "EVP_MD_CTX_new");
  return context.get();
}

// OpenSSL takes itself down when a process exits, and gRPC's threads may be at work with it still:
// a channel that is being connected reads keys. What exit frees the system has back anyway.
const bool kStaysUntilTheEnd = OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr) == 1;

using MacContext = std::unique_ptr<EVP_MAC_CTX, Freer<EVP_MAC_CTX_free>>;

MacContext MakeHmac() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  Require(algorithm != nullptr, "EVP_MAC_fetch");
  MacContext context(EVP_MAC_CTX_new(algorithm));
  Require(context != nullptr, "EVP_MAC_CTX_new");
  char digest[] = "SHA2-256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  Require(EVP_MAC_CTX_set_params(context.get(), params) == 1, "EVP_MAC_CTX_set_params");
  return context;
}

}  // namespace

void Require(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "crypto: %s failed\n", what);
  std::abort();
}

std::string Sha256(absl::string_view data) { return Sha256({data}); }

std::string Sha256(std::initializer_list<absl::string_view> parts) {
  EVP_MD_CTX* context = ThreadDigest();
  Require(EVP_DigestInit_ex2(context, Sha256Algorithm(), nullptr) == 1, "EVP_DigestInit_ex2");
  for (const absl::string_view part : parts) {
    Require(EVP_DigestUpdate(context, part.data(), part.size()) == 1, "EVP_DigestUpdate");
  }
  std::string digest(kSha256Bytes, '\0');
  unsigned int length = 0;
  Require(EVP_DigestFinal_ex(context, Bytes(digest.data()), &length) == 1 && length == kSha256Bytes,
          "EVP_DigestFinal_ex");
  return digest;
}

std::string HmacSha256(absl::string_view key, absl::string_view data) {
  thread_local const MacContext context = MakeHmac();
  Require(EVP_MAC_init(context.get(), Bytes(key), key.size(), nullptr) == 1, "EVP_MAC_init");
  Require(EVP_MAC_update(context.get(), Bytes(data), data.size()) == 1, "EVP_MAC_update");
  std::string mac(kSha256Bytes, '\0');
  std::size_t length = 0;
  Require(EVP_MAC_final(context.get(), Bytes(mac.data()), &length, mac.size()) == 1 &&
              length == kSha256Bytes,
          "EVP_MAC_final");
  return mac;
}

Secret DeriveKey(absl::string_view master, absl::string_view purpose) {
  // RFC 5869 with no salt; one block is the 32 bytes that every use here needs.
  static_assert(kKeyBytes == kSha256Bytes);
  const Secret pseudorandom = Secret::Take(HmacSha256(std::string(kSha256Bytes, '\0'), master));
  return Secret::Take(HmacSha256(pseudorandom.view(), absl::StrCat(purpose, "\x01")));
}

bool ConstantTimeEquals(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace trusthub::crypto
