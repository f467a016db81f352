// File: reflection.h
//
// gRPC server reflection, for a sandbox only.
#ifndef TRUSTHUB_COMMON_RPC_REFLECTION_H_
#define TRUSTHUB_COMMON_RPC_REFLECTION_H_

namespace trusthub::rpc {

// Serves reflection from every server that is built afterwards in this process. The reflection
// library is loaded here and nowhere else: a production process never maps it.
void EnableReflection();

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_REFLECTION_H_
