// File: tls_files.h
//
// Looking at the files of a TLS identity before they are used: gRPC takes a broken one without a
// word and then answers nobody.
#ifndef TRUSTHUB_COMMON_CRYPTO_TLS_FILES_H_
#define TRUSTHUB_COMMON_CRYPTO_TLS_FILES_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace trusthub::crypto {

// OK when the file holds PEM certificates and nothing that is broken, at least one. NotFound when
// it cannot be read; InvalidArgument naming it else.
absl::Status CheckCertificates(absl::string_view path);

// OK when the file is readable by its owner only and holds the PEM private key of the first
// certificate of `certificates`; errors as of ReadSecretFile, or InvalidArgument naming it.
absl::Status CheckPrivateKey(absl::string_view path, absl::string_view certificates);

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_TLS_FILES_H_
