// File: front.h
//
// The gRPC side of the path: a grpc::Service made from a MethodTable. Messages cross as bytes, so
// that parsing, and the answer to what does not parse, belong to the pipeline; no generated service
// code is compiled (BUILD.md, decision 2).
#ifndef TRUSTHUB_COMMON_RPC_FRONT_H_
#define TRUSTHUB_COMMON_RPC_FRONT_H_

#include <memory>
#include <string>

#include "common/rpc/method_table.h"
#include "common/rpc/pipeline.h"
#include "common/rpc/watch.h"
#include "grpcpp/impl/service_type.h"
#include "grpcpp/server_context.h"

namespace trusthub::rpc {

// What a call's context holds, as the pipeline wants it. Views live as long as `context`; the
// returned Incoming keeps the auth context alive.
std::unique_ptr<Incoming> ReadContext(const Method& method,
                                      const grpc::CallbackServerContext& context);

class Front final : public grpc::Service {
 public:
  // All outlive the front.
  Front(const MethodTable& methods, Pipeline* pipeline, WatchHub* watches);
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_FRONT_H_
