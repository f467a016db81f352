// File: principal.h
//
// Who is calling: an agency's system by its certificate, and a worker by a token bound to it.
#ifndef TRUSTHUB_COMMON_AUTH_PRINCIPAL_H_
#define TRUSTHUB_COMMON_AUTH_PRINCIPAL_H_

#include <string>

#include "absl/time/time.h"
#include "trusthub/directory/v1/directory.pb.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::auth {

// Immutable once made; shared between calls of the same token and connection.
struct Principal {
  std::string agency;  // "agencies/redbridge-council"
  directory::v1::AgencyKind agency_kind = directory::v1::AGENCY_KIND_UNSPECIFIED;
  std::string trust_domain;  // "council.redbridge.example"
  // Path of the SPIFFE id: "/system/case-management". Empty when forwarded: the hub's services send
  // on only the thumbprint of the user's certificate.
  std::string system;
  std::string worker;  // "workers/x"; empty for the hub's own services
  options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
  std::string token_id;  // `jti`; empty for services
  absl::Time token_expires = absl::InfiniteFuture();
  std::string certificate_sha256;  // of the DER leaf, 32 bytes, of the user's own connection
  // "/service/health" when a service of the hub forwards the user's call; empty when direct.
  std::string on_behalf_of;

  bool is_service() const { return role == options::v1::ROLE_HUB_SERVICE; }
};

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_PRINCIPAL_H_
