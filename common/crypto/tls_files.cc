#include "common/crypto/tls_files.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/key_file.h"
#include "common/crypto/openssl.h"

namespace trusthub::crypto {
namespace {

using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

Bio Reader(const std::string& bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// Never asks on the terminal: an encrypted key is a key that cannot be read.
int NoPassphrase(char*, int, int, void*) { return -1; }

absl::StatusOr<std::string> ReadFile(absl::string_view path) {
  std::ifstream file{std::string(path), std::ios::binary};
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    return absl::NotFoundError(absl::StrCat(path, " cannot be read"));
  }
  return bytes;
}

// The first certificate of the file, when all are well-formed.
absl::StatusOr<Certificate> ReadCertificates(absl::string_view path) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  const CleanErrors clean;
  const Bio reader = Reader(bytes);
  Certificate first;
  while (true) {
    Certificate next(PEM_read_bio_X509(reader.get(), nullptr, NoPassphrase, nullptr));
    if (next == nullptr) break;
    if (first == nullptr) first = std::move(next);
  }
  // The end of the file is the one error that a good file ends with.
  if (first == nullptr || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return absl::InvalidArgumentError(absl::StrCat(path, " does not hold PEM certificates"));
  }
  return first;
}

}  // namespace

absl::Status CheckCertificates(absl::string_view path) { return ReadCertificates(path).status(); }

absl::Status CheckPrivateKey(absl::string_view path, absl::string_view certificates) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string bytes, ReadSecretFile(path));
  TRUSTHUB_ASSIGN_OR_RETURN(const Certificate leaf, ReadCertificates(certificates));
  const CleanErrors clean;
  const Bio reader = Reader(bytes);
  const Key key(PEM_read_bio_PrivateKey(reader.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("key file ", path, " does not hold a PEM private key without passphrase"));
  }
  if (X509_check_private_key(leaf.get(), key.get()) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("key file ", path, " is not the key of ", certificates));
  }
  return absl::OkStatus();
}

}  // namespace trusthub::crypto
