#include "deploy/hubctl/pki/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/crypto/crypto.h"
#include "common/crypto/openssl.h"

namespace trusthub::pki {
namespace {

using crypto::Freer;
using crypto::Key;
using crypto::Require;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using Integer = std::unique_ptr<ASN1_INTEGER, Freer<ASN1_INTEGER_free>>;
using Time = std::unique_ptr<ASN1_TIME, Freer<ASN1_TIME_free>>;

constexpr char kUnknownOid[] = "1.3.6.1.4.1.32473.1";  // of the arc reserved for examples

std::string Text(BIO* bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(length));
}

Bio Memory() {
  Bio bio(BIO_new(BIO_s_mem()));
  Require(bio != nullptr, "BIO_new");
  return bio;
}

Bio Memory(absl::string_view text) {
  Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Require(bio != nullptr, "BIO_new_mem_buf");
  return bio;
}

KeyPair ToPem(X509* certificate, EVP_PKEY* key) {
  const Bio first = Memory();
  const Bio second = Memory();
  Require(PEM_write_bio_X509(first.get(), certificate) == 1, "PEM_write_bio_X509");
  Require(
      PEM_write_bio_PKCS8PrivateKey(second.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
      "PEM_write_bio_PKCS8PrivateKey");
  return {Text(first.get()), Text(second.get())};
}

Key MakeKey(const std::string& curve) {
  Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.c_str()));
  Require(key != nullptr, "EVP_PKEY_Q_keygen");
  return key;
}

Time MakeTime(absl::Time time) {
  Time made(ASN1_TIME_set(nullptr, absl::ToTimeT(time)));
  Require(made != nullptr, "ASN1_TIME_set");
  return made;
}

std::int64_t RandomSerial() {
  std::int64_t serial = 0;
  const std::string bytes = RandomBytes(sizeof(serial));
  std::memcpy(&serial, bytes.data(), sizeof(serial));
  serial &= 0x7fffffffffffffff;
  return serial == 0 ? 1 : serial;
}

Integer MakeSerial(std::int64_t serial) {
  Integer made(ASN1_INTEGER_new());
  Require(made != nullptr && ASN1_INTEGER_set_int64(made.get(), serial) == 1,
          "ASN1_INTEGER_set_int64");
  return made;
}

void SetCommonName(X509_NAME* name, const std::string& text) {
  Require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, crypto::Bytes(text),
                                     static_cast<int>(text.size()), -1, 0) == 1,
          "X509_NAME_add_entry_by_txt");
}

// Certificate of `key` without issuer and extensions.
Certificate Begin(const std::string& name, EVP_PKEY* key, Validity validity, std::int64_t serial) {
  Certificate certificate(X509_new());
  Require(certificate != nullptr, "X509_new");
  X509* x = certificate.get();
  Require(X509_set_serialNumber(x, MakeSerial(serial).get()) == 1, "X509_set_serialNumber");
  Require(X509_set1_notBefore(x, MakeTime(validity.from).get()) == 1, "X509_set1_notBefore");
  Require(X509_set1_notAfter(x, MakeTime(validity.to).get()) == 1, "X509_set1_notAfter");
  Require(X509_set_pubkey(x, key) == 1, "X509_set_pubkey");
  SetCommonName(X509_get_subject_name(x), name);
  return certificate;
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  Require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1,
          "X509V3_EXT_conf_nid");
}

void AddUnknownCritical(X509* certificate, const std::string& bytes) {
  if (bytes.empty()) return;
  const std::unique_ptr<ASN1_OCTET_STRING, Freer<ASN1_OCTET_STRING_free>> value(
      ASN1_OCTET_STRING_new());
  const std::unique_ptr<ASN1_OBJECT, Freer<ASN1_OBJECT_free>> oid(OBJ_txt2obj(kUnknownOid, 1));
  Require(
      ASN1_OCTET_STRING_set(value.get(), crypto::Bytes(bytes), static_cast<int>(bytes.size())) == 1,
      "ASN1_OCTET_STRING_set");
  const Extension extension(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 1, value.get()));
  Require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1,
          "X509_EXTENSION_create_by_OBJ");
}

