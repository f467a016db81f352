#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/referrals/decision.h"
#include "services/referrals/receiving_council.h"
#include "services/referrals/referrals.h"

namespace trusthub::referrals {
namespace {

// What crosses to other services: who told whom when, and the decision. Never the concern.
absl::Status EmitReferral(rpc::Call& call, events::v1::EventKind kind,
                          const google::protobuf::Timestamp& occurred_at,
                          const v1::Referral& referral) {
  events::v1::Event event;
  event.set_kind(kind);
  event.set_child(referral.child());
  event.set_record(referral.name());
  event.set_owner_agency(referral.owner_agency());
  event.set_author_agency(call.caller.agency);
  *event.mutable_occurred_at() = occurred_at;
  events::v1::ReferralFact* fact = event.mutable_referral();
  fact->set_to_agency(referral.owner_agency());
  fact->set_from_agency(referral.author_agency());
  *fact->mutable_receive_time() = referral.occurred_at();
  fact->set_decision(DecisionName(referral.decision()));
  fact->set_child(referral.child());
  return events::EmitAndApply(call.tx, event);
}

}  // namespace

Referrals::Referrals(std::shared_ptr<const timescales::Rules> rules) : rules_(std::move(rules)) {}

absl::StatusOr<v1::SubmitReferralResponse> Referrals::SubmitReferral(
    rpc::Call& call, const v1::SubmitReferralRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(CheckReceivingCouncil(call.tx, request.to_agency()));
  v1::SubmitReferralResponse response;
  v1::Referral* referral = response.mutable_referral();
  *referral = request.referral();
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Time received, rpc::SettleOccurrence(call, referral));
  TRUSTHUB_ASSIGN_OR_RETURN(const timescales::Deadline deadline,
                            rpc::DeadlineFor(*rules_, "REF.DECIDE", LondonDay(received)));
  referral->set_state(v1::REFERRAL_STATE_RECEIVED);
  referral->set_referrer(call.caller.worker);
  *referral->mutable_decision_due_date() = DateToProto(deadline.due);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(referral, request.to_agency(), call.caller.agency));
  TRUSTHUB_RETURN_IF_ERROR(EmitReferral(call, events::v1::EVENT_KIND_REFERRAL_SUBMITTED,
                                        referral->occurred_at(), *referral));
  return response;
}

absl::StatusOr<v1::GetReferralResponse> Referrals::GetReferral(
    rpc::Call& call, const v1::GetReferralRequest& request) {
  v1::GetReferralResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_referral(),
                            call.tx.Get<v1::Referral>(request.name()));
  return response;
}

absl::StatusOr<v1::ListReferralsResponse> Referrals::ListReferrals(
    rpc::Call& call, const v1::ListReferralsRequest& request) {
  v1::ListReferralsResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::Referral>(
      call, request,
      [&](std::int64_t after, int size) {
        return call.tx.ListByChild<v1::Referral>(request.child(), after, size);
      },
      response.mutable_referrals(), response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<v1::DecideReferralResponse> Referrals::DecideReferral(
    rpc::Call& call, const v1::DecideReferralRequest& request) {
  v1::DecideReferralResponse response;
  v1::Referral* referral = response.mutable_referral();
  TRUSTHUB_ASSIGN_OR_RETURN(*referral, call.tx.Get<v1::Referral>(request.name()));
  // The referrer may read a referral but not decide it; to everyone but its council it is not
  // there.
  if (referral->owner_agency() != call.caller.agency) return error::RecordNotFound();
  TRUSTHUB_RETURN_IF_ERROR(Decide({.decision = request.decision(),
                                   .decided_by = call.caller.worker,
                                   .rationale = request.rationale(),
                                   .late_reason = request.late_reason(),
                                   .time = call.now},
                                  referral));
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(referral, request.etag()));
  TRUSTHUB_RETURN_IF_ERROR(EmitReferral(call, events::v1::EVENT_KIND_REFERRAL_DECIDED,
                                        referral->decision_time(), *referral));
  return response;
}

}  // namespace trusthub::referrals
