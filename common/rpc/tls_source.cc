#include "common/rpc/tls_source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/key_file.h"
#include "common/log/log.h"

namespace trusthub::rpc {
namespace {

constexpr absl::Duration kLookEvery = absl::Seconds(1);
// Time left at which an administrator is told, once each.
constexpr absl::Duration kWarnings[] = {absl::Hours(24), absl::Hours(7 * 24), absl::Hours(30 * 24)};

absl::Status In(absl::string_view setting, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(setting, ": ", status.message()));
}

}  // namespace

absl::StatusOr<std::shared_ptr<TlsSource>> TlsSource::Open(Options options) {
  std::shared_ptr<TlsSource> source(new TlsSource(std::move(options)));
  MutexLock lock(source->mutex_);
  TRUSTHUB_ASSIGN_OR_RETURN(std::shared_ptr<TlsTexts> texts, source->Read(&source->files_));
  source->looked_ = source->options_.clock->Now();
  source->Take(std::move(texts));
  return source;
}

std::shared_ptr<const TlsTexts> TlsSource::Current() {
  MutexLock lock(mutex_);
  const absl::Time now = options_.clock->Now();
  // A clock that was set back does not keep anybody from looking.
  if (now < looked_ || now >= looked_ + kLookEvery) {
    looked_ = now;
    Look();
  }
  return texts_;
}

void TlsSource::Look() {
  WarnOfExpiry();
  if (!files_.Changed()) return;
  auth::FileSet tried;
  absl::StatusOr<std::shared_ptr<TlsTexts>> texts = Read(&tried);
  if (texts.ok()) {
    files_ = tried;
    Take(*std::move(texts));
    log::Info("tls.reloaded", {{"version", texts_->version}});
    return;
  }
  // Told once for each change; the files are looked at again when they change again.
  files_.Settle(tried);
  log::Warning("tls.refused", {{"error", texts.status().message()}});
  if (options_.metrics != nullptr) options_.metrics->CountTlsRefused();
}

absl::StatusOr<std::shared_ptr<TlsTexts>> TlsSource::Read(auth::FileSet* files) const {
  const std::string& leaf_file = options_.certificates;
  // Every file is looked at before any is checked, so that a change of any is noticed.
  auto certificates = files->Read(leaf_file);
  auto key = files->Read(options_.key);
  auto authorities = files->Read(options_.authorities);
  if (!certificates.ok()) return In("certificate", certificates.status());
  // Whether others may read it is asked first: such a key is burnt, whatever else is wrong.
  if (auto secret = crypto::ReadSecretFile(options_.key); !secret.ok()) {
    return In("key", secret.status());
  }
  if (!key.ok()) return In("key", key.status());
  if (!authorities.ok()) return In(options_.authorities_setting, authorities.status());
  const auto leaf = crypto::ReadCertificates(*certificates, leaf_file);
  if (!leaf.ok()) return In("certificate", leaf.status());
  if (absl::Status fits = crypto::CheckPrivateKey(*key, options_.key, *certificates, leaf_file);
      !fits.ok()) {
    return In("key", fits);
  }
  if (auto trusted = crypto::ReadCertificates(*authorities, options_.authorities); !trusted.ok()) {
    return In(options_.authorities_setting, trusted.status());
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckLeaf(*leaf));
  auto texts = std::make_shared<TlsTexts>();
  texts->certificates = *std::move(certificates);
  texts->key = *std::move(key);
  texts->authorities = *std::move(authorities);
  texts->expires = leaf->not_after;
  return texts;
}

absl::Status TlsSource::CheckLeaf(const crypto::CertificateFacts& leaf) const {
  const absl::Time now = options_.clock->Now();
  if (now < leaf.not_before || now >= leaf.not_after) {
    return absl::InvalidArgumentError(absl::StrCat(
        "certificate: ", options_.certificates, " is valid from ",
        absl::FormatTime(leaf.not_before, absl::UTCTimeZone()), " to ",
        absl::FormatTime(leaf.not_after, absl::UTCTimeZone()), " only: issue a new one"));
  }
  if (options_.needs_elliptic_key && !leaf.is_elliptic) {
    return absl::InvalidArgumentError(absl::StrCat("certificate: ", options_.certificates,
                                                   " must have an elliptic curve key (P-256): "
                                                   "with another TLS 1.2 could not be refused"));
  }
  return absl::OkStatus();
}

void TlsSource::Take(std::shared_ptr<TlsTexts> texts) {
  texts->version = texts_ == nullptr ? 1 : texts_->version + 1;
  texts_ = std::move(texts);
  if (options_.metrics != nullptr) options_.metrics->SetCertificateExpiry(texts_->expires);
  warned_ = absl::InfiniteDuration();
  WarnOfExpiry();
}

void TlsSource::WarnOfExpiry() {
  const absl::Duration left = texts_->expires - options_.clock->Now();
  for (const absl::Duration limit : kWarnings) {
    if (left > limit) continue;
    if (warned_ > limit) log::Warning("tls.expires", {{"hours_left", absl::ToInt64Hours(left)}});
    warned_ = limit;
    return;
  }
}

}  // namespace trusthub::rpc
