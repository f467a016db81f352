// File: certificate.h
//
// X.509 as the hub takes it: X509-SVID leaves (reliability_security.md 1.6) and the CAs that they
// are pinned to. The transport has checked that the peer holds the key and chains to some CA of the
// bundle; everything else is checked here.
#ifndef TRUSTHUB_COMMON_AUTH_CERTIFICATE_H_
#define TRUSTHUB_COMMON_AUTH_CERTIFICATE_H_

#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/crypto/openssl.h"

namespace trusthub::auth {

using Certificate = std::unique_ptr<X509, crypto::Freer<X509_free>>;

// The certificates of a PEM text that holds nothing else; InvalidArgument when there are none, or
// one is not in DER.
absl::StatusOr<std::vector<Certificate>> ParseCertificates(absl::string_view pem);

// What a leaf says, once it is known to follow every rule that does not depend on its issuer.
struct Leaf {
  Certificate certificate;
  std::string uri;           // its one URI SAN
  std::string trust_domain;  // of the URI
  std::string path;          // of the URI
  std::string serial;        // SerialKey()
  std::string sha256;        // of the DER, 32 bytes
  absl::Time not_before;
  absl::Time not_after;
};

// UNAUTHENTICATED CERTIFICATE_MISSING when `pem` is not one certificate, _IDENTITY_INVALID,
// _USAGE_INVALID. Does not look at times.
absl::StatusOr<Leaf> ParseLeaf(absl::string_view pem);

// Whether `ca`'s key signed `leaf`, with a hash of at least 256 bits, and the names agree.
bool IsIssuedBy(const Leaf& leaf, X509* ca);

// InvalidArgument unless `ca` is a CA that may sign certificates and CRLs.
absl::Status CheckCa(X509* ca);

std::string SerialKey(const ASN1_INTEGER* serial);
// InfinitePast for what is no time.
absl::Time TimeOf(const ASN1_TIME* time);

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_CERTIFICATE_H_
