// File: allegations.h
//
// Allegations against people who work with children, kept by the designated officer. That there is
// one is secret: nothing is emitted, no other record names one, and who reads it is policy's to
// say.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_ALLEGATIONS_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_ALLEGATIONS_H_

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "trusthub/assessments/v1/allegations_service.pb.h"

namespace trusthub::assessments {

// Stateless; thread-safe.
class Allegations {
 public:
  // DATE_FORBIDDEN when it lies too far ahead. The record is the caller's agency's.
  absl::StatusOr<v1::RecordAllegationResponse> RecordAllegation(
      rpc::Call& call, const v1::RecordAllegationRequest& request);
  absl::StatusOr<v1::GetAllegationResponse> GetAllegation(rpc::Call& call,
                                                          const v1::GetAllegationRequest& request);
  // Of one child, oldest first.
  absl::StatusOr<v1::ListAllegationsResponse> ListAllegations(
      rpc::Call& call, const v1::ListAllegationsRequest& request);
};

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_ALLEGATIONS_H_
