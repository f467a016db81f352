#include "services/health/health_records.h"

#include <cstdint>

#include "common/base/status_macros.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/health/care_date.h"

namespace trusthub::health {

absl::StatusOr<v1::AddHealthRecordResponse> HealthRecords::AddHealthRecord(
    rpc::Call& call, const v1::AddHealthRecordRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(CheckCareDate("health_record.care_date",
                                         request.health_record().care_date(), LondonDay(call.now)));
  v1::AddHealthRecordResponse response;
  v1::HealthRecord& record = *response.mutable_health_record();
  record = request.health_record();
  TRUSTHUB_RETURN_IF_ERROR(rpc::SettleOccurrence(call, &record).status());
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(&record, call.caller.agency, call.caller.agency));
  return response;
}

absl::StatusOr<v1::GetHealthRecordResponse> HealthRecords::GetHealthRecord(
    rpc::Call& call, const v1::GetHealthRecordRequest& request) {
  v1::GetHealthRecordResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_health_record(),
                            call.tx.Get<v1::HealthRecord>(request.name()));
  return response;
}

absl::StatusOr<v1::ListHealthRecordsResponse> HealthRecords::ListHealthRecords(
    rpc::Call& call, const v1::ListHealthRecordsRequest& request) {
  v1::ListHealthRecordsResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::HealthRecord>(
      call, request,
      [&](std::int64_t after, int size) {
        return call.tx.ListByChild<v1::HealthRecord>(request.child(), after, size);
      },
      response.mutable_health_records(), response.mutable_next_page_token()));
  return response;
}

}  // namespace trusthub::health
