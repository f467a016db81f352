#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/relations.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/assessments/check_rules.h"
#include "services/assessments/checks.h"
#include "trusthub/assessments/v1/assessment.pb.h"

namespace trusthub::assessments {
namespace {

// Index of checks by child and agency, one entry for each of the two agencies: a list by it knows
// of no others.
constexpr char kPartyIndex[] = "checks/party";

std::string PartyKey(absl::string_view child, absl::string_view agency) {
  return absl::StrCat(child, " ", agency);
}

std::vector<store::IndexKey> PartyKeys(const v1::Check& check, absl::string_view council) {
  return {{kPartyIndex, PartyKey(check.child(), council)},
          {kPartyIndex, PartyKey(check.child(), check.to_agency())}};
}

// Kind of an agency by the directory; "" when it has not been heard of.
absl::StatusOr<std::string> KindOf(store::Transaction& tx, absl::string_view agency) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::AgencyFact> fact,
                            events::AgencyFactOf(tx, agency));
  return fact.has_value() ? fact->kind() : std::string();
}

absl::Status CheckAgencies(rpc::Call& call, const v1::Check& check) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string own_kind, KindOf(call.tx, call.caller.agency));
  if (own_kind != "COUNCIL") return error::MethodNotPermitted("checks.request");
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string kind, KindOf(call.tx, check.to_agency()));
  if (kind.empty() || check.to_agency() == call.caller.agency) {
    return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                             "A council asks another agency of the directory.",
                             "Name the agency that is asked in to_agency.");
  }
  return CheckMayBeAsked(check.kind(), kind);
}

// In the same words for an enquiry that does not exist, is another council's, is about another
// child or was concluded.
absl::Status CheckEnquiryIsLive(rpc::Call& call, const v1::Check& check) {
  if (!RestsOnEnquiry(check.kind())) return absl::OkStatus();
  const absl::StatusOr<v1::Enquiry> enquiry = call.tx.Get<v1::Enquiry>(check.enquiry());
  if (!enquiry.ok() && !absl::IsNotFound(enquiry.status())) return enquiry.status();
  if (enquiry.ok() && enquiry->owner_agency() == call.caller.agency &&
      enquiry->child() == check.child() && enquiry->state() == v1::ENQUIRY_STATE_IN_PROGRESS) {
    return absl::OkStatus();
  }
  return error::RuleBroken(
      errors::v1::ERROR_REASON_BASIS_MISSING,
      "Agencies are called on for a live section 47 enquiry of your council about this child.",
      "Start the enquiry first and name it, or ask for help under section 27.");
}

absl::Status CheckDue(const v1::Check& check, absl::Time now) {
  if (TimeFromProto(check.due_time()) > now) return absl::OkStatus();
  return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN,
                           "A check is due after it was asked.",
                           "Send a due_time in the future that leaves time to look.");
}

// Tells the two agencies, and the services, that the one is asked, or was until it answered.
absl::Status EmitCheck(rpc::Call& call, const google::protobuf::Timestamp& occurred_at,
                       const v1::Check& check) {
  events::v1::Event event;
  event.set_kind(events::v1::EVENT_KIND_CHECK_CHANGED);
  event.set_child(check.child());
  event.set_record(check.name());
  event.set_owner_agency(check.owner_agency());
  event.set_author_agency(call.caller.agency);
  *event.mutable_occurred_at() = occurred_at;
  event.set_asked_agency(check.to_agency());
  events::v1::InvolvementFact* asked = event.mutable_involvement();
  asked->set_agency(check.to_agency());
  asked->set_kind("ASKED");
  asked->set_basis(check.name());
  *asked->mutable_start_time() = check.create_time();
  if (check.has_answer_time()) *asked->mutable_end_time() = check.answer_time();
  return events::EmitAndApply(call.tx, event);
}

// The check that the caller's agency was asked.
absl::StatusOr<v1::Check> CheckAskedOf(rpc::Call& call, absl::string_view name) {
  TRUSTHUB_ASSIGN_OR_RETURN(v1::Check check, call.tx.Get<v1::Check>(name));
  if (check.to_agency() != call.caller.agency) return error::RecordNotFound();
  return check;
}

absl::Status CheckOpen(const v1::Check& check, absl::string_view action) {
  if (check.state() == v1::CHECK_STATE_REQUESTED) return absl::OkStatus();
  return error::StateForbids(
      "check", absl::StripPrefix(v1::CheckState_Name(check.state()), "CHECK_STATE_"), action);
}

