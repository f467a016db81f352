#include "common/auth/revocation.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pemerr.h>

#include "common/auth/certificate.h"
#include "common/base/status_macros.h"

namespace trusthub::auth {
namespace {

// By how much a CA's clock may run ahead of ours.
constexpr absl::Duration kIssuedAheadMax = absl::Minutes(5);

bool IsSignedBy(X509_CRL* list, X509* ca) {
  EVP_PKEY* key = X509_get0_pubkey(ca);
  return X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(ca)) == 0 &&
         key != nullptr && X509_CRL_verify(list, key) == 1;
}

// Critical extensions make a list a delta or a part of one: not being on it would prove nothing.
bool IsWhole(const X509_CRL* list) {
  for (int i = 0; i < X509_CRL_get_ext_count(list); ++i) {
    if (X509_EXTENSION_get_critical(X509_CRL_get_ext(list, i)) != 0) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::vector<RevocationList>> ParseRevocationLists(absl::string_view pem) {
  const crypto::CleanErrors clean;
  const std::unique_ptr<BIO, crypto::Freer<BIO_free_all>> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<RevocationList> lists;
  if (bio == nullptr) return absl::InvalidArgumentError("no CRL");
  while (X509_CRL* list = PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)) {
    lists.emplace_back(list);
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!ended || lists.empty()) return absl::InvalidArgumentError("not a CRL in PEM");
  return lists;
}

absl::StatusOr<Revocations> Revocations::Of(X509* ca, const std::vector<RevocationList>& lists) {
  const crypto::CleanErrors clean;
  Revocations newest;
  bool found = false;
  for (const RevocationList& list : lists) {
    if (!IsSignedBy(list.get(), ca)) continue;
    const absl::Time this_update = TimeOf(X509_CRL_get0_lastUpdate(list.get()));
    const absl::Time next_update = TimeOf(X509_CRL_get0_nextUpdate(list.get()));
    if (!IsWhole(list.get()) || next_update <= this_update) {
      return absl::InvalidArgumentError("a CRL is partial or has no nextUpdate");
    }
    if (found && this_update <= newest.this_update_) continue;
    found = true;
    newest = Revocations();
    newest.this_update_ = this_update;
    newest.next_update_ = next_update;
    STACK_OF(X509_REVOKED)* revoked = X509_CRL_get_REVOKED(list.get());
    for (int i = 0; i < sk_X509_REVOKED_num(revoked); ++i) {
      newest.serials_.insert(
          SerialKey(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i))));
    }
  }
  if (!found) return absl::NotFoundError("no CRL is signed by the CA");
  return newest;
}

bool Revocations::Permits(const std::string& serial, absl::Time now) const {
  return now < next_update_ && now + kIssuedAheadMax >= this_update_ && !serials_.contains(serial);
}

}  // namespace trusthub::auth
