// File: certificates.h
//
// Certificate authorities, leaves and revocation lists for development and tests. Not for
// production: there an agency's own CA issues, and its key never meets the hub.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_PKI_CERTIFICATES_H_
#define TRUSTHUB_DEPLOY_HUBCTL_PKI_CERTIFICATES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace trusthub::pki {

struct Validity {
  absl::Time from;
  absl::Time to;
};

// A key and its certificate, both in PEM.
struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;  // PKCS#8, not encrypted
};

// What a leaf says. The defaults are a good client of one SPIFFE id; each field can be made wrong,
// for tests. Extensions are in OpenSSL's configuration syntax; an empty one is left out.
struct LeafRequest {
  std::string common_name = "leaf";
  std::string alternative_names;  // "URI:spiffe://council.example/system/x,DNS:localhost"
  std::string basic_constraints = "critical,CA:FALSE";
  std::string key_usage = "critical,digitalSignature";
  std::string extended_key_usage = "clientAuth";
  std::string unknown_critical;  // bytes of a critical extension that nobody knows
  std::string curve = "P-256";
  std::string hash = "SHA256";
  int version = 3;
  std::int64_t serial = 0;  // 0: random
  Validity validity;
};

// "URI:spiffe://" + trust domain + path, then DNS and IP names.
std::string AlternativeNames(absl::string_view trust_domain, absl::string_view path,
                             const std::vector<std::string>& dns = {},
                             const std::vector<std::string>& ips = {});

struct RevocationListRequest {
  std::vector<std::int64_t> serials;
  absl::Time this_update;
  absl::Time next_update;
  bool with_next_update = true;
  bool partial = false;  // with a critical issuingDistributionPoint
};

// An ECDSA P-256 CA. Thread-compatible. Wrong requests abort the process: they are mistakes in
// code.
class Ca {
 public:
  static std::unique_ptr<Ca> Make(absl::string_view name, Validity validity);
  // InvalidArgument when the two are not PEM or do not belong together.
  static absl::StatusOr<std::unique_ptr<Ca>> Load(const KeyPair& pair);
  virtual ~Ca() = default;

  virtual const KeyPair& pair() const = 0;
  virtual KeyPair IssueLeaf(const LeafRequest& request) const = 0;
  virtual std::string MakeRevocationList(const RevocationListRequest& request) const = 0;
};

// SHA-256 of the DER of the first certificate in `pem`: what tokens are bound to.
std::string CertificateSha256(absl::string_view pem);
// Serial of the first certificate in `pem`, when it fits.
std::int64_t CertificateSerial(absl::string_view pem);
// Its first URI; empty when it has none. All three abort the process when `pem` holds no
// certificate.
std::string CertificateUri(absl::string_view pem);
// InvalidArgument when `pem` is no CRL, or a serial does not fit.
absl::StatusOr<std::vector<std::int64_t>> RevokedSerials(absl::string_view pem);

}  // namespace trusthub::pki

#endif  // TRUSTHUB_DEPLOY_HUBCTL_PKI_CERTIFICATES_H_
