// File: byte_buffer.h
//
// gRPC's buffers as strings, and back without a copy.
#ifndef TRUSTHUB_COMMON_RPC_BYTE_BUFFER_H_
#define TRUSTHUB_COMMON_RPC_BYTE_BUFFER_H_

#include <string>

#include "grpcpp/support/byte_buffer.h"

namespace trusthub::rpc {

// Of a buffer that cannot be read, bytes that no message parses from.
std::string BytesOf(const grpc::ByteBuffer& buffer);
grpc::ByteBuffer BufferOf(std::string bytes);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_BYTE_BUFFER_H_
