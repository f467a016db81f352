// File: health_probe.h
//
// Asks a service grpc.health.v1 how it is, as a load balancer does: with a certificate and no
// token.
#ifndef TRUSTHUB_TESTS_E2E_HEALTH_PROBE_H_
#define TRUSTHUB_TESTS_E2E_HEALTH_PROBE_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/rpc/channel.h"
#include "grpcpp/channel.h"

namespace trusthub::testing {

enum class Health { kUnreachable, kServing, kNotServing };

// A channel of its own to `address`, which tries again soon after a refused connection.
std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address, const rpc::TlsFiles& tls);

// The answer of Health.Check within `limit`, waiting for a connection.
Health CheckHealth(grpc::Channel& channel, absl::Duration limit);

// Health.Watch: each change of a service's health as it happens.
class HealthStream {
 public:
  explicit HealthStream(std::shared_ptr<grpc::Channel> channel);
  ~HealthStream();
  // The next state; kUnreachable when the stream ended.
  Health Next();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_HEALTH_PROBE_H_
