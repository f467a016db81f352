// File: development.h
//
// A whole trust for a development or test deployment: CAs, certificates, token keys, trust.yaml and
// the services' own secrets, laid out in one folder.
//
//   trust.yaml                    read by every service (common/auth/README.md)
//   ca-bundle.pem                 the CAs of all domains, for gRPC's handshake
//   agencies/<id>/ca.pem ca.key crl.pem jwks.json token.key
//   agencies/<id>/<system>.pem <system>.key       client certificates
//   hub/ca.pem ca.key crl.pem jwks.json token.key
//   hub/<system>.pem <system>.key                 administrators' client certificates
//   hub/<service>/tls.pem tls.key                 server and client certificate of a service
//   hub/<service>/audit.key                       Ed25519, signs its tree heads
//   hub/<service>/master.key                      64 hex digits
//
// The id of each token key is "<id>-1", that of the hub "hub-1". Files that hold secrets have mode
// 0600, folders 0700.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_PKI_DEVELOPMENT_H_
#define TRUSTHUB_DEPLOY_HUBCTL_PKI_DEVELOPMENT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
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
  // The hub's own agency; its kind is HUB whatever is said here.
  DevelopmentAgency hub;
  std::vector<std::string> services;   // "referrals" of "/service/referrals"
  std::vector<std::string> dns_names;  // further names of the services' certificates
};

// Issuer of an agency's tokens: "https://issuer." + its trust domain.
std::string IssuerOf(absl::string_view trust_domain);

// Writes it all. AlreadyExists when `folder` holds a trust.yaml: keys in use are never replaced.
absl::Status WriteDevelopmentPki(absl::string_view folder, const DevelopmentPki& pki,
                                 absl::Time now);

// Writes a file that appears whole or not at all (rename), with mode 0600 when `secret`, else 0644.
absl::Status WriteFile(const std::string& path, absl::string_view bytes, bool secret);

}  // namespace trusthub::pki

#endif  // TRUSTHUB_DEPLOY_HUBCTL_PKI_DEVELOPMENT_H_
