// File: print.h
//
// The only way to print a message: a keep-list. Only fields of category OPERATIONAL that identify
// nobody are printed; everything else, unknown fields included, is not. DebugString is banned.
#ifndef TRUSTHUB_COMMON_PROTO_PRINT_H_
#define TRUSTHUB_COMMON_PROTO_PRINT_H_

#include <string>

#include "google/protobuf/message.h"

namespace trusthub::proto {

std::string PrintOperational(const google::protobuf::Message& message);

}  // namespace trusthub::proto

#endif  // TRUSTHUB_COMMON_PROTO_PRINT_H_
