#include "deploy/hubctl/readiness.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/time/clock.h"
#include "deploy/hubctl/settle.h"
#include "deploy/hubctl/text_file.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/client_unary_call.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/byte_buffer.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/directory/v1/directory_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::hubctl {
namespace {

constexpr absl::Duration kProbeLimit = absl::Seconds(2);
// Who asks whether services are fresh: a social worker, about a record that does not exist.
constexpr char kProber[] = "lbr-sw-01";

// A grpc.health.v1.HealthCheckResponse with status = SERVING, on the wire: field 1, varint, 1.
constexpr char kServing[] = "\x08\x01";

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

template <class Request, class Response>
absl::Status AskForNothing(Desk& desk, absl::string_view collection) {
  Request request;
  request.set_name(absl::StrCat(collection, "/", RandomId()));
  return desk.Call<Response>(request, "child_protection_enquiry", "readiness").status();
}

absl::Status Ask(Desk& desk, absl::string_view service) {
  if (service == "directory") {
    directory::v1::ListAgenciesRequest request;
    return desk
        .Call<directory::v1::ListAgenciesResponse>(request, "child_protection_enquiry", "readiness")
        .status();
  }
  if (service == "children") {
    return AskForNothing<children::v1::GetChildRequest, children::v1::GetChildResponse>(desk,
                                                                                        "children");
  }
  if (service == "referrals") {
    return AskForNothing<referrals::v1::GetReferralRequest, referrals::v1::GetReferralResponse>(
        desk, "referrals");
  }
  if (service == "assessments") {
    return AskForNothing<assessments::v1::GetEnquiryRequest, assessments::v1::GetEnquiryResponse>(
        desk, "enquiries");
  }
  if (service == "plans") {
    plans::v1::GetPlanRequest request;
    request.set_name(absl::StrCat("plans/", RandomId()));
    return desk.Call<plans::v1::GetPlanResponse>(request, "child_protection_planning", "readiness")
        .status();
  }
  return AskForNothing<health::v1::GetAttendanceRequest, health::v1::GetAttendanceResponse>(
      desk, "attendances");
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

}  // namespace

absl::Status CheckServing(const std::string& address, const rpc::TlsFiles& tls,
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
  const grpc::Slice nothing;
  grpc::ByteBuffer answer;
  const auto status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      channel.get(), method, &context, grpc::ByteBuffer(&nothing, 1), &answer);
  if (!status.ok()) {
    return absl::UnavailableError(
        absl::StrCat("nothing healthy answers at ", address, ": ", status.error_message()));
  }
  if (BytesOf(answer) != kServing) {
    return absl::UnavailableError(absl::StrCat("the service at ", address, " is not serving"));
  }
  return absl::OkStatus();
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
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub.DeskOf(kProber));
  const absl::Status status = Ask(*desk, service);
  // That a record is not there is said only by those who know.
  if (error::ReasonOf(status) == errors::v1::ERROR_REASON_RECORD_NOT_FOUND) return absl::OkStatus();
  return status;
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
