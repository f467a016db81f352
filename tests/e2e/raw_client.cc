#include "tests/e2e/raw_client.h"

#include "common/rpc/to_grpc.h"
#include "common/time/clock.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/sync_stream.h"
#include "tests/e2e/health_probe.h"

namespace trusthub::testing {

RawClient::RawClient(const std::string& address, const rpc::TlsFiles& tls)
    : channel_(ChannelTo(address, tls)) {}

RawClient::~RawClient() = default;

absl::Status RawClient::Call(const std::string& path,
                             const std::map<std::string, std::string>& metadata,
                             absl::string_view bytes) const {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(RealClock().Now() + absl::Seconds(10)));
  for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
  const grpc::internal::RpcMethod method(path.c_str(), grpc::internal::RpcMethod::SERVER_STREAMING);
  const grpc::Slice slice(bytes.data(), bytes.size());
  const std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> reader(
      grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(
          channel_.get(), method, &context, grpc::ByteBuffer(&slice, 1)));
  grpc::ByteBuffer answer;
  const bool answered = reader->Read(&answer);
  if (answered) context.TryCancel();
  const absl::Status status = rpc::FromGrpc(reader->Finish());
  return answered ? absl::OkStatus() : status;
}

}  // namespace trusthub::testing
