#include "tests/e2e/health_probe.h"

#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "common/time/clock.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/client_unary_call.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/sync_stream.h"

namespace trusthub::testing {
namespace {

constexpr char kCheck[] = "/grpc.health.v1.Health/Check";
constexpr char kWatch[] = "/grpc.health.v1.Health/Watch";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// HealthCheckResponse has one field, `status = 1`; Debian ships no message class for it.
Health HealthOf(const grpc::ByteBuffer& answer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (answer.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) {
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  return bytes == "\x08\x01" ? Health::kServing : Health::kNotServing;
}

}  // namespace

std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address, const rpc::TlsFiles& tls) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadAll(tls.server_ca);
  options.pem_private_key = ReadAll(tls.key);
  options.pem_cert_chain = ReadAll(tls.certificate);
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  return grpc::CreateCustomChannel(address, grpc::SslCredentials(options), args);
}

Health CheckHealth(grpc::Channel& channel, absl::Duration limit) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(absl::ToChronoTime(RealClock().Now() + limit));
  const grpc::internal::RpcMethod method(kCheck, grpc::internal::RpcMethod::NORMAL_RPC);
  grpc::ByteBuffer answer;
  const grpc::Slice nothing;
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      &channel, method, &context, grpc::ByteBuffer(&nothing, 1), &answer);
  return status.ok() ? HealthOf(answer) : Health::kUnreachable;
}

class HealthStream::Impl {
 public:
  explicit Impl(std::shared_ptr<grpc::Channel> channel)
      : channel_(std::move(channel)), method_(kWatch, grpc::internal::RpcMethod::SERVER_STREAMING) {
    const grpc::Slice nothing;
    context_.set_wait_for_ready(true);
    reader_.reset(grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(
        channel_.get(), method_, &context_, grpc::ByteBuffer(&nothing, 1)));
  }
  ~Impl() {
    context_.TryCancel();
    grpc::ByteBuffer rest;
    while (reader_->Read(&rest)) {
    }
    reader_->Finish();
  }
  Health Next() {
    grpc::ByteBuffer answer;
    return reader_->Read(&answer) ? HealthOf(answer) : Health::kUnreachable;
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  const grpc::internal::RpcMethod method_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> reader_;
};

HealthStream::HealthStream(std::shared_ptr<grpc::Channel> channel)
    : impl_(std::make_unique<Impl>(std::move(channel))) {}
HealthStream::~HealthStream() = default;
Health HealthStream::Next() { return impl_->Next(); }

}  // namespace trusthub::testing
