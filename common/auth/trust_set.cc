#include "common/auth/trust_set.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"

namespace trusthub::auth {
namespace {

absl::Status In(const std::string& file, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(file, ": ", status.message()));
}

// The bytes of a certificate's public key, to tell keys apart.
std::string PublicKeyBytes(X509* certificate) {
  unsigned char* out = nullptr;
  const int length = i2d_PUBKEY(X509_get0_pubkey(certificate), &out);
  crypto::Require(length > 0, "i2d_PUBKEY");
  std::string bytes(reinterpret_cast<char*>(out), static_cast<std::size_t>(length));
  OPENSSL_free(out);
  return bytes;
}

// One domain's CAs from its file, each fit to be one.
absl::StatusOr<std::vector<Certificate>> LoadCas(const std::string& file, FileSet& files) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string pem, files.Read(file));
  auto cas = ParseCertificates(pem);
  if (!cas.ok()) return In(file, cas.status());
  for (const Certificate& ca : *cas) {
    if (absl::Status status = CheckCa(ca.get()); !status.ok()) return In(file, status);
  }
  return cas;
}

// With one CA key in two domains the pin would hold nothing.
absl::Status CheckCaKeysApart(const std::vector<std::unique_ptr<Domain>>& domains) {
  std::map<std::string, const Domain*> owners;
  for (const auto& domain : domains) {
    for (const Certificate& ca : domain->cas) {
      const Domain* owner = owners.emplace(PublicKeyBytes(ca.get()), domain.get()).first->second;
      if (owner != domain.get()) {
        return absl::InvalidArgumentError(absl::StrCat(
            owner->entry.trust_domain, " and ", domain->entry.trust_domain, " share a CA key"));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Revocations>> RevocationsOf(const Domain& domain, FileSet& files) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string pem, files.Read(domain.entry.crl));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto lists, ParseRevocationLists(pem));
  std::vector<Revocations> all;
  for (const Certificate& ca : domain.cas) {
    TRUSTHUB_ASSIGN_OR_RETURN(Revocations revocations, Revocations::Of(ca.get(), lists));
    all.push_back(std::move(revocations));
  }
  return all;
}

const Domain* Find(const std::map<std::string, const Domain*, std::less<>>& domains,
                   absl::string_view name) {
  const auto domain = domains.find(std::string(name));
  return domain == domains.end() ? nullptr : domain->second;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TrustSet>> TrustSet::Load(const std::string& trust_file,
                                                         FileSet& files) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, files.Read(trust_file));
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<DomainEntry> entries, ParseTrustFile(trust_file, text));
  auto set = std::make_unique<TrustSet>();
  for (DomainEntry& entry : entries) {
    TRUSTHUB_RETURN_IF_ERROR(set->Add(std::move(entry), files));
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckCaKeysApart(set->domains_));
  return set;
}

absl::Status TrustSet::Add(DomainEntry entry, FileSet& files) {
  auto domain = std::make_unique<Domain>();
  domain->entry = std::move(entry);
  TRUSTHUB_ASSIGN_OR_RETURN(domain->cas, LoadCas(domain->entry.ca, files));
  domain->first_ca = ca_count_;
  ca_count_ += domain->cas.size();
  if (!domain->entry.issuer.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string json, files.Read(domain->entry.jwks));
    auto keys = KeySet::Parse(json);
    if (!keys.ok()) return In(domain->entry.jwks, keys.status());
    domain->keys = *std::move(keys);
    by_issuer_.emplace(domain->entry.issuer, domain.get());
  }
  by_trust_domain_.emplace(domain->entry.trust_domain, domain.get());
  domains_.push_back(std::move(domain));
  return absl::OkStatus();
}

const Domain* TrustSet::ByTrustDomain(absl::string_view trust_domain) const {
  return Find(by_trust_domain_, trust_domain);
}

const Domain* TrustSet::ByIssuer(absl::string_view issuer) const {
  return Find(by_issuer_, issuer);
}

std::vector<Revocations> LoadRevocations(const TrustSet& set, FileSet& files, bool& all_good) {
  std::vector<Revocations> all(set.ca_count());
  all_good = true;
  for (const auto& domain : set.domains()) {
    auto loaded = RevocationsOf(*domain, files);
    if (!loaded.ok()) {
      all_good = false;
      log::Warning("revocation list refused", {{"trust_domain", domain->entry.trust_domain},
                                               {"why", loaded.status().message()}});
      continue;
    }
    std::move(loaded->begin(), loaded->end(),
              all.begin() + static_cast<std::ptrdiff_t>(domain->first_ca));
  }
  return all;
}

}  // namespace trusthub::auth
