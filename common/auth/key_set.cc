#include "common/auth/key_set.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/auth/strict_json.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"

namespace trusthub::auth {
namespace {

using crypto::Bytes;
using crypto::Freer;
using crypto::Key;

constexpr std::size_t kCoordinateBytes = 32;
constexpr std::size_t kKeysMax = 32;
constexpr std::size_t kKeyIdBytesMax = 64;

// Null unless the coordinates are a point on P-256.
Key MakeP256Key(const std::string& x, const std::string& y) {
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) return nullptr;
  const crypto::CleanErrors clean;
  std::string point = absl::StrCat("\x04", x, y);
  char group[] = "prime256v1";
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  using Context = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    return nullptr;
  }
  Key key(made);
  const Context checker(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (checker == nullptr || EVP_PKEY_public_check(checker.get()) != 1) return nullptr;
  return key;
}

// r || s as the DER that OpenSSL verifies; empty when it cannot be one.
std::string SignatureDer(absl::string_view signature) {
  using Signature = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;
  if (signature.size() != 2 * kCoordinateBytes) return "";
  const Signature parts(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(Bytes(signature.substr(0, kCoordinateBytes)), kCoordinateBytes, nullptr);
  BIGNUM* s = BN_bin2bn(Bytes(signature.substr(kCoordinateBytes)), kCoordinateBytes, nullptr);
  crypto::Require(parts != nullptr && ECDSA_SIG_set0(parts.get(), r, s) == 1, "ECDSA_SIG_set0");
  const int length = i2d_ECDSA_SIG(parts.get(), nullptr);
  crypto::Require(length > 0, "i2d_ECDSA_SIG");
  std::string der(static_cast<std::size_t>(length), '\0');
  unsigned char* out = Bytes(der.data());
  i2d_ECDSA_SIG(parts.get(), &out);
  return der;
}

absl::StatusOr<std::pair<std::string, Key>> ParseKey(const nlohmann::json& member) {
  const auto wrong = [](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("key set: ", what));
  };
  if (!member.is_object()) return wrong("a key must be an object");
  if (member.contains("d")) return wrong("it holds a private key");
  if (StringMember(member, "kty") != "EC" || StringMember(member, "crv") != "P-256") {
    return wrong("a key must be kty EC, crv P-256");
  }
  if (member.contains("alg") && StringMember(member, "alg") != "ES256") {
    return wrong("alg must be ES256");
  }
  if (member.contains("use") && StringMember(member, "use") != "sig") {
    return wrong("use must be sig");
  }
  const std::string id = StringMember(member, "kid").value_or("");
  if (!IsKeyId(id)) return wrong("kid must be 1 to 64 characters of A-Z a-z 0-9 . _ -");
  const auto x = crypto::Base64UrlDecode(StringMember(member, "x").value_or(""));
  const auto y = crypto::Base64UrlDecode(StringMember(member, "y").value_or(""));
  Key key = x.ok() && y.ok() ? MakeP256Key(*x, *y) : nullptr;
  if (key == nullptr) return wrong(absl::StrCat("key ", id, " is not a point on P-256"));
  return std::make_pair(id, std::move(key));
}

}  // namespace

bool IsKeyId(absl::string_view text) {
  return !text.empty() && text.size() <= kKeyIdBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' ||
                  c == '-';
         });
}

absl::StatusOr<KeySet> KeySet::Parse(absl::string_view text) {
  const auto root = ParseStrictObject(absl::StripAsciiWhitespace(text));
  if (!root.has_value() || !root->contains("keys") || !(*root)["keys"].is_array()) {
    return absl::InvalidArgumentError("key set: not a JSON object with a list of keys");
  }
  const nlohmann::json& members = (*root)["keys"];
  if (members.empty() || members.size() > kKeysMax) {
    return absl::InvalidArgumentError("key set: 1 to 32 keys were expected");
  }
  KeySet set;
  for (const nlohmann::json& member : members) {
    TRUSTHUB_ASSIGN_OR_RETURN(auto key, ParseKey(member));
    if (!set.keys_.insert(std::move(key)).second) {
      return absl::InvalidArgumentError("key set: two keys have the same kid");
    }
  }
  return set;
}

bool KeySet::Verify(const std::string& key_id, absl::string_view data,
                    absl::string_view signature) const {
  const crypto::CleanErrors clean;
  const auto key = keys_.find(key_id);
  const std::string der = SignatureDer(signature);
  if (key == keys_.end() || der.empty()) return false;
  const crypto::DigestContext context(EVP_MD_CTX_new());
  crypto::Require(context != nullptr, "EVP_MD_CTX_new");
  return EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA2-256", nullptr, nullptr,
                                 key->second.get(), nullptr) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(der), der.size(), Bytes(data), data.size()) == 1;
}

}  // namespace trusthub::auth
