// File: revocation.h
//
// Which serials a CA has revoked, from its CRL. gRPC's own check fails open on missing and
// malformed lists and reads them once (reliability_security.md, finding 3); this one fails closed.
#ifndef TRUSTHUB_COMMON_AUTH_REVOCATION_H_
#define TRUSTHUB_COMMON_AUTH_REVOCATION_H_

#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/crypto/openssl.h"

namespace trusthub::auth {

using RevocationList = std::unique_ptr<X509_CRL, crypto::Freer<X509_CRL_free>>;

// The lists of a PEM text that holds nothing else; InvalidArgument when there is none.
absl::StatusOr<std::vector<RevocationList>> ParseRevocationLists(absl::string_view pem);

// One CA's list, ready to ask. Immutable; thread-safe.
class Revocations {
 public:
  // Of a CA without a usable list: every certificate counts as revoked.
  Revocations() = default;

  // The list among `lists` that `ca` signed; NotFound when there is none. Of two, the newer.
  // InvalidArgument for one without nextUpdate, or with a critical extension (partial lists).
  static absl::StatusOr<Revocations> Of(X509* ca, const std::vector<RevocationList>& lists);

  // False when the serial is listed, or the list is not good at `now`.
  bool Permits(const std::string& serial, absl::Time now) const;

 private:
  absl::flat_hash_set<std::string> serials_;
  absl::Time this_update_ = absl::InfiniteFuture();
  absl::Time next_update_ = absl::InfinitePast();
};

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_REVOCATION_H_
