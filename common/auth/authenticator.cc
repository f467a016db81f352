#include "common/auth/authenticator.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/auth/bounded_cache.h"
#include "common/auth/certificate.h"
#include "common/auth/file_set.h"
#include "common/auth/revocation.h"
#include "common/auth/token.h"
#include "common/auth/trust_set.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "common/log/log.h"

namespace trusthub::auth {
namespace {

using errors::v1::ErrorReason;
using SharedPrincipal = std::shared_ptr<const Principal>;

constexpr std::size_t kCertificatesKept = 4096;
constexpr std::size_t kTokensKept = 16'384;
// How often, at most, the files are looked at.
constexpr absl::Duration kLookEvery = absl::Seconds(1);
constexpr char kServicePath[] = "/service/";

absl::Status Refuse(ErrorReason reason) { return error::Unauthenticated(reason); }

// A leaf that passed every check which depends neither on the time nor on the CRL.
struct Identity {
  Leaf leaf;
  const Domain* domain = nullptr;
  std::size_t ca = 0;     // number of the CA that issued it
  absl::Time not_before;  // of the leaf and its CA together
  absl::Time not_after;
  SharedPrincipal service;  // set when the leaf alone identifies a service of the hub
};

// A token that was verified for one connection, and what it came to.
struct Session {
  SharedPrincipal principal;
  absl::Time valid_from;
  absl::Time expires;
};

// What was loaded together, with what was verified against it. New files bring a new one, so
// nothing that was verified against old keys is remembered.
struct Trust {
  explicit Trust(std::unique_ptr<TrustSet> loaded) : set(std::move(loaded)) {}
  const std::unique_ptr<TrustSet> set;
  BoundedCache<Identity> identities{kCertificatesKept};
  BoundedCache<Session> sessions{kTokensKept};
};

// One consistent view for one call.
struct View {
  std::shared_ptr<Trust> trust;
  std::shared_ptr<const std::vector<Revocations>> revocations;
};

bool IsService(const Identity& identity) {
  absl::string_view name = identity.leaf.path;
  return identity.domain->is_hub() && absl::ConsumePrefix(&name, kServicePath) &&
         name.find('/') == absl::string_view::npos;
}

SharedPrincipal MakeServicePrincipal(const Identity& identity) {
  auto principal = std::make_shared<Principal>();
  principal->agency = identity.domain->entry.agency;
  principal->agency_kind = identity.domain->entry.kind;
  principal->trust_domain = identity.leaf.trust_domain;
  principal->system = identity.leaf.path;
  principal->role = options::v1::ROLE_HUB_SERVICE;
  principal->certificate_sha256 = identity.leaf.sha256;
  return principal;
}

absl::StatusOr<Identity> Identify(absl::string_view leaf_pem, const TrustSet& trust) {
  Identity identity;
  TRUSTHUB_ASSIGN_OR_RETURN(identity.leaf, ParseLeaf(leaf_pem));
  identity.domain = trust.ByTrustDomain(identity.leaf.trust_domain);
  if (identity.domain == nullptr) {
    return Refuse(errors::v1::ERROR_REASON_CERTIFICATE_IDENTITY_INVALID);
  }
  // Only this domain's own CAs count: the transport would take those of every agency.
  for (std::size_t i = 0; i < identity.domain->cas.size(); ++i) {
    X509* ca = identity.domain->cas[i].get();
    if (!IsIssuedBy(identity.leaf, ca)) continue;
    identity.ca = identity.domain->first_ca + i;
    identity.not_before = std::max(identity.leaf.not_before, TimeOf(X509_get0_notBefore(ca)));
    identity.not_after = std::min(identity.leaf.not_after, TimeOf(X509_get0_notAfter(ca)));
    if (IsService(identity)) identity.service = MakeServicePrincipal(identity);
    return identity;
  }
  return Refuse(errors::v1::ERROR_REASON_CERTIFICATE_ISSUER_MISMATCH);
}

// What the transport read out of the certificate must be what we read.
bool Agrees(const Connection& connection, const Identity& identity) {
  return connection.peer_uris.size() == 1 && connection.spiffe_ids.size() == 1 &&
         connection.peer_uris.front() == identity.leaf.uri &&
         connection.spiffe_ids.front() == identity.leaf.uri;
}

SharedPrincipal MakeUserPrincipal(const Identity& identity, bool forwarded, const Token& token) {
  auto principal = std::make_shared<Principal>();
  principal->agency = token.domain->entry.agency;
  principal->agency_kind = token.domain->entry.kind;
  principal->trust_domain = token.domain->entry.trust_domain;
  principal->worker = token.worker;
  principal->role = token.role;
  principal->token_id = token.id;
  principal->token_expires = token.expires;
  principal->certificate_sha256 = token.certificate_sha256;
  if (forwarded) {
    principal->on_behalf_of = identity.leaf.path;
  } else {
    principal->system = identity.leaf.path;
  }
  return principal;
}

class FileAuthenticator final : public Authenticator {
 public:
  explicit FileAuthenticator(const AuthConfig& config) : config_(config) {}

