// File: metadata.h
//
// Names of the metadata that calls carry, once for servers and clients.
#ifndef TRUSTHUB_COMMON_RPC_METADATA_H_
#define TRUSTHUB_COMMON_RPC_METADATA_H_

namespace trusthub::rpc::metadata {

inline constexpr char kAuthorization[] = "authorization";
inline constexpr char kPurpose[] = "x-trusthub-purpose";
inline constexpr char kCaseReference[] = "x-trusthub-case-reference";
inline constexpr char kUserCertificate[] = "x-trusthub-user-certificate";
// W3C trace context: "00-{32 hex trace id}-{16 hex span id}-{2 hex flags}".
inline constexpr char kTraceParent[] = "traceparent";

}  // namespace trusthub::rpc::metadata

#endif  // TRUSTHUB_COMMON_RPC_METADATA_H_
