// File: listener.h
//
// The gRPC server of a process: TLS with client certificates, limits, health, and reflection where
// the sandbox asks for it.
#ifndef TRUSTHUB_COMMON_RPC_LISTENER_H_
#define TRUSTHUB_COMMON_RPC_LISTENER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/config/config.h"
#include "common/rpc/tls_source.h"
#include "grpcpp/impl/service_type.h"

namespace trusthub::rpc {

class Listener {
 public:
  // Binds config.listen and takes calls for `service`, which outlives the listener. New connections
  // use the newest version of `tls`; open ones go on as they are.
  static absl::StatusOr<std::unique_ptr<Listener>> Start(const config::Config& config,
                                                         std::shared_ptr<TlsSource> tls,
                                                         grpc::Service* service);
  virtual ~Listener() = default;
  virtual int port() const = 0;
  // What every health check says, the one without a name and those named until now.
  virtual void SetServing(bool serving) = 0;
  // What the check of this name says; until then, that it does not know the name.
  virtual void SetServing(const std::string& name, bool serving) = 0;
  // Takes no new connections; returns when the last call ended or `limit` passed.
  virtual void Shutdown(absl::Duration limit) = 0;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_LISTENER_H_
