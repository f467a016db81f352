#include "absl/status/statusor.h"
#include "common/base/status_macros.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "services/assessments/allegations.h"

namespace trusthub::assessments {

absl::StatusOr<v1::RecordAllegationResponse> Allegations::RecordAllegation(
    rpc::Call& call, const v1::RecordAllegationRequest& request) {
  v1::RecordAllegationResponse response;
  v1::Allegation* allegation = response.mutable_allegation();
  *allegation = request.allegation();
  TRUSTHUB_RETURN_IF_ERROR(rpc::SettleOccurrence(call, allegation).status());
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(allegation, call.caller.agency, call.caller.agency));
  return response;
}

absl::StatusOr<v1::GetAllegationResponse> Allegations::GetAllegation(
    rpc::Call& call, const v1::GetAllegationRequest& request) {
  v1::GetAllegationResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_allegation(),
                            call.tx.Get<v1::Allegation>(request.name()));
  return response;
}

absl::StatusOr<v1::ListAllegationsResponse> Allegations::ListAllegations(
    rpc::Call& call, const v1::ListAllegationsRequest& request) {
  v1::ListAllegationsResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::Allegation>(
      call, request,
      [&](std::int64_t after, int size) {
        return call.tx.ListByChild<v1::Allegation>(request.child(), after, size);
      },
      response.mutable_allegations(), response.mutable_next_page_token()));
  return response;
}

}  // namespace trusthub::assessments
