// File: directory.h
//
// Agencies of the Trust and their workers: who may be named in a record, where to ring, and who is
// qualified to do what. Only administrators of the hub itself add entries. Ids are chosen by them
// and stay: other records and certificates name them.
#ifndef TRUSTHUB_SERVICES_DIRECTORY_DIRECTORY_H_
#define TRUSTHUB_SERVICES_DIRECTORY_DIRECTORY_H_

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "trusthub/directory/v1/directory_service.pb.h"

namespace trusthub::directory {

// Agency that runs the hub; its directory administrators keep the directory.
inline constexpr char kHubAgency[] = "agencies/trust-hub";

// Thread-safe: holds no state beside the store.
class Directory {
 public:
  // METHOD_NOT_PERMITTED unless the caller works for kHubAgency. REQUEST_INVALID for a code that is
  // not of its published form, RECORD_EXISTS when the id is taken, BASIS_MISSING when the successor
  // is unknown. Emits AGENCY_CHANGED.
  absl::StatusOr<v1::CreateAgencyResponse> CreateAgency(rpc::Call& call,
                                                        const v1::CreateAgencyRequest& request);
  absl::StatusOr<v1::GetAgencyResponse> GetAgency(rpc::Call& call,
                                                  const v1::GetAgencyRequest& request);
  // In order of creation.
  absl::StatusOr<v1::ListAgenciesResponse> ListAgencies(rpc::Call& call,
                                                        const v1::ListAgenciesRequest& request);

  // METHOD_NOT_PERMITTED unless the caller works for kHubAgency. RECORD_EXISTS when the id is
  // taken, BASIS_MISSING when the agency is unknown, REQUEST_INVALID for a role that no person may
  // have. Emits WORKER_CHANGED.
  absl::StatusOr<v1::CreateWorkerResponse> CreateWorker(rpc::Call& call,
                                                        const v1::CreateWorkerRequest& request);
  // From the day after the last one the worker is refused.
  absl::StatusOr<v1::EndWorkerResponse> EndWorker(rpc::Call& call,
                                                  const v1::EndWorkerRequest& request);
  absl::StatusOr<v1::GetWorkerResponse> GetWorker(rpc::Call& call,
                                                  const v1::GetWorkerRequest& request);
  // Workers of one agency, in order of creation.
  absl::StatusOr<v1::ListWorkersResponse> ListWorkers(rpc::Call& call,
                                                      const v1::ListWorkersRequest& request);
};

}  // namespace trusthub::directory

#endif  // TRUSTHUB_SERVICES_DIRECTORY_DIRECTORY_H_
