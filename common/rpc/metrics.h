// File: metrics.h
//
// Counts and durations of calls, by method and by gRPC code, and of refusals, by the reason that
// the caller was told; nothing else labels a metric. So none carries an id, none tells a category
// or a record kind, and none says more of a refusal than its answer did: a worker who must not see
// a child counts as RECORD_NOT_FOUND. Served as Prometheus text where configured.
//
// Every series is there from the start, at nothing: that a method was ever called is not to be read
// from which series there are. How often each was called an operator does learn, also of methods
// for records whose existence is secret: that designated officers record allegations stands in the
// agreements, the count names no child, no agency and no worker, and a service whose calls fail
// unseen would hurt children. Whoever may not even know so much must not be given the endpoint.
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
  // Serves the series of `method` from now on. The name lives as long as calls are counted.
  virtual void Announce(absl::string_view method) = 0;
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
  // How long ago `source` last said that its events are complete; infinite before the first time.
  virtual void SetProjectionAge(absl::string_view source, absl::Duration age) = 0;
};

// `listen` is "host:port" of the Prometheus endpoint, or empty for none. Fails when it cannot be
// bound.
absl::StatusOr<std::unique_ptr<Metrics>> MakeMetrics(absl::string_view listen);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_METRICS_H_
