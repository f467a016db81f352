// File: health_records.h
//
// Health plans, assessments and care that others may need to know of in part: a line for the
// agencies that work with the child, what a school must do, the clinical content.
#ifndef TRUSTHUB_SERVICES_HEALTH_HEALTH_RECORDS_H_
#define TRUSTHUB_SERVICES_HEALTH_HEALTH_RECORDS_H_

#include "absl/status/statusor.h"
#include "common/rpc/call.h"
#include "trusthub/health/v1/health_records_service.pb.h"

namespace trusthub::health {

// Thread-safe: holds nothing.
class HealthRecords {
 public:
  // REQUEST_INVALID for a day of care that is not whole or lies ahead; DATE_FORBIDDEN for a time
  // too far ahead.
  absl::StatusOr<v1::AddHealthRecordResponse> AddHealthRecord(
      rpc::Call& call, const v1::AddHealthRecordRequest& request);
  absl::StatusOr<v1::GetHealthRecordResponse> GetHealthRecord(
      rpc::Call& call, const v1::GetHealthRecordRequest& request);
  // Oldest first.
  absl::StatusOr<v1::ListHealthRecordsResponse> ListHealthRecords(
      rpc::Call& call, const v1::ListHealthRecordsRequest& request);
};

}  // namespace trusthub::health

#endif  // TRUSTHUB_SERVICES_HEALTH_HEALTH_RECORDS_H_
