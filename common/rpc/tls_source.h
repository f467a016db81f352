// File: tls_source.h
//
// The TLS identity of a process and the authorities that it trusts, read from files that may be
// replaced while it runs. New files are checked before they are taken: what does not fit together,
// is half written or out of date leaves the old ones in use, and is logged and counted.
#ifndef TRUSTHUB_COMMON_RPC_TLS_SOURCE_H_
#define TRUSTHUB_COMMON_RPC_TLS_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/auth/file_set.h"
#include "common/base/mutex.h"
#include "common/crypto/tls_files.h"
#include "common/rpc/metrics.h"
#include "common/time/clock.h"

namespace trusthub::rpc {

// One version of the three files, in PEM. Immutable.
struct TlsTexts {
  std::string certificates;  // leaf first
  std::string key;
  std::string authorities;
  absl::Time expires;        // of the leaf
  std::int64_t version = 0;  // 1 for the first; one more with each that is taken
};

// Thread-safe.
class TlsSource {
 public:
  struct Options {
    std::string certificates;
    std::string key;
    std::string authorities;
    std::string authorities_setting = "server_ca";  // what errors call it
    bool needs_elliptic_key = false;                // for servers; see run_service.cc
    const Clock* clock = &RealClock();              // outlives the source
    Metrics* metrics = nullptr;                     // outlives the source; null for none
  };
  // Errors name the setting and the file: missing, malformed, a key that others may read or of
  // another certificate, a certificate that is out of date.
  static absl::StatusOr<std::shared_ptr<TlsSource>> Open(Options options);

  // The version in use. Looks at the files at most once a second.
  std::shared_ptr<const TlsTexts> Current();

 private:
  explicit TlsSource(Options options) : options_(std::move(options)) {}
  absl::StatusOr<std::shared_ptr<TlsTexts>> Read(auth::FileSet* files) const;
  absl::Status CheckLeaf(const crypto::CertificateFacts& leaf) const;
  void Take(std::shared_ptr<TlsTexts> texts) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Look() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WarnOfExpiry() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  Mutex mutex_;
  auth::FileSet files_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const TlsTexts> texts_ ABSL_GUARDED_BY(mutex_);
  absl::Time looked_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Duration warned_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_TLS_SOURCE_H_
