// File: token.h
//
// User tokens: ES256 compact JWS by the rules of reliability_security.md 1.6; README.md here lists
// the claims and what each refusal means.
#ifndef TRUSTHUB_COMMON_AUTH_TOKEN_H_
#define TRUSTHUB_COMMON_AUTH_TOKEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/auth/trust_set.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::auth {

// What a verified token says.
struct Token {
  const Domain* domain = nullptr;  // whose issuer signed it; its agency is the token's
  std::string worker;              // "workers/x"
  options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
  std::string id;
  std::string certificate_sha256;  // 32 bytes; the caller compares it
  absl::Time valid_from;           // nbf and iat less the skew: false before
  absl::Time expires;              // false from this instant on
};

// The token after "Bearer ", from an authorization header. Empty when it is not of that form.
absl::string_view BearerToken(absl::string_view authorization);

// Verifies everything but the binding to a connection. UNAUTHENTICATED with a TOKEN_ reason.
absl::StatusOr<Token> VerifyToken(absl::string_view token, const TrustSet& trust,
                                  absl::string_view audience, absl::Time now);

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_TOKEN_H_
