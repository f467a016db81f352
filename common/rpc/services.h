// File: services.h
//
// Calls to other services of the hub on a user's behalf: the service's own certificate, the user's
// token as received, the user's certificate thumbprint, purpose, case reference and trace, and what
// is left of the caller's deadline. Never widened: the other service decides for the user.
#ifndef TRUSTHUB_COMMON_RPC_SERVICES_H_
#define TRUSTHUB_COMMON_RPC_SERVICES_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/status_macros.h"
#include "common/rpc/call.h"
#include "google/protobuf/message.h"

namespace trusthub::rpc {

// Thread-safe. Blocks the calling thread, which is the executor's, never gRPC's.
class Services {
 public:
  virtual ~Services() = default;
  // Calls the method whose request type is `request`'s. Errors of the other service come through
  // with their reason; SERVICE_UNAVAILABLE when it did not answer.
  virtual absl::Status Ask(const Call& call, const google::protobuf::Message& request,
                           google::protobuf::Message* response) = 0;

  template <class Response>
  absl::StatusOr<Response> Ask(const Call& call, const google::protobuf::Message& request) {
    Response response;
    TRUSTHUB_RETURN_IF_ERROR(Ask(call, request, &response));
    return response;
  }
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_SERVICES_H_
