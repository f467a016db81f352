// File: tokens.h
//
// User tokens for development and tests: what an agency's identity provider would issue.
// common/auth/README.md lists the claims.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_PKI_TOKENS_H_
#define TRUSTHUB_DEPLOY_HUBCTL_PKI_TOKENS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace trusthub::pki {

// An ECDSA P-256 key with its id. Immutable; thread-safe.
class TokenKey {
 public:
  static std::unique_ptr<TokenKey> Generate(absl::string_view key_id);
  // PKCS#8 PEM. InvalidArgument for anything but a P-256 private key.
  static absl::StatusOr<std::unique_ptr<TokenKey>> FromPem(absl::string_view key_id,
                                                           absl::string_view pem);
  virtual ~TokenKey() = default;
  virtual const std::string& key_id() const = 0;
  virtual std::string ToPem() const = 0;
  // The public half as one JSON Web Key.
  virtual std::string ToJwk() const = 0;
  // r || s, 64 bytes.
  virtual std::string Sign(absl::string_view data) const = 0;
};

// {"keys": [...]}.
std::string MakeKeySet(const std::vector<const TokenKey*>& keys);

struct TokenClaims {
  std::string issuer;
  std::string agency;  // "agencies/redbridge-council"
  std::string worker;  // "workers/x"
  std::string role;    // "social_worker"
  std::string audience;
  std::string token_id;            // empty: a random one
  std::string certificate_sha256;  // 32 bytes: CertificateSha256() of the client's certificate
  absl::Time issued;
  absl::Duration lifetime = absl::Minutes(10);
};

std::string IssueToken(const TokenKey& key, const TokenClaims& claims);

// The two JSON texts that IssueToken signs, and the signing alone: for tokens that break a rule.
std::string TokenHeader(absl::string_view key_id);
std::string TokenPayload(const TokenClaims& claims);
std::string SignToken(const TokenKey& key, absl::string_view header, absl::string_view payload);

}  // namespace trusthub::pki

#endif  // TRUSTHUB_DEPLOY_HUBCTL_PKI_TOKENS_H_
