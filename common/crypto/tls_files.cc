#include "common/crypto/tls_files.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/openssl.h"

namespace trusthub::crypto {
namespace {

using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

Bio Reader(absl::string_view bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// Never asks on the terminal: an encrypted key is a key that cannot be read.
int NoPassphrase(char*, int, int, void*) { return -1; }

// The first certificate, when all are well-formed.
absl::StatusOr<Certificate> Parse(absl::string_view pem, absl::string_view file) {
  const CleanErrors clean;
  const Bio reader = Reader(pem);
  Certificate first;
  while (true) {
    Certificate next(PEM_read_bio_X509(reader.get(), nullptr, NoPassphrase, nullptr));
    if (next == nullptr) break;
    if (first == nullptr) first = std::move(next);
  }
  // The end of the file is the one error that a good file ends with.
  if (first == nullptr || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return absl::InvalidArgumentError(absl::StrCat(file, " does not hold PEM certificates"));
  }
  return first;
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm utc{};
  return ASN1_TIME_to_tm(time, &utc) == 1 ? absl::FromTM(utc, absl::UTCTimeZone())
                                          : absl::InfinitePast();
}

}  // namespace

absl::StatusOr<CertificateFacts> ReadCertificates(absl::string_view pem, absl::string_view file) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Certificate leaf, Parse(pem, file));
  CertificateFacts facts;
  facts.not_before = TimeOf(X509_get0_notBefore(leaf.get()));
  facts.not_after = TimeOf(X509_get0_notAfter(leaf.get()));
  const EVP_PKEY* key = X509_get0_pubkey(leaf.get());
  facts.is_elliptic = key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
  return facts;
}

absl::Status CheckPrivateKey(absl::string_view key_pem, absl::string_view key_file,
                             absl::string_view certificates_pem,
                             absl::string_view certificates_file) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Certificate leaf, Parse(certificates_pem, certificates_file));
  const CleanErrors clean;
  const Bio reader = Reader(key_pem);
  const Key key(PEM_read_bio_PrivateKey(reader.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("key file ", key_file, " does not hold a PEM private key without passphrase"));
  }
  if (X509_check_private_key(leaf.get(), key.get()) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("key file ", key_file, " is not the key of ", certificates_file));
  }
  return absl::OkStatus();
}

}  // namespace trusthub::crypto
