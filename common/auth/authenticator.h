// File: authenticator.h
//
// From what the transport says of a connection and what a call's metadata carries to a Principal,
// or a typed refusal. Every rule of reliability_security.md 1.6 is enforced here and nowhere else.
//
// Users: certificate of their agency's system + ES256 token (`authorization: Bearer …`) bound to it
// by cnf.x5t#S256. The hub's own services: certificate alone, from the hub's trust domain, role
// ROLE_HUB_SERVICE; or, forwarding a user's call, their certificate + the user's token + the user's
// thumbprint in `x-trusthub-user-certificate` (base64url of SHA-256): the binding is then checked
// against that thumbprint, and only services of the hub may send it.
#ifndef TRUSTHUB_COMMON_AUTH_AUTHENTICATOR_H_
#define TRUSTHUB_COMMON_AUTH_AUTHENTICATOR_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/auth/principal.h"

namespace trusthub::auth {

// What the transport proved, copied out of gRPC's auth context. Views live as long as the call.
struct Connection {
  bool encrypted = false;                     // transport_security_type tls, privacy + integrity
  std::vector<absl::string_view> peer_uris;   // property peer_uri
  std::vector<absl::string_view> spiffe_ids;  // property peer_spiffe_id
  absl::string_view leaf_pem;                 // property x509_pem_cert
  absl::string_view chain_pem;                // property x509_pem_cert_chain, without the leaf
};

// What the call's metadata carries.
struct Credentials {
  absl::string_view authorization;     // "Bearer …" or empty
  absl::string_view user_certificate;  // forwarded thumbprint, or empty
};

struct AuthConfig {
  std::string
      trust_file;  // trust.yaml: trust domain, agency, kind, CA, issuer, JWKS (auth/README.md)
  std::string audience;  // the `aud` that tokens must carry
};

// Thread-safe. Certificates and tokens that were verified once are remembered: a certificate until
// the trust files change, a token until it expires or they change.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // `now` is an instant of the real clock. UNAUTHENTICATED with a typed reason otherwise.
  virtual absl::StatusOr<std::shared_ptr<const Principal>> Authenticate(
      const Connection& connection, const Credentials& credentials, absl::Time now) = 0;
};

// Reads the trust file and every CA, CRL and JWKS it names; reads them again when they change, and
// keeps the last good set when the new one is bad. Fails when anything is missing or malformed.
absl::StatusOr<std::unique_ptr<Authenticator>> MakeAuthenticator(const AuthConfig& config);

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_AUTHENTICATOR_H_
