#include "common/rpc/listener.h"

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/rpc/reflection.h"
#include "common/time/clock.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace trusthub::rpc {
namespace {

constexpr unsigned kCertificateRefreshSeconds = 1;
constexpr std::size_t kServerMemoryBytes = 512UL * 1024 * 1024;

std::shared_ptr<grpc::ServerCredentials> Credentials(const config::Config& config) {
  const auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      config.key, config.certificate, config.client_ca, kCertificateRefreshSeconds);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  // The default does not even ask for a certificate.
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

// Values and reasons: reliability_security.md 4.2.
void SetLimits(grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(limits::kRequestBytesMax);
  builder->SetMaxSendMessageSize(4 * limits::kResponseBytesMax);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits::kConcurrentStreamsMax);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, limits::kMetadataBytesMax);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 300'000);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 600'000);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 30'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 30'000);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2);
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder->AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  grpc::ResourceQuota quota("trusthub");
  quota.Resize(kServerMemoryBytes);
  quota.SetMaxThreads(64);
  builder->SetResourceQuota(quota);
}

absl::Status WritePort(const std::string& path, int port) {
  const std::string partial = path + ".new";
  std::ofstream file(partial);
  file << port << "\n";
  file.close();
  std::error_code error;
  std::filesystem::rename(partial, path, error);
  if (!file || error) return absl::UnavailableError(absl::StrCat("port_file: cannot write ", path));
  return absl::OkStatus();
}

class GrpcListener final : public Listener {
 public:
  absl::Status Init(const config::Config& config, grpc::Service* service) {
    grpc::EnableDefaultHealthCheckService(true);
    if (config.reflection) EnableReflection();
    grpc::ServerBuilder builder;
    SetLimits(&builder);
    builder.AddListeningPort(config.listen, Credentials(config), &port_);
    builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::UnavailableError(absl::StrCat("listen: cannot listen on ", config.listen,
                                                 "; is another process on this port?"));
    }
    SetServing(false);
    if (!config.port_file.empty()) TRUSTHUB_RETURN_IF_ERROR(WritePort(config.port_file, port_));
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  void SetServing(bool serving) override {
    if (server_ != nullptr) server_->GetHealthCheckService()->SetServingStatus(serving);
  }
  void Shutdown(absl::Duration limit) override {
    if (server_ == nullptr) return;
    server_->Shutdown(absl::ToChronoTime(RealClock().Now() + limit));
    server_->Wait();
  }

 private:
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Start(const config::Config& config,
                                                          grpc::Service* service) {
  auto listener = std::make_unique<GrpcListener>();
  TRUSTHUB_RETURN_IF_ERROR(listener->Init(config, service));
  return listener;
}

}  // namespace trusthub::rpc
