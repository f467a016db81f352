#include "common/auth/certificate.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/pemerr.h>
#include <openssl/x509v3.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/auth/spiffe_id.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"

namespace trusthub::auth {
namespace {

using crypto::Freer;

constexpr int kVersion3 = 2;               // as X.509 counts
constexpr int kKeySecurityBitsMin = 112;   // RSA 2048; P-256 has 128
constexpr int kHashSecurityBitsMin = 128;  // SHA-256

// An extension by its NID: absent, present once, or neither (twice, or not parsable).
template <class T, auto kFree>
struct Extension {
  std::unique_ptr<T, Freer<kFree>> value;
  bool critical = false;
  bool malformed = false;
};

template <class T, auto kFree>
Extension<T, kFree> GetExtension(const X509* certificate, int nid) {
  Extension<T, kFree> extension;
  int critical = 0;
  extension.value.reset(static_cast<T*>(X509_get_ext_d2i(certificate, nid, &critical, nullptr)));
  extension.critical = critical == 1;
  extension.malformed = extension.value == nullptr && critical != -1;
  return extension;
}

// The one URI SAN. Other kinds of name may stand beside it.
std::optional<std::string> UriOf(const X509* certificate) {
  const auto names =
      GetExtension<GENERAL_NAMES, GENERAL_NAMES_free>(certificate, NID_subject_alt_name);
  if (names.value == nullptr) return std::nullopt;
  std::optional<std::string> uri;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.value.get()); ++i) {
    int kind = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.value.get(), i), &kind);
    if (kind != GEN_URI) continue;
    if (uri.has_value()) return std::nullopt;
    const auto* text = static_cast<const ASN1_IA5STRING*>(value);
    uri.emplace(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  return uri;
}

bool HasBit(const ASN1_BIT_STRING* bits, int index) {
  return ASN1_BIT_STRING_get_bit(bits, index) == 1;
}

// Bits of keyUsage, RFC 5280 4.2.1.3.
constexpr int kDigitalSignature = 0;
constexpr int kKeyCertSign = 5;
constexpr int kCrlSign = 6;

bool IsCa(const X509* certificate, bool& malformed) {
  const auto constraints =
      GetExtension<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>(certificate, NID_basic_constraints);
  malformed = constraints.malformed;
  return constraints.value != nullptr && constraints.value->ca != 0;
}

bool KeyUsageIsThatOfALeaf(const X509* certificate) {
  const auto usage =
      GetExtension<ASN1_BIT_STRING, ASN1_BIT_STRING_free>(certificate, NID_key_usage);
  return usage.value != nullptr && usage.critical && HasBit(usage.value.get(), kDigitalSignature) &&
         !HasBit(usage.value.get(), kKeyCertSign) && !HasBit(usage.value.get(), kCrlSign);
}

bool MayBeAClient(const X509* certificate) {
  const auto purposes =
      GetExtension<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>(certificate, NID_ext_key_usage);
  if (purposes.value == nullptr) return false;
  for (int i = 0; i < sk_ASN1_OBJECT_num(purposes.value.get()); ++i) {
    if (OBJ_obj2nid(sk_ASN1_OBJECT_value(purposes.value.get(), i)) == NID_client_auth) return true;
  }
  return false;
}

bool IsUsableLeaf(X509* certificate) {
  bool malformed = false;
  if (IsCa(certificate, malformed) || malformed) return false;
  // Something critical that OpenSSL does not know, or an extension that does not parse.
  if ((X509_get_extension_flags(certificate) & (EXFLAG_INVALID | EXFLAG_CRITICAL)) != 0) {
    return false;
  }
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  return KeyUsageIsThatOfALeaf(certificate) && MayBeAClient(certificate) && key != nullptr &&
         EVP_PKEY_get_security_bits(key) >= kKeySecurityBitsMin;
}

// One PEM block: type, no headers, DER bytes.
struct Block {
  std::string type;
  std::string der;
};

// Nothing at the end of the text; `malformed` when the end comes within a block.
std::optional<Block> NextBlock(BIO* bio, bool& malformed) {
  char* type = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long length = 0;
  if (PEM_read_bio(bio, &type, &header, &data, &length) != 1) {
    malformed = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
    return std::nullopt;
  }
  Block block{type, std::string(reinterpret_cast<char*>(data), static_cast<std::size_t>(length))};
  malformed = header[0] != '\0';
  OPENSSL_free(type);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return block;
}

