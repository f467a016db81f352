#include "deploy/hubctl/readiness.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/rpc/projection_watch.h"
#include "common/time/clock.h"
#include "deploy/hubctl/settle.h"
#include "deploy/hubctl/text_file.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/client_unary_call.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/byte_buffer.h"

namespace trusthub::hubctl {
namespace {

constexpr absl::Duration kProbeLimit = absl::Seconds(2);

// A grpc.health.v1.HealthCheckResponse with status = SERVING, on the wire: field 1, varint, 1.
constexpr char kServing[] = "\x08\x01";

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

// A grpc.health.v1.HealthCheckRequest: field 1, the name's length, the name; empty for no name.
grpc::ByteBuffer RequestFor(absl::string_view name) {
  std::string bytes;
  if (!name.empty())
    bytes = absl::StrCat("\x0a", std::string(1, static_cast<char>(name.size())), name);
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string PidFileOf(const Hub& hub, absl::string_view service) {
  return absl::StrCat(hub.folder(), "/run/", service, ".pid");
}

// Whether it was started on this machine and is gone. Without a file it may run elsewhere.
bool HasDied(const Hub& hub, absl::string_view service) {
  std::error_code ignored;
  return std::filesystem::exists(PidFileOf(hub, service), ignored) &&
         ProcessOf(hub, service).empty();
}

// Fails when the check of `name` at `address` says anything but SERVING.
absl::Status Check(const std::string& address, const rpc::TlsFiles& tls, absl::string_view name,
                   absl::Duration limit) {
  grpc::SslCredentialsOptions keys;
  TRUSTHUB_ASSIGN_OR_RETURN(keys.pem_root_certs, ReadTextFile(tls.server_ca));
  TRUSTHUB_ASSIGN_OR_RETURN(keys.pem_cert_chain, ReadTextFile(tls.certificate));
  TRUSTHUB_ASSIGN_OR_RETURN(keys.pem_private_key, ReadTextFile(tls.key));
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(address, grpc::SslCredentials(keys), args);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(RealClock().Now() + limit));
  const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Check",
                                         grpc::internal::RpcMethod::NORMAL_RPC);
  grpc::ByteBuffer answer;
  const auto status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      channel.get(), method, &context, RequestFor(name), &answer);
  if (!status.ok()) {
    return absl::UnavailableError(
        absl::StrCat("nothing healthy answers at ", address, ": ", status.error_message()));
  }
  if (BytesOf(answer) == kServing) return absl::OkStatus();
  if (name == rpc::kProjectionsHealth) {
    return absl::UnavailableError(absl::StrCat("the service at ", address,
                                               " has not caught up with the events of the others"));
  }
  return absl::UnavailableError(absl::StrCat("the service at ", address, " is not serving"));
}

}  // namespace

absl::Status CheckServing(const std::string& address, const rpc::TlsFiles& tls,
                          absl::Duration limit) {
  return Check(address, tls, "", limit);
}

absl::Status CheckServing(const config::Config& config, absl::Duration limit) {
  const std::pair<std::string, std::string> listen = absl::StrSplit(config.listen, ':');
  std::string host = listen.first == "0.0.0.0" ? "127.0.0.1" : listen.first;
  std::string port = listen.second;
  if (port == "0") {
    if (config.port_file.empty()) {
      return absl::FailedPreconditionError("listen has port 0: set port_file to find the service");
    }
    TRUSTHUB_ASSIGN_OR_RETURN(port, ReadTextFile(config.port_file));
    port.erase(port.find_last_not_of('\n') + 1);
  }
  return CheckServing(absl::StrCat(host, ":", port),
                      {config.certificate, config.key, config.server_ca}, limit);
}

absl::Status CheckServing(const Hub& hub, const std::string& service, absl::Duration limit) {
  return CheckServing(hub.addresses().at(service), hub.TlsOf("agencies/trust-hub"), limit);
}

absl::Status CheckFresh(const Hub& hub, const std::string& service) {
  TRUSTHUB_RETURN_IF_ERROR(CheckServing(hub, service, kProbeLimit));
  return Check(hub.addresses().at(service), hub.TlsOf("agencies/trust-hub"),
               rpc::kProjectionsHealth, kProbeLimit);
}

std::string ProcessOf(const Hub& hub, absl::string_view service) {
  const absl::StatusOr<std::string> pid = ReadTextFile(PidFileOf(hub, service));
  if (!pid.ok()) return "";
  const std::string number(absl::StripSuffix(*pid, "\n"));
  std::error_code ignored;
  return std::filesystem::exists(absl::StrCat("/proc/", number), ignored) ? number : "";
}

absl::Status WaitUntilFresh(const Hub& hub, absl::Duration limit) {
  const absl::Duration end = MonotonicNow() + limit;
  for (const char* service : kServices) {
    const auto again = [&](const absl::Status& status) {
      return MayStillArrive(status) && !HasDied(hub, service);
    };
    const absl::Status status = Settle(
        end - MonotonicNow(), [&] { return CheckFresh(hub, service); }, again);
    if (status.ok()) continue;
    return absl::UnavailableError(absl::StrCat(
        "the ", service, " service ", HasDied(hub, service) ? "has ended" : "is not ready", ": ",
        std::string(status.message()), "; see ", hub.folder(), "/log/", service, ".log"));
  }
  return absl::OkStatus();
}

}  // namespace trusthub::hubctl
