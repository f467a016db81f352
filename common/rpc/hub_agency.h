// File: hub_agency.h
//
// The agency that the hub itself is: it owns what belongs to no agency.
#ifndef TRUSTHUB_COMMON_RPC_HUB_AGENCY_H_
#define TRUSTHUB_COMMON_RPC_HUB_AGENCY_H_

namespace trusthub::rpc {

inline constexpr char kHubAgency[] = "agencies/trust-hub";

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_HUB_AGENCY_H_