class P256Ca final : public Ca {
 public:
  P256Ca(Key key, Certificate certificate)
      : key_(std::move(key)),
        certificate_(std::move(certificate)),
        pair_(ToPem(certificate_.get(), key_.get())) {}

  const KeyPair& pair() const override { return pair_; }

  KeyPair IssueLeaf(const LeafRequest& request) const override {
    const Key key = MakeKey(request.curve);
    const Certificate leaf = Begin(request.common_name, key.get(), request.validity,
                                   request.serial == 0 ? RandomSerial() : request.serial);
    X509* x = leaf.get();
    Require(X509_set_version(x, request.version - 1) == 1, "X509_set_version");
    Require(X509_set_issuer_name(x, X509_get_subject_name(certificate_.get())) == 1,
            "X509_set_issuer_name");
    if (request.version == 3) {
      X509* issuer = certificate_.get();
      AddExtension(x, issuer, NID_basic_constraints, request.basic_constraints);
      AddExtension(x, issuer, NID_key_usage, request.key_usage);
      AddExtension(x, issuer, NID_ext_key_usage, request.extended_key_usage);
      AddExtension(x, issuer, NID_subject_alt_name, request.alternative_names);
      AddExtension(x, issuer, NID_authority_key_identifier, "keyid");
      AddUnknownCritical(x, request.unknown_critical);
    }
    const EVP_MD* hash = EVP_get_digestbyname(request.hash.c_str());
    Require(hash != nullptr && X509_sign(x, key_.get(), hash) > 0, "X509_sign");
    return ToPem(x, key.get());
  }

  std::string MakeRevocationList(const RevocationListRequest& request) const override {
    const std::unique_ptr<X509_CRL, Freer<X509_CRL_free>> list(X509_CRL_new());
    X509_CRL* crl = list.get();
    Require(X509_CRL_set_version(crl, 1) == 1, "X509_CRL_set_version");
    Require(X509_CRL_set_issuer_name(crl, X509_get_subject_name(certificate_.get())) == 1,
            "X509_CRL_set_issuer_name");
    const Time this_update = MakeTime(request.this_update);
    X509_CRL_set1_lastUpdate(crl, this_update.get());
    if (request.with_next_update) {
      X509_CRL_set1_nextUpdate(crl, MakeTime(request.next_update).get());
    }
    for (const std::int64_t serial : request.serials) {
      X509_REVOKED* revoked = X509_REVOKED_new();
      X509_REVOKED_set_serialNumber(revoked, MakeSerial(serial).get());
      X509_REVOKED_set_revocationDate(revoked, this_update.get());
      Require(X509_CRL_add0_revoked(crl, revoked) == 1, "X509_CRL_add0_revoked");
    }
    if (request.partial) AddPartialMark(crl);
    Require(X509_CRL_sort(crl) == 1, "X509_CRL_sort");
    Require(X509_CRL_sign(crl, key_.get(), EVP_sha256()) > 0, "X509_CRL_sign");
    const Bio bio = Memory();
    Require(PEM_write_bio_X509_CRL(bio.get(), crl) == 1, "PEM_write_bio_X509_CRL");
    return Text(bio.get());
  }

 private:
  static void AddPartialMark(X509_CRL* crl) {
    const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, NID_issuing_distribution_point,
                                                  "critical,onlyuser:TRUE"));
    Require(extension != nullptr && X509_CRL_add_ext(crl, extension.get(), -1) == 1,
            "X509_CRL_add_ext");
  }

  const Key key_;
  const Certificate certificate_;
  const KeyPair pair_;
};

Certificate FirstCertificate(absl::string_view pem) {
  return Certificate(PEM_read_bio_X509(Memory(pem).get(), nullptr, nullptr, nullptr));
}

}  // namespace

