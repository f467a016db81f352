#include "common/rpc/listener.h"

#include <deque>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/rpc/reflection.h"
#include "common/time/clock.h"
#include "grpc/grpc.h"
#include "grpc/grpc_security.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace trusthub::rpc {
namespace {

constexpr std::size_t kServerMemoryBytes = 512UL * 1024 * 1024;

// Where gRPC fetches what the next handshake uses. Handshakes may go on a moment after their server
// is gone, so doors stay; a closed one holds nothing.
class TlsDoor {
 public:
  static TlsDoor* Open(std::shared_ptr<TlsSource> tls) {
    static Mutex mutex;
    static auto& doors = *new std::deque<TlsDoor>;
    MutexLock lock(mutex);
    TlsDoor& door = doors.emplace_back();
    MutexLock of_door(door.mutex_);
    door.tls_ = std::move(tls);
    return &door;
  }

  void Close() {
    MutexLock lock(mutex_);
    tls_.reset();
  }

  static grpc_ssl_certificate_config_reload_status Fetch(
      void* door, grpc_ssl_server_certificate_config** config) {
    return static_cast<TlsDoor*>(door)->Fetch(config);
  }

 private:
  grpc_ssl_certificate_config_reload_status Fetch(grpc_ssl_server_certificate_config** config) {
    MutexLock lock(mutex_);
    if (tls_ == nullptr) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL;
    const std::shared_ptr<const TlsTexts> texts = tls_->Current();
    if (texts->version == given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair{texts->key.c_str(), texts->certificates.c_str()};
    *config = grpc_ssl_server_certificate_config_create(texts->authorities.c_str(), &pair, 1);
    given_ = texts->version;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  Mutex mutex_;
  std::shared_ptr<TlsSource> tls_ ABSL_GUARDED_BY(mutex_);
  std::int64_t given_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Asks the source at each handshake. gRPC's own watcher of files takes over whatever it finds, and
// a key that does not fit its certificate then ends every handshake until it is mended.
class ReloadingCredentials final : public grpc::ServerCredentials {
 public:
  explicit ReloadingCredentials(TlsDoor* door)
      : credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, &TlsDoor::Fetch,
                door))) {}
  ~ReloadingCredentials() override { grpc_server_credentials_release(credentials_); }
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  grpc_server_credentials* const credentials_;
};

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
  explicit GrpcListener(std::shared_ptr<TlsSource> tls) : door_(TlsDoor::Open(std::move(tls))) {}
  ~GrpcListener() override {
    server_.reset();
    door_->Close();
  }

  absl::Status Init(const config::Config& config, grpc::Service* service) {
    grpc::EnableDefaultHealthCheckService(true);
    if (config.reflection) EnableReflection();
    grpc::ServerBuilder builder;
    SetLimits(&builder);
    builder.AddListeningPort(config.listen, std::make_shared<ReloadingCredentials>(door_), &port_);
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
  void SetServing(const std::string& name, bool serving) override {
    if (server_ != nullptr) server_->GetHealthCheckService()->SetServingStatus(name, serving);
  }
  void Shutdown(absl::Duration limit) override {
    if (server_ == nullptr) return;
    server_->Shutdown(absl::ToChronoTime(RealClock().Now() + limit));
    server_->Wait();
  }

 private:
  TlsDoor* const door_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Start(const config::Config& config,
                                                          std::shared_ptr<TlsSource> tls,
                                                          grpc::Service* service) {
  auto listener = std::make_unique<GrpcListener>(std::move(tls));
  TRUSTHUB_RETURN_IF_ERROR(listener->Init(config, service));
  return listener;
}

}  // namespace trusthub::rpc
