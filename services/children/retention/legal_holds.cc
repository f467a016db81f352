#include "services/children/retention/legal_holds.h"

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/children/retention/destructions.h"
#include "services/children/retention/examination.h"

namespace trusthub::children {
namespace {

using retention::v1::LegalHold;

constexpr char kNoun[] = "legal hold";
// A hold that nobody looks at for longer is forgotten, and keeps for ever what should go.
constexpr int kReviewYearsMax = 2;

absl::Status CheckReview(const LegalHold& hold, absl::CivilDay today) {
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay review,
                            rpc::FullDay("legal_hold.review_date", hold.review_date()));
  if (review > today && review <= trusthub::retention::YearsAfter(today, kReviewYearsMax)) {
    return absl::OkStatus();
  }
  return error::RequestInvalid(
      {{"legal_hold.review_date", "must lie ahead, by two years at most"}});
}

}  // namespace

absl::StatusOr<retention::v1::PlaceLegalHoldResponse> LegalHolds::PlaceLegalHold(
    rpc::Call& call, const retention::v1::PlaceLegalHoldRequest& request) {
  retention::v1::PlaceLegalHoldResponse response;
  LegalHold* hold = response.mutable_legal_hold();
  *hold = request.legal_hold();
  TRUSTHUB_RETURN_IF_ERROR(rpc::SettleOccurrence(call, hold).status());
  TRUSTHUB_RETURN_IF_ERROR(CheckReview(*hold, LondonDay(call.now)));
  TRUSTHUB_RETURN_IF_ERROR(ChangeRetention(call.tx, hold->child()));
  TRUSTHUB_ASSIGN_OR_RETURN(const bool ordered, IsOrdered(call.tx, hold->child()));
  if (ordered) return error::StateForbids("destruction", "ORDERED", "held back");
  hold->set_state(retention::v1::LEGAL_HOLD_STATE_IN_FORCE);
  hold->set_placed_by(call.caller.worker);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(hold, call.caller.agency, call.caller.agency));
  return response;
}

absl::StatusOr<retention::v1::ReleaseLegalHoldResponse> LegalHolds::ReleaseLegalHold(
    rpc::Call& call, const retention::v1::ReleaseLegalHoldRequest& request) {
  retention::v1::ReleaseLegalHoldResponse response;
  LegalHold* hold = response.mutable_legal_hold();
  TRUSTHUB_ASSIGN_OR_RETURN(*hold, call.tx.Get<LegalHold>(request.name()));
  if (hold->owner_agency() != call.caller.agency) return error::RecordNotFound();
  if (hold->state() != retention::v1::LEGAL_HOLD_STATE_IN_FORCE) {
    return error::StateForbids(kNoun, "RELEASED", "lifted again");
  }
  hold->set_state(retention::v1::LEGAL_HOLD_STATE_RELEASED);
  hold->set_released_by(call.caller.worker);
  hold->set_release_reason(request.reason());
  *hold->mutable_release_time() = TimeToProto(call.now);
  TRUSTHUB_RETURN_IF_ERROR(ChangeRetention(call.tx, hold->child()));
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(hold, request.etag()));
  return response;
}

absl::StatusOr<retention::v1::ListLegalHoldsResponse> LegalHolds::ListLegalHolds(
    rpc::Call& call, const retention::v1::ListLegalHoldsRequest& request) {
  retention::v1::ListLegalHoldsResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<LegalHold>(
      call, request,
      [&](std::int64_t after, int size) {
        return call.tx.ListByChild<LegalHold>(request.child(), after, size);
      },
      response.mutable_legal_holds(), response.mutable_next_page_token()));
  return response;
}

}  // namespace trusthub::children
