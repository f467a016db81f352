// File: readiness.h
//
// Whether services answer: the standard health check (grpc.health.v1) over mutual TLS, and whether
// each has caught up with the events of the others.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_READINESS_H_
#define TRUSTHUB_DEPLOY_HUBCTL_READINESS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/config/config.h"
#include "common/rpc/channel.h"
#include "deploy/hubctl/hub_folder.h"

namespace trusthub::hubctl {

// OK when the service at `address` says SERVING within `limit`; UNAVAILABLE saying what is wrong.
absl::Status CheckServing(const std::string& address, const rpc::TlsFiles& tls,
                          absl::Duration limit);
// Of the service of this configuration, with its own certificate, on this machine.
absl::Status CheckServing(const config::Config& config, absl::Duration limit);
// Of a service of the hub.
absl::Status CheckServing(const Hub& hub, const std::string& service, absl::Duration limit);

// OK when the service serves and knows what the other services told so far.
absl::Status CheckFresh(const Hub& hub, const std::string& service);

// Number of the process of a service, as run/<service>.pid says; empty when the file is missing or
// the process is gone.
std::string ProcessOf(const Hub& hub, absl::string_view service);

// Waits until all services are fresh; UNAVAILABLE naming the first that is not after `limit`, or
// whose process has ended, and its log.
absl::Status WaitUntilFresh(const Hub& hub, absl::Duration limit);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_READINESS_H_
