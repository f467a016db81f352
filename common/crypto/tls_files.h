// File: tls_files.h
//
// Looking at the files of a TLS identity before they are used: gRPC takes a broken one without a
// word and then answers nobody.
#ifndef TRUSTHUB_COMMON_CRYPTO_TLS_FILES_H_
#define TRUSTHUB_COMMON_CRYPTO_TLS_FILES_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace trusthub::crypto {

// Of a certificate.
struct CertificateFacts {
  absl::Time not_before;
  absl::Time not_after;
  bool is_elliptic = false;  // whether its key is one of an elliptic curve
};

// Facts of the first certificate when `pem` holds PEM certificates and nothing that is broken, at
// least one; else InvalidArgument naming `file`.
absl::StatusOr<CertificateFacts> ReadCertificates(absl::string_view pem, absl::string_view file);

// OK when `key_pem` is the PEM private key, without passphrase, of the first certificate of
// `certificates_pem`; else InvalidArgument naming the files.
absl::Status CheckPrivateKey(absl::string_view key_pem, absl::string_view key_file,
                             absl::string_view certificates_pem,
                             absl::string_view certificates_file);

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_TLS_FILES_H_
