// File: record_types.h
//
// The record messages that the answers of a service can hold, by their kind: what a record that is
// found in the store without its type can be read as.
#ifndef TRUSTHUB_COMMON_RPC_RECORD_TYPES_H_
#define TRUSTHUB_COMMON_RPC_RECORD_TYPES_H_

#include <map>
#include <vector>

#include "common/rpc/routes.h"
#include "google/protobuf/message.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::rpc {

// Prototypes; they live as long as the process.
using RecordTypes = std::map<options::v1::RecordKind, const google::protobuf::Message*>;

RecordTypes RecordTypesOf(const std::vector<Routes>& routes);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_RECORD_TYPES_H_