// Ends the check in `state`, now.
absl::Status Close(rpc::Call& call, absl::string_view etag, v1::CheckState state,
                   v1::Check* check) {
  check->set_state(state);
  *check->mutable_answer_time() = TimeToProto(call.now);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(check, etag, PartyKeys(*check, check->owner_agency())));
  TRUSTHUB_RETURN_IF_ERROR(EmitCheck(call, check->answer_time(), *check));
  // The agency sees what it just said, however short the closing window is.
  call.relations |= policy::kAsked;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::RequestCheckResponse> Checks::RequestCheck(
    rpc::Call& call, const v1::RequestCheckRequest& request) {
  if (const auto wrong = EnquiryViolations(request.check()); !wrong.empty()) {
    return error::RequestInvalid(wrong);
  }
  v1::RequestCheckResponse response;
  v1::Check* check = response.mutable_check();
  *check = request.check();
  TRUSTHUB_RETURN_IF_ERROR(CheckAgencies(call, *check));
  TRUSTHUB_RETURN_IF_ERROR(CheckEnquiryIsLive(call, *check));
  TRUSTHUB_RETURN_IF_ERROR(rpc::SettleOccurrence(call, check).status());
  TRUSTHUB_RETURN_IF_ERROR(CheckDue(*check, call.now));
  check->set_state(v1::CHECK_STATE_REQUESTED);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(check, call.caller.agency, call.caller.agency,
                                          PartyKeys(*check, call.caller.agency)));
  TRUSTHUB_RETURN_IF_ERROR(EmitCheck(call, check->occurred_at(), *check));
  return response;
}

absl::StatusOr<v1::GetCheckResponse> Checks::GetCheck(rpc::Call& call,
                                                      const v1::GetCheckRequest& request) {
  v1::GetCheckResponse response;
  v1::Check* check = response.mutable_check();
  TRUSTHUB_ASSIGN_OR_RETURN(*check, call.tx.Get<v1::Check>(request.name()));
  if (check->owner_agency() != call.caller.agency && check->to_agency() != call.caller.agency) {
    return error::RecordNotFound();
  }
  return response;
}

absl::StatusOr<v1::ListChecksResponse> Checks::ListChecks(rpc::Call& call,
                                                          const v1::ListChecksRequest& request) {
  v1::ListChecksResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::Check>(
      call, request,
      [&](std::int64_t after, int size) {
        return call.tx.ListByIndex<v1::Check>(
            kPartyIndex, PartyKey(request.child(), call.caller.agency), after, size);
      },
      response.mutable_checks(), response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<v1::AnswerCheckResponse> Checks::AnswerCheck(rpc::Call& call,
                                                            const v1::AnswerCheckRequest& request) {
  v1::AnswerCheckResponse response;
  v1::Check* check = response.mutable_check();
  TRUSTHUB_ASSIGN_OR_RETURN(*check, CheckAskedOf(call, request.name()));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string kind, KindOf(call.tx, call.caller.agency));
  if (const auto wrong = IntelligenceViolations(request, kind); !wrong.empty()) {
    return error::RequestInvalid(wrong);
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckOpen(*check, "answered"));
  check->set_answer(request.answer());
  if (request.has_intelligence()) *check->mutable_intelligence() = request.intelligence();
  TRUSTHUB_RETURN_IF_ERROR(Close(call, request.etag(), v1::CHECK_STATE_ANSWERED, check));
  return response;
}

absl::StatusOr<v1::RefuseCheckResponse> Checks::RefuseCheck(rpc::Call& call,
                                                            const v1::RefuseCheckRequest& request) {
  v1::RefuseCheckResponse response;
  v1::Check* check = response.mutable_check();
  TRUSTHUB_ASSIGN_OR_RETURN(*check, CheckAskedOf(call, request.name()));
  if (request.refusal() != v1::CHECK_REFUSAL_NOT_HELD || request.has_review_date()) {
    const auto fault =
        rpc::FaultOfReviewDate("review_date", request.review_date(), LondonDay(call.now));
    if (fault.has_value()) return error::RequestInvalid({*fault});
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckOpen(*check, "refused"));
  check->set_refusal(request.refusal());
  check->set_refusal_note(request.note());
  check->set_refused_by(call.caller.worker);
  if (request.has_review_date()) *check->mutable_refusal_review_date() = request.review_date();
  TRUSTHUB_RETURN_IF_ERROR(Close(call, request.etag(), v1::CHECK_STATE_REFUSED, check));
  return response;
}

}  // namespace trusthub::assessments
