// File: development.h
//
// A whole trust for a development or test deployment: CAs, certificates, token keys, trust.yaml and
// the services' own secrets, laid out in one folder.
//
//   trust.yaml                    read by every service (common/auth/README.md)
//   ca-bundle.pem                 the CAs of all domains, for gRPC's handshake
//   agencies/<id>/ca.pem ca.key crl.pem jwks.json token.key     also of the hub's own agency
//   agencies/<id>/<system>.pem <system>.key                     client certificates
//   services/<service>/tls.pem tls.key     server and client certificate of a service of the hub
//   services/<service>/audit.key           Ed25519, signs its tree heads
//   services/<service>/master.key          64 hex digits
//   services/<service>/data_keys.yaml      key ring of its store (common/crypto/keys/key_ring.h)
//   services/<service>/kek-1.key           64 hex digits, the ring's first key
//
// The id of an agency's token key is "<id>-1". Files that hold secrets have mode 0600, folders
// 0700.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_PKI_DEVELOPMENT_H_
#define TRUSTHUB_DEPLOY_HUBCTL_PKI_DEVELOPMENT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace trusthub::pki {

struct DevelopmentAgency {
  std::string id;                    // "redbridge-council" of "agencies/redbridge-council"
  std::string kind;                  // AgencyKind without its prefix: "COUNCIL"
  std::string trust_domain;          // "council.redbridge.example"
  std::vector<std::string> systems;  // "case-management" of "/system/case-management"
};

struct DevelopmentPki {
  std::vector<DevelopmentAgency> agencies;
  // The hub's own agency; its kind is HUB whatever is said here. Its CA issues to the services.
  DevelopmentAgency hub;
  std::vector<std::string> services;   // "referrals" of "/service/referrals"
  std::vector<std::string> dns_names;  // further names of the services' certificates
};

// Issuer of an agency's tokens: "https://issuer." + its trust domain.
std::string IssuerOf(absl::string_view trust_domain);

// Writes it all. AlreadyExists when `folder` holds a trust.yaml: keys in use are never replaced.
// InvalidArgument unless ids, systems and services are of [a-z0-9-].
absl::Status WriteDevelopmentPki(absl::string_view folder, const DevelopmentPki& pki,
                                 absl::Time now);

// Puts a certificate on the CRL of agency `id`, which also makes the list good for another year. An
// empty `certificate_pem` only renews it. NotFound when the folder has no such agency.
absl::Status Revoke(absl::string_view folder, absl::string_view id,
                    absl::string_view certificate_pem, absl::Time now);

// Who a token is for; the rest follows from the folder.
struct TokenRequest {
  std::string agency;  // "redbridge-council"
  std::string system;  // whose certificate it is bound to
  std::string worker;  // "workers/x"
  std::string role;    // "social_worker"
  std::string audience;
  absl::Duration lifetime = absl::Minutes(15);
};

// A token of a folder that WriteDevelopmentPki wrote. NotFound when it has no such agency or
// system.
absl::StatusOr<std::string> IssueDevelopmentToken(absl::string_view folder,
                                                  const TokenRequest& request, absl::Time now);

// Writes a file that appears whole or not at all (rename), with mode 0600 when `secret`, else 0644.
// It is on disk when this returns OK.
absl::Status WriteFile(const std::string& path, absl::string_view bytes, bool secret);

}  // namespace trusthub::pki

#endif  // TRUSTHUB_DEPLOY_HUBCTL_PKI_DEVELOPMENT_H_
