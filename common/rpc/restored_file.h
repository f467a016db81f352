// File: restored_file.h
//
// The file in a service's data folder that says by which restore its store came there, where one
// did. Every cursor into the store's events is bound to it: after a restore other events may stand
// under the numbers of those that are gone, so who was told of them must begin anew.
#ifndef TRUSTHUB_COMMON_RPC_RESTORED_FILE_H_
#define TRUSTHUB_COMMON_RPC_RESTORED_FILE_H_

namespace trusthub::rpc {

inline constexpr char kRestoredFile[] = "restored";

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_RESTORED_FILE_H_