std::string AlternativeNames(absl::string_view trust_domain, absl::string_view path,
                             const std::vector<std::string>& dns,
                             const std::vector<std::string>& ips) {
  std::string names = absl::StrCat("URI:spiffe://", trust_domain, path);
  for (const std::string& name : dns) absl::StrAppend(&names, ",DNS:", name);
  for (const std::string& name : ips) absl::StrAppend(&names, ",IP:", name);
  return names;
}

std::unique_ptr<Ca> Ca::Make(absl::string_view name, Validity validity) {
  Key key = MakeKey("P-256");
  Certificate certificate = Begin(std::string(name), key.get(), validity, RandomSerial());
  X509* x = certificate.get();
  Require(X509_set_version(x, 2) == 1, "X509_set_version");
  Require(X509_set_issuer_name(x, X509_get_subject_name(x)) == 1, "X509_set_issuer_name");
  AddExtension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  AddExtension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(x, x, NID_subject_key_identifier, "hash");
  Require(X509_sign(x, key.get(), EVP_sha256()) > 0, "X509_sign");
  return std::make_unique<P256Ca>(std::move(key), std::move(certificate));
}

absl::StatusOr<std::unique_ptr<Ca>> Ca::Load(const KeyPair& pair) {
  const crypto::CleanErrors clean;
  Certificate certificate = FirstCertificate(pair.certificate_pem);
  Key key(PEM_read_bio_PrivateKey(Memory(pair.key_pem).get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr || key == nullptr ||
      X509_check_private_key(certificate.get(), key.get()) != 1) {
    return absl::InvalidArgumentError("the CA's certificate and key do not belong together");
  }
  return std::make_unique<P256Ca>(std::move(key), std::move(certificate));
}

std::string CertificateSha256(absl::string_view pem) {
  const Certificate certificate = FirstCertificate(pem);
  Require(certificate != nullptr, "PEM_read_bio_X509");
  unsigned char* out = nullptr;
  const int length = i2d_X509(certificate.get(), &out);
  Require(length > 0, "i2d_X509");
  std::string digest = crypto::Sha256(
      absl::string_view(reinterpret_cast<char*>(out), static_cast<std::size_t>(length)));
  OPENSSL_free(out);
  return digest;
}

std::int64_t CertificateSerial(absl::string_view pem) {
  const Certificate certificate = FirstCertificate(pem);
  Require(certificate != nullptr, "PEM_read_bio_X509");
  std::int64_t serial = 0;
  Require(ASN1_INTEGER_get_int64(&serial, X509_get0_serialNumber(certificate.get())) == 1,
          "ASN1_INTEGER_get_int64");
  return serial;
}

std::string CertificateUri(absl::string_view pem) {
  const Certificate certificate = FirstCertificate(pem);
  Require(certificate != nullptr, "PEM_read_bio_X509");
  const std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int kind = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind);
    if (kind != GEN_URI) continue;
    const auto* text = static_cast<const ASN1_IA5STRING*>(value);
    return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                       static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  return "";
}

absl::StatusOr<std::vector<std::int64_t>> RevokedSerials(absl::string_view pem) {
  const crypto::CleanErrors clean;
  const std::unique_ptr<X509_CRL, Freer<X509_CRL_free>> list(
      PEM_read_bio_X509_CRL(Memory(pem).get(), nullptr, nullptr, nullptr));
  if (list == nullptr) return absl::InvalidArgumentError("not a CRL in PEM");
  std::vector<std::int64_t> serials;
  STACK_OF(X509_REVOKED)* revoked = X509_CRL_get_REVOKED(list.get());
  for (int i = 0; i < sk_X509_REVOKED_num(revoked); ++i) {
    const ASN1_INTEGER* number = X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i));
    std::int64_t serial = 0;
    if (ASN1_INTEGER_get_int64(&serial, number) != 1) {
      return absl::InvalidArgumentError("the CRL has a serial of another maker");
    }
    serials.push_back(serial);
  }
  return serials;
}

}  // namespace trusthub::pki
