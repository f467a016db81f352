#include <openssl/evp.h>
#include <openssl/pem.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/crypto/key_file.h"
#include "common/crypto/openssl.h"

namespace trusthub::crypto {
namespace {

constexpr std::size_t kPublicKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;

// Without it OpenSSL would ask the terminal for a passphrase.
int NoPassphrase(char*, int, int, void*) { return -1; }

class Ed25519Key final : public SigningKey {
 public:
  explicit Ed25519Key(Key key) : key_(std::move(key)), public_key_(kPublicKeyBytes, '\0') {
    std::size_t length = public_key_.size();
    Require(EVP_PKEY_get_raw_public_key(key_.get(), Bytes(public_key_.data()), &length) == 1 &&
                length == kPublicKeyBytes,
            "EVP_PKEY_get_raw_public_key");
  }

  std::string Sign(absl::string_view data) const override {
    const DigestContext context(EVP_MD_CTX_new());
    Require(context != nullptr, "EVP_MD_CTX_new");
    Require(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1,
            "EVP_DigestSignInit");
    std::string signature(kSignatureBytes, '\0');
    std::size_t length = signature.size();
    Require(EVP_DigestSign(context.get(), Bytes(signature.data()), &length, Bytes(data),
                           data.size()) == 1 &&
                length == kSignatureBytes,
            "EVP_DigestSign");
    return signature;
  }

  const std::string& public_key() const override { return public_key_; }

  std::string ToPem() const override {
    const Bio bio(BIO_new(BIO_s_mem()));
    Require(bio != nullptr, "BIO_new");
    Require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                          nullptr) == 1,
            "PEM_write_bio_PKCS8PrivateKey");
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<std::size_t>(length));
  }

 private:
  const Key key_;
  std::string public_key_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SigningKey>> SigningKey::Load(absl::string_view path) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::string pem, ReadSecretFile(path));
  const CleanErrors clean;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Require(bio != nullptr, "BIO_new_mem_buf");
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  Cleanse(pem);
  if (key == nullptr || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) {
    return absl::InvalidArgumentError(
        absl::StrCat("key file ", path, " does not hold an Ed25519 private key in PKCS#8 PEM"));
  }
  return std::make_unique<Ed25519Key>(std::move(key));
}

std::unique_ptr<SigningKey> SigningKey::Generate() {
  Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  Require(key != nullptr, "EVP_PKEY_Q_keygen");
  return std::make_unique<Ed25519Key>(std::move(key));
}

bool VerifyEd25519(absl::string_view public_key, absl::string_view data,
                   absl::string_view signature) {
  if (public_key.size() != kPublicKeyBytes || signature.size() != kSignatureBytes) return false;
  const CleanErrors clean;
  const Key key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(public_key), public_key.size()));
  if (key == nullptr) return false;
  const DigestContext context(EVP_MD_CTX_new());
  Require(context != nullptr, "EVP_MD_CTX_new");
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(data),
                          data.size()) == 1;
}

}  // namespace trusthub::crypto