  absl::Status Start() {
    MutexLock lock(reload_mutex_);
    auto loaded = TrustSet::Load(config_.trust_file, trust_files_);
    if (!loaded.ok()) return loaded.status();
    auto trust = std::make_shared<Trust>(*std::move(loaded));
    if (!Install(std::move(trust))) {
      return absl::InvalidArgumentError(
          absl::StrCat(config_.trust_file, ": a CRL is missing or malformed; see the log"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<SharedPrincipal> Authenticate(const Connection& connection,
                                               const Credentials& credentials,
                                               absl::Time now) override {
    ReloadWhenDue(now);
    const View view = CurrentView();
    TRUSTHUB_ASSIGN_OR_RETURN(const auto identity, IdentityOf(connection, view, now));
    if (credentials.authorization.empty()) {
      if (!credentials.user_certificate.empty() || identity->service == nullptr) {
        return Refuse(errors::v1::ERROR_REASON_TOKEN_MISSING);
      }
      return identity->service;
    }
    return UserOf(*identity, credentials, *view.trust, now);
  }

 private:
  absl::StatusOr<std::shared_ptr<const Identity>> IdentityOf(const Connection& connection,
                                                             const View& view, absl::Time now);
  absl::StatusOr<SharedPrincipal> UserOf(const Identity& identity, const Credentials& credentials,
                                         Trust& trust, absl::Time now);
  absl::StatusOr<Session> OpenSession(const Identity& identity, const Credentials& credentials,
                                      const TrustSet& trust, absl::Time now);

  View CurrentView() const {
    MutexLock lock(view_mutex_);
    return view_;
  }
  void ReloadWhenDue(absl::Time now);
  void Reload() ABSL_EXCLUSIVE_LOCKS_REQUIRED(reload_mutex_);
  bool Install(std::shared_ptr<Trust> trust) ABSL_EXCLUSIVE_LOCKS_REQUIRED(reload_mutex_);

  const AuthConfig config_;
  // When the files were last looked at, in microseconds since 1970.
  std::atomic<std::int64_t> looked_{0};
  Mutex reload_mutex_;
  FileSet trust_files_ ABSL_GUARDED_BY(reload_mutex_);
  FileSet crl_files_ ABSL_GUARDED_BY(reload_mutex_);
  mutable Mutex view_mutex_;
  View view_ ABSL_GUARDED_BY(view_mutex_);
};

absl::StatusOr<std::shared_ptr<const Identity>> FileAuthenticator::IdentityOf(
    const Connection& connection, const View& view, absl::Time now) {
  if (!connection.encrypted || connection.leaf_pem.empty()) {
    return Refuse(errors::v1::ERROR_REASON_CERTIFICATE_MISSING);
  }
  auto identity = view.trust->identities.Find(connection.leaf_pem);
  if (identity == nullptr) {
    TRUSTHUB_ASSIGN_OR_RETURN(Identity verified, Identify(connection.leaf_pem, *view.trust->set));
    identity = std::make_shared<const Identity>(std::move(verified));
    view.trust->identities.Insert(connection.leaf_pem, identity);
  }
  if (!Agrees(connection, *identity)) {
    return Refuse(errors::v1::ERROR_REASON_CERTIFICATE_IDENTITY_INVALID);
  }
  // These two change while a connection is open, so they are asked in every call.
  if (now < identity->not_before || now > identity->not_after) {
    return Refuse(errors::v1::ERROR_REASON_CERTIFICATE_MISSING);
  }
  if (!(*view.revocations)[identity->ca].Permits(identity->leaf.serial, now)) {
    return Refuse(errors::v1::ERROR_REASON_CERTIFICATE_REVOKED);
  }
  return identity;
}

absl::StatusOr<SharedPrincipal> FileAuthenticator::UserOf(const Identity& identity,
                                                          const Credentials& credentials,
                                                          Trust& trust, absl::Time now) {
  // Everything that the verdict rests on besides the time; the length keeps the parts apart.
  const std::string key =
      absl::StrCat(identity.leaf.sha256, credentials.user_certificate.size(), ":",
                   credentials.user_certificate, credentials.authorization);
  auto session = trust.sessions.Find(key);
  if (session == nullptr || now < session->valid_from || now >= session->expires) {
    TRUSTHUB_ASSIGN_OR_RETURN(Session opened, OpenSession(identity, credentials, *trust.set, now));
    session = std::make_shared<const Session>(std::move(opened));
    trust.sessions.Insert(key, session);
  }
  return session->principal;
}

absl::StatusOr<Session> FileAuthenticator::OpenSession(const Identity& identity,
                                                       const Credentials& credentials,
                                                       const TrustSet& trust, absl::Time now) {
  const bool forwarded = !credentials.user_certificate.empty();
  const absl::Status unbound = Refuse(errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH);
  // Only services forward, and they never act as users themselves.
  if (forwarded != (identity.service != nullptr)) return unbound;
  std::string thumbprint = identity.leaf.sha256;
  if (forwarded) {
    auto decoded = crypto::Base64UrlDecode(credentials.user_certificate);
    if (!decoded.ok()) return unbound;
    thumbprint = *std::move(decoded);
  }
  const absl::string_view text = BearerToken(credentials.authorization);
  if (text.empty()) return Refuse(errors::v1::ERROR_REASON_TOKEN_MALFORMED);
  TRUSTHUB_ASSIGN_OR_RETURN(const Token token, VerifyToken(text, trust, config_.audience, now));
  if (!crypto::ConstantTimeEquals(token.certificate_sha256, thumbprint)) return unbound;
  if (!forwarded && token.domain != identity.domain) {
    return Refuse(errors::v1::ERROR_REASON_TOKEN_AGENCY_MISMATCH);
  }
  return Session{MakeUserPrincipal(identity, forwarded, token), token.valid_from, token.expires};
}

void FileAuthenticator::ReloadWhenDue(absl::Time now) {
  const std::int64_t at = absl::ToUnixMicros(now);
  std::int64_t last = looked_.load(std::memory_order_relaxed);
  // A clock that stepped back must not put the next look off.
  if (at >= last && at - last < absl::ToInt64Microseconds(kLookEvery)) return;
  // One thread looks; the others go on with what is installed.
  if (!looked_.compare_exchange_strong(last, at)) return;
  MutexLock lock(reload_mutex_);
  Reload();
}

void FileAuthenticator::Reload() {
  if (trust_files_.Changed()) {
    FileSet files;
    auto loaded = TrustSet::Load(config_.trust_file, files);
    if (loaded.ok()) {
      trust_files_ = std::move(files);
      Install(std::make_shared<Trust>(*std::move(loaded)));
      log::Info("trust files read again");
      return;
    }
    trust_files_.Settle(files);
    log::Warning("trust files refused, the last good ones stay",
                 {{"why", loaded.status().message()}});
  }
  if (crl_files_.Changed()) Install(CurrentView().trust);
}

// Reads the CRLs of `trust` and makes both current. False when a CRL is bad; its domain is then
// shut.
bool FileAuthenticator::Install(std::shared_ptr<Trust> trust) {
  bool all_good = false;
  crl_files_ = FileSet();
  auto revocations = std::make_shared<const std::vector<Revocations>>(
      LoadRevocations(*trust->set, crl_files_, all_good));
  MutexLock lock(view_mutex_);
  view_ = View{std::move(trust), std::move(revocations)};
  return all_good;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Authenticator>> MakeAuthenticator(const AuthConfig& config) {
  if (config.audience.empty()) return absl::InvalidArgumentError("the audience must not be empty");
  auto authenticator = std::make_unique<FileAuthenticator>(config);
  TRUSTHUB_RETURN_IF_ERROR(authenticator->Start());
  return authenticator;
}

}  // namespace trusthub::auth
