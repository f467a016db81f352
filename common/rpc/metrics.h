// File: metrics.h
//
// Counts and durations of calls, by method and by gRPC code, and of refusals, by the reason that
// the caller was told; nothing else labels a metric. So none carries an id, none tells a category
// or a record kind, and none says more of a refusal than its answer did: a worker who must not see
// a child counts as RECORD_NOT_FOUND. Served as Prometheus text where configured.
#ifndef TRUSTHUB_COMMON_RPC_METRICS_H_
#define TRUSTHUB_COMMON_RPC_METRICS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace trusthub::rpc {

// Thread-safe.
class Metrics {
 public:
  virtual ~Metrics() = default;
  virtual void CountCall(absl::string_view method, absl::StatusCode code,
                         absl::Duration duration) = 0;
  virtual void CountRefusal(absl::string_view reason) = 0;
  // Calls refused because the queue was full.
  virtual void CountOverload() = 0;
  // Refusals that had to be spooled: must stay 0.
  virtual void CountSpooled() = 0;
  // Activated sets of agreements that this service could not put in force: must stay 0.
  virtual void CountAgreementsRefused() = 0;
  // New files of the TLS identity that were not taken: must stay 0.
  virtual void CountTlsRefused() = 0;
  // Kept values that do not open, because they were changed or moved: must stay 0.
  virtual void CountDamaged() = 0;
  // New key rings that were not taken: must stay 0.
  virtual void CountKeyRingRefused() = 0;
  // When the certificate in use ends.
  virtual void SetCertificateExpiry(absl::Time expires) = 0;
  // When the newest witnessed head of the audit log was cosigned; never where no witness is
  // registered.
  virtual void SetWitnessed(absl::Time witnessed) = 0;
};

// `listen` is "host:port" of the Prometheus endpoint, or empty for none. Fails when it cannot be
// bound.
absl::StatusOr<std::unique_ptr<Metrics>> MakeMetrics(absl::string_view listen);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_METRICS_H_
