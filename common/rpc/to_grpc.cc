#include "common/rpc/to_grpc.h"

#include "common/error/error.h"

namespace trusthub::rpc {

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), error::PublicMessage(status),
                      error::WireDetails(status));
}

absl::Status FromGrpc(const grpc::Status& status) {
  return error::FromWire(static_cast<int>(status.error_code()), status.error_message(),
                         status.error_details());
}

}  // namespace trusthub::rpc
