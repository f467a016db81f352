// File: attendances.h
//
// Attendances of children in unscheduled care. Registering one is how a nurse learns tonight that
// the child has a plan (domain.md 5 and scenario 2): the answer carries the flag, whoever leads the
// plan and whom to ring, and nothing of the plan itself.
#ifndef TRUSTHUB_SERVICES_HEALTH_ATTENDANCES_H_
#define TRUSTHUB_SERVICES_HEALTH_ATTENDANCES_H_

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "common/rpc/services.h"
#include "trusthub/health/v1/health_service.pb.h"

namespace trusthub::health {

// Thread-safe when `services` is.
class Attendances {
 public:
  // `services` reaches the children service and outlives this.
  explicit Attendances(rpc::Services* services) : services_(services) {}

  // Asks the children service about the NHS number on the user's behalf; when it does not answer or
  // refuses, its error goes through and nothing is recorded. A child whom the hub does not know is
  // attended all the same, without flags. RECORD_EXISTS when the agency registered that
  // attendance_id before; DATE_FORBIDDEN for a time too far ahead.
  absl::StatusOr<v1::RegisterAttendanceResponse> RegisterAttendance(
      rpc::Call& call, const v1::RegisterAttendanceRequest& request);
  absl::StatusOr<v1::GetAttendanceResponse> GetAttendance(rpc::Call& call,
                                                          const v1::GetAttendanceRequest& request);
  // Oldest first.
  absl::StatusOr<v1::ListAttendancesResponse> ListAttendances(
      rpc::Call& call, const v1::ListAttendancesRequest& request);

 private:
  rpc::Services* services_;
};

}  // namespace trusthub::health

#endif  // TRUSTHUB_SERVICES_HEALTH_ATTENDANCES_H_
