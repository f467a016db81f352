// File: routes.h
//
// Which handler serves which method. Typed at registration, type-erased behind it: this is the only
// template on the path of a call. Methods are found by their request type (buf's
// RPC_REQUEST_RESPONSE_UNIQUE makes that unambiguous), so no method name is ever spelled.
//
//   rpc::Routes routes(SubmitReferralRequest::descriptor()->file());
//   routes.Add(&Referrals::SubmitReferral, &referrals).Add(&Referrals::GetReferral, &referrals);
//
// A method of the file's service without a route stops the server at start.
#ifndef TRUSTHUB_COMMON_RPC_ROUTES_H_
#define TRUSTHUB_COMMON_RPC_ROUTES_H_

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace trusthub::rpc {

struct Route {
  const google::protobuf::Message* request_prototype;
  const google::protobuf::Message* response_prototype;
  std::function<absl::Status(Call&, const google::protobuf::Message&, google::protobuf::Message*)>
      handler;
};

class Routes {
 public:
  explicit Routes(const google::protobuf::FileDescriptor* service_file) : file_(service_file) {}

  template <class Domain, class Request, class Response>
  Routes& Add(absl::StatusOr<Response> (Domain::*handler)(Call&, const Request&), Domain* domain) {
    routes_.push_back({&Request::default_instance(), &Response::default_instance(),
                       [handler, domain](Call& call, const google::protobuf::Message& request,
                                         google::protobuf::Message* response) -> absl::Status {
                         absl::StatusOr<Response> answer =
                             (domain->*handler)(call, static_cast<const Request&>(request));
                         if (!answer.ok()) return std::move(answer).status();
                         *static_cast<Response*>(response) = *std::move(answer);
                         return absl::OkStatus();
                       }});
    return *this;
  }

  const google::protobuf::FileDescriptor* file() const { return file_; }
  const std::vector<Route>& routes() const { return routes_; }

 private:
  const google::protobuf::FileDescriptor* file_;
  std::vector<Route> routes_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_ROUTES_H_
