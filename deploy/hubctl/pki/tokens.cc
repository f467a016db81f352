#include "deploy/hubctl/pki/tokens.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/ids.h"
#include "common/crypto/crypto.h"
#include "common/crypto/openssl.h"

namespace trusthub::pki {
namespace {

using crypto::Base64UrlEncode;
using crypto::Bytes;
using crypto::Freer;
using crypto::Key;
using crypto::Require;

constexpr int kCoordinateBytes = 32;

class P256TokenKey final : public TokenKey {
 public:
  P256TokenKey(absl::string_view key_id, Key key) : key_id_(key_id), key_(std::move(key)) {}

  const std::string& key_id() const override { return key_id_; }

  std::string ToPem() const override {
    const std::unique_ptr<BIO, Freer<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
    Require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                          nullptr) == 1,
            "PEM_write_bio_PKCS8PrivateKey");
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<std::size_t>(length));
  }

  std::string ToJwk() const override {
    return absl::StrCat(R"({"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":")", key_id_,
                        R"(","x":")", Base64UrlEncode(Coordinate(OSSL_PKEY_PARAM_EC_PUB_X)),
                        R"(","y":")", Base64UrlEncode(Coordinate(OSSL_PKEY_PARAM_EC_PUB_Y)),
                        R"("})");
  }

  std::string Sign(absl::string_view data) const override {
    const crypto::DigestContext context(EVP_MD_CTX_new());
    Require(EVP_DigestSignInit_ex(context.get(), nullptr, "SHA2-256", nullptr, nullptr, key_.get(),
                                  nullptr) == 1,
            "EVP_DigestSignInit_ex");
    unsigned char der[128];
    std::size_t length = sizeof(der);
    Require(EVP_DigestSign(context.get(), der, &length, Bytes(data), data.size()) == 1,
            "EVP_DigestSign");
    const unsigned char* in = der;
    const std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>> parts(
        d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(length)));
    Require(parts != nullptr, "d2i_ECDSA_SIG");
    return Pad(ECDSA_SIG_get0_r(parts.get())) + Pad(ECDSA_SIG_get0_s(parts.get()));
  }

 private:
  static std::string Pad(const BIGNUM* number) {
    std::string bytes(kCoordinateBytes, '\0');
    Require(BN_bn2binpad(number, Bytes(bytes.data()), kCoordinateBytes) == kCoordinateBytes,
            "BN_bn2binpad");
    return bytes;
  }

  std::string Coordinate(const char* name) const {
    BIGNUM* number = nullptr;
    Require(EVP_PKEY_get_bn_param(key_.get(), name, &number) == 1, "EVP_PKEY_get_bn_param");
    std::string bytes = Pad(number);
    BN_free(number);
    return bytes;
  }

  const std::string key_id_;
  const Key key_;
};

}  // namespace

std::unique_ptr<TokenKey> TokenKey::Generate(absl::string_view key_id) {
  Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  Require(key != nullptr, "EVP_PKEY_Q_keygen");
  return std::make_unique<P256TokenKey>(key_id, std::move(key));
}

absl::StatusOr<std::unique_ptr<TokenKey>> TokenKey::FromPem(absl::string_view key_id,
                                                            absl::string_view pem) {
  const crypto::CleanErrors clean;
  const std::unique_ptr<BIO, Freer<BIO_free_all>> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  char group[32] = "";
  if (key == nullptr ||
      EVP_PKEY_get_utf8_string_param(key.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                     nullptr) != 1 ||
      absl::string_view(group) != "prime256v1") {
    return absl::InvalidArgumentError("not a P-256 private key in PKCS#8 PEM");
  }
  return std::make_unique<P256TokenKey>(key_id, std::move(key));
}

std::string MakeKeySet(const std::vector<const TokenKey*>& keys) {
  return absl::StrCat(
      "{\"keys\":[",
      absl::StrJoin(keys, ",", [](std::string* out, const TokenKey* key) { *out += key->ToJwk(); }),
      "]}\n");
}

std::string TokenHeader(absl::string_view key_id) {
  return absl::StrCat(R"({"alg":"ES256","typ":"at+jwt","kid":")", key_id, R"("})");
}

std::string TokenPayload(const TokenClaims& claims) {
  const std::int64_t issued = absl::ToUnixSeconds(claims.issued);
  return absl::StrCat(
      R"({"iss":")", claims.issuer, R"(","sub":")", claims.worker, R"(","aud":")", claims.audience,
      R"(","agency":")", claims.agency, R"(","role":")", claims.role, R"(","jti":")",
      claims.token_id.empty() ? RandomId() : claims.token_id, R"(","iat":)", issued, R"(,"nbf":)",
      issued, R"(,"exp":)", issued + absl::ToInt64Seconds(claims.lifetime),
      R"(,"cnf":{"x5t#S256":")", Base64UrlEncode(claims.certificate_sha256), R"("}})");
}

std::string SignToken(const TokenKey& key, absl::string_view header, absl::string_view payload) {
  const std::string text = absl::StrCat(Base64UrlEncode(header), ".", Base64UrlEncode(payload));
  return absl::StrCat(text, ".", Base64UrlEncode(key.Sign(text)));
}

std::string IssueToken(const TokenKey& key, const TokenClaims& claims) {
  return SignToken(key, TokenHeader(key.key_id()), TokenPayload(claims));
}

}  // namespace trusthub::pki