// Null unless `der` is exactly one certificate, in the one encoding that hashes can be compared of.
Certificate FromDer(const std::string& der) {
  const unsigned char* in = crypto::Bytes(der);
  Certificate certificate(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
  if (certificate == nullptr || in != crypto::Bytes(der) + der.size()) return nullptr;
  unsigned char* out = nullptr;
  const int length = i2d_X509(certificate.get(), &out);
  const bool same = length >= 0 && absl::string_view(reinterpret_cast<char*>(out),
                                                     static_cast<std::size_t>(length)) == der;
  OPENSSL_free(out);
  return same ? std::move(certificate) : nullptr;
}

absl::StatusOr<std::vector<std::pair<Certificate, std::string>>> ParseWithDer(
    absl::string_view pem) {
  const std::unique_ptr<BIO, Freer<BIO_free_all>> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) return absl::InvalidArgumentError("no certificate");
  const crypto::CleanErrors clean;
  std::vector<std::pair<Certificate, std::string>> all;
  bool malformed = false;
  while (auto block = NextBlock(bio.get(), malformed)) {
    Certificate certificate =
        !malformed && block->type == PEM_STRING_X509 ? FromDer(block->der) : nullptr;
    if (certificate == nullptr) return absl::InvalidArgumentError("not a certificate in PEM");
    all.emplace_back(std::move(certificate), std::move(block->der));
  }
  if (malformed || all.empty()) return absl::InvalidArgumentError("no certificate in PEM");
  return all;
}

}  // namespace

absl::StatusOr<std::vector<Certificate>> ParseCertificates(absl::string_view pem) {
  TRUSTHUB_ASSIGN_OR_RETURN(auto parsed, ParseWithDer(pem));
  std::vector<Certificate> certificates;
  for (auto& [certificate, der] : parsed) certificates.push_back(std::move(certificate));
  return certificates;
}

absl::StatusOr<Leaf> ParseLeaf(absl::string_view pem) {
  const crypto::CleanErrors clean;
  auto parsed = ParseWithDer(pem);
  if (!parsed.ok() || parsed->size() != 1) {
    return error::Unauthenticated(errors::v1::ERROR_REASON_CERTIFICATE_MISSING);
  }
  auto& [certificate, der] = parsed->front();
  const auto uri = UriOf(certificate.get());
  const auto id = uri.has_value() ? ParseSpiffeId(*uri) : std::nullopt;
  if (X509_get_version(certificate.get()) != kVersion3 || !id.has_value()) {
    return error::Unauthenticated(errors::v1::ERROR_REASON_CERTIFICATE_IDENTITY_INVALID);
  }
  if (!IsUsableLeaf(certificate.get())) {
    return error::Unauthenticated(errors::v1::ERROR_REASON_CERTIFICATE_USAGE_INVALID);
  }
  Leaf leaf;
  leaf.uri = *uri;
  leaf.trust_domain = std::string(id->trust_domain);
  leaf.path = std::string(id->path);
  leaf.serial = SerialKey(X509_get0_serialNumber(certificate.get()));
  leaf.sha256 = crypto::Sha256(der);
  leaf.not_before = TimeOf(X509_get0_notBefore(certificate.get()));
  leaf.not_after = TimeOf(X509_get0_notAfter(certificate.get()));
  leaf.certificate = std::move(certificate);
  return leaf;
}

bool IsIssuedBy(const Leaf& leaf, X509* ca) {
  const crypto::CleanErrors clean;
  X509* certificate = leaf.certificate.get();
  if (X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(ca)) != 0) {
    return false;
  }
  int security_bits = 0;
  if (X509_get_signature_info(certificate, nullptr, nullptr, &security_bits, nullptr) != 1 ||
      security_bits < kHashSecurityBitsMin) {
    return false;
  }
  EVP_PKEY* key = X509_get0_pubkey(ca);
  return key != nullptr && X509_verify(certificate, key) == 1;
}

absl::Status CheckCa(X509* ca) {
  const crypto::CleanErrors clean;
  bool malformed = false;
  const auto usage = GetExtension<ASN1_BIT_STRING, ASN1_BIT_STRING_free>(ca, NID_key_usage);
  if (!IsCa(ca, malformed) || malformed || usage.value == nullptr ||
      !HasBit(usage.value.get(), kKeyCertSign) || !HasBit(usage.value.get(), kCrlSign)) {
    return absl::InvalidArgumentError("a CA needs cA, keyCertSign and cRLSign");
  }
  EVP_PKEY* key = X509_get0_pubkey(ca);
  if (key == nullptr || EVP_PKEY_get_security_bits(key) < kKeySecurityBitsMin) {
    return absl::InvalidArgumentError("the CA's key is too short");
  }
  return absl::OkStatus();
}

std::string SerialKey(const ASN1_INTEGER* serial) {
  const bool negative = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;
  return absl::StrCat(
      negative ? "-" : "+",
      absl::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                        static_cast<std::size_t>(ASN1_STRING_length(serial))));
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromCivil(absl::CivilSecond(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                                           parts.tm_hour, parts.tm_min, parts.tm_sec),
                         absl::UTCTimeZone());
}

}  // namespace trusthub::auth
