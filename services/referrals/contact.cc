#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "services/referrals/grading.h"
#include "services/referrals/receiving_council.h"
#include "services/referrals/referrals.h"

namespace trusthub::referrals {

absl::StatusOr<v1::SubmitContactResponse> Referrals::SubmitContact(
    rpc::Call& call, const v1::SubmitContactRequest& request) {
  if (const std::vector<error::Violation> wrong = GradingViolations(request.contact());
      !wrong.empty()) {
    return error::RequestInvalid(wrong);
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckReceivingCouncil(call.tx, request.to_agency()));
  v1::SubmitContactResponse response;
  v1::Contact* contact = response.mutable_contact();
  *contact = request.contact();
  TRUSTHUB_RETURN_IF_ERROR(rpc::SettleOccurrence(call, contact).status());
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(contact, request.to_agency(), call.caller.agency));

  events::v1::Event event;
  event.set_kind(events::v1::EVENT_KIND_CONTACT_SUBMITTED);
  event.set_child(contact->child());
  event.set_record(contact->name());
  event.set_owner_agency(contact->owner_agency());
  event.set_author_agency(call.caller.agency);
  *event.mutable_occurred_at() = contact->occurred_at();
  TRUSTHUB_RETURN_IF_ERROR(events::EmitAndApply(call.tx, event));
  return response;
}

absl::StatusOr<v1::GetContactResponse> Referrals::GetContact(rpc::Call& call,
                                                             const v1::GetContactRequest& request) {
  v1::GetContactResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_contact(), call.tx.Get<v1::Contact>(request.name()));
  return response;
}

}  // namespace trusthub::referrals
