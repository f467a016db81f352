// File: trust_set.h
//
// Whom the hub trusts, loaded: domains with their CAs and their issuers' keys.
#ifndef TRUSTHUB_COMMON_AUTH_TRUST_SET_H_
#define TRUSTHUB_COMMON_AUTH_TRUST_SET_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/auth/certificate.h"
#include "common/auth/file_set.h"
#include "common/auth/key_set.h"
#include "common/auth/revocation.h"
#include "common/auth/trust_file.h"

namespace trusthub::auth {

struct Domain {
  bool is_hub() const { return entry.kind == directory::v1::AGENCY_KIND_HUB; }

  DomainEntry entry;
  std::vector<Certificate> cas;  // several while a CA is being replaced
  std::size_t first_ca = 0;      // number of cas[0] among the CAs of all domains
  KeySet keys;                   // empty without an issuer
};

// Immutable; thread-safe.
class TrustSet {
 public:
  // Reads the trust file and every CA and JWKS through `files`; InvalidArgument or NotFound with
  // the file when anything is missing or malformed, or when two domains share a CA key.
  static absl::StatusOr<std::unique_ptr<TrustSet>> Load(const std::string& trust_file,
                                                        FileSet& files);

  // Null when unknown.
  const Domain* ByTrustDomain(absl::string_view trust_domain) const;
  const Domain* ByIssuer(absl::string_view issuer) const;
  const std::vector<std::unique_ptr<Domain>>& domains() const { return domains_; }
  std::size_t ca_count() const { return ca_count_; }

 private:
  absl::Status Add(DomainEntry entry, FileSet& files);

  std::vector<std::unique_ptr<Domain>> domains_;
  std::map<std::string, const Domain*, std::less<>> by_trust_domain_, by_issuer_;
  std::size_t ca_count_ = 0;
};

// Revocations of every CA of the set, by its number. A list that is missing or malformed permits
// nothing, and makes `all_good` false; each such domain is logged.
std::vector<Revocations> LoadRevocations(const TrustSet& set, FileSet& files, bool& all_good);

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_TRUST_SET_H_
