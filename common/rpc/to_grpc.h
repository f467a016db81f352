// File: to_grpc.h
//
// The only maker of grpc::Status.
#ifndef TRUSTHUB_COMMON_RPC_TO_GRPC_H_
#define TRUSTHUB_COMMON_RPC_TO_GRPC_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace trusthub::rpc {

grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_TO_GRPC_H_
