// File: channel.h
//
// The client side: TLS channels to services, typed calls without generated stubs, streams. The SDK
// of partner systems in C++, hubctl and service-to-service calls all stand on it.
//
//   rpc::Client client({.addresses = {{"referrals", "hub.example:7403"}}, .tls = {...}});
//   auto answer = client.Call<GetReferralResponse>(request, {.token = token,
//       .purpose = "screening", .case_reference = "CPAT-17"});
//
// Errors come back as absl::Status with the hub's details: error::ReasonOf, error::Explain.
#ifndef TRUSTHUB_COMMON_RPC_CHANNEL_H_
#define TRUSTHUB_COMMON_RPC_CHANNEL_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/events/projections.h"
#include "common/rpc/services.h"
#include "google/protobuf/message.h"

namespace trusthub::rpc {

struct TlsFiles {
  std::string certificate;  // PEM chain, leaf first; read again when it changes
  std::string key;
  std::string server_ca;  // what servers are checked against, with their host name
};

// An answer as it came, which its receipt covers byte by byte (common/audit/RECEIPT.md).
struct ReceivedAnswer {
  std::string method;  // "/trusthub.referrals.v1.ReferralsService/GetReferral"
  std::string bytes;
};

// What a call says of itself.
struct CallContext {
  std::string token;           // user token; empty for the hub's own services
  std::string purpose;         // e.g. "unscheduled_care"
  std::string case_reference;  // e.g. "ED-2010-0311"
  absl::Duration timeout = absl::Seconds(10);
  std::string trace_id;          // 32 hex digits; made when empty
  std::string user_certificate;  // base64url thumbprint; only the hub's services may send it
  std::string service;  // for methods that every service has; empty: from the request's type
  ReceivedAnswer* received = nullptr;  // unless null, filled by a call that was answered
};

// Thread-safe. Channels are made on first use and shared. Calls of a service with several replicas
// go to one after the other of those that are connected; one that a replica could not take goes to
// the next, which is safe for every method: what changes something carries a request_id.
class Client {
 public:
  struct Options {
    // Service -> host:port, or several of them with commas between: its replicas.
    std::map<std::string, std::string> addresses;
    TlsFiles tls;
  };
  explicit Client(Options options);
  ~Client();

  template <class Response>
  absl::StatusOr<Response> Call(const google::protobuf::Message& request,
                                const CallContext& context) {
    Response response;
    TRUSTHUB_RETURN_IF_ERROR(Call(request, context, &response));
    return response;
  }
  // Calls the method whose request type is `request`'s and waits for its answer.
  absl::Status Call(const google::protobuf::Message& request, const CallContext& context,
                    google::protobuf::Message* response);

  // Streams events of `service` until `on_response` returns false, `cancelled` turns true (looked
  // at on each answer) or the stream breaks. The context's timeout does not apply.
  class Stream {
   public:
    virtual ~Stream() = default;
    // The next answer; OUT_OF_RANGE-free end: an error status says why the stream ended.
    virtual absl::Status Read(events::v1::WatchResponse* response) = 0;
    // Whether an answer has arrived that Read gives without waiting.
    virtual bool HasArrived() = 0;
    virtual void Cancel() = 0;  // from any thread
  };
  absl::StatusOr<std::unique_ptr<Stream>> Watch(absl::string_view service,
                                                const events::v1::WatchRequest& request,
                                                const CallContext& context);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Calls on a user's behalf; see services.h. `client` uses the service's own certificate.
std::unique_ptr<Services> MakeServices(std::shared_ptr<Client> client);

// A projection's source: Watch of `service` with the service's own certificate.
std::unique_ptr<events::EventSource> MakeEventSource(std::shared_ptr<Client> client,
                                                     absl::string_view service);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_CHANNEL_H_
