#include "services/children/consents.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/children/consent_rules.h"
#include "services/children/named_agencies.h"
#include "services/children/record_event.h"
#include "trusthub/children/v1/child.pb.h"

namespace trusthub::children {
namespace {

void NameKinds(const google::protobuf::RepeatedField<int>& kinds,
               google::protobuf::RepeatedPtrField<std::string>* names) {
  for (const int kind : kinds) {
    const auto value = static_cast<directory::v1::AgencyKind>(kind);
    *names->Add() =
        std::string(absl::StripPrefix(directory::v1::AgencyKind_Name(value), "AGENCY_KIND_"));
  }
}

// What the other services decide by: no word of the family's reasons leaves.
events::v1::ConsentFact FactOf(const v1::Consent& consent, absl::Time now) {
  events::v1::ConsentFact fact;
  fact.set_consent(consent.name());
  fact.set_decision(std::string(
      absl::StripPrefix(v1::ConsentDecision_Name(consent.decision()), "CONSENT_DECISION_")));
  *fact.mutable_purposes() = consent.purposes();
  *fact.mutable_agencies() = consent.agencies();
  NameKinds(consent.agency_kinds(), fact.mutable_agency_kinds());
  *fact.mutable_excluded_agencies() = consent.excluded_agencies();
  NameKinds(consent.excluded_kinds(), fact.mutable_excluded_kinds());
  *fact.mutable_decision_date() = consent.decision_date();
  if (consent.has_expiry_date()) *fact.mutable_expiry_date() = consent.expiry_date();
  *fact.mutable_record_time() = TimeToProto(now);
  fact.set_recorded_by(consent.author_agency());
  return fact;
}

// Place of the consent's recording among the changes of the child's consents. Facts that can decide
// nothing any more are not kept; their place was before all that are.
std::int64_t RecordOrderOf(const v1::Consent& consent, const internal::v1::ChildFacts& facts) {
  for (const events::v1::ConsentFact& fact : facts.consents()) {
    if (fact.consent() == consent.name()) return fact.record_order();
  }
  return 0;
}

// Tells of a consent that was just recorded (`is_new`) or taken back. EmitAndApply guards the
// child's facts, so that no two changes get one place.
absl::Status Tell(rpc::Call& call, const v1::Consent& consent, bool is_new, absl::Time occurred) {
  TRUSTHUB_ASSIGN_OR_RETURN(const internal::v1::ChildFacts facts,
                            events::ChildFactsOf(call.tx, consent.child()));
  events::v1::Event event =
      ChangeOf(call, consent, events::v1::EVENT_KIND_CONSENT_CHANGED, occurred);
  events::v1::ConsentFact* fact = event.mutable_consent();
  *fact = FactOf(consent, call.now);
  fact->set_change_order(facts.consent_order() + 1);
  fact->set_record_order(is_new ? fact->change_order() : RecordOrderOf(consent, facts));
  return events::EmitAndApply(call.tx, event);
}

std::vector<error::Violation> UnknownAmong(
    const google::protobuf::RepeatedPtrField<std::string>& agencies, const AgencyKinds& known) {
  std::vector<error::Violation> violations;
  for (int i = 0; i < agencies.size(); ++i) {
    if (known.count(agencies[i]) > 0) continue;
    violations.push_back({absl::StrCat("agencies[", i, "]"), "must be an agency of the directory"});
  }
  return violations;
}

}  // namespace

absl::StatusOr<v1::RecordConsentResponse> Consents::RecordConsent(
    rpc::Call& call, const v1::RecordConsentRequest& request) {
  v1::RecordConsentResponse response;
  v1::Consent* consent = response.mutable_consent();
  *consent = request.consent();
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Time occurred, rpc::SettleOccurrence(call, consent));
  TRUSTHUB_ASSIGN_OR_RETURN(const v1::Child child, call.tx.Get<v1::Child>(consent->child()));
  TRUSTHUB_ASSIGN_OR_RETURN(const AgencyKinds known, KindsOf(call.tx, AgenciesNamedBy(*consent)));
  const std::vector<error::Violation> violations =
      ViolationsOf(*consent, child.birth_date(), known, LondonDay(call.now));
  if (!violations.empty()) return error::RequestInvalid(violations);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(consent, call.caller.agency, call.caller.agency));
  TRUSTHUB_RETURN_IF_ERROR(Tell(call, *consent, /*is_new=*/true, occurred));
  return response;
}

absl::StatusOr<v1::GetConsentResponse> Consents::GetConsent(rpc::Call& call,
                                                            const v1::GetConsentRequest& request) {
  v1::GetConsentResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_consent(), call.tx.Get<v1::Consent>(request.name()));
  return response;
}

absl::StatusOr<v1::ListConsentsResponse> Consents::ListConsents(
    rpc::Call& call, const v1::ListConsentsRequest& request) {
  v1::ListConsentsResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::Consent>(
      call, request,
      [&](std::int64_t after, int size) {
        return call.tx.ListByChild<v1::Consent>(request.child(), after, size);
      },
      response.mutable_consents(), response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<v1::WithdrawConsentResponse> Consents::WithdrawConsent(
    rpc::Call& call, const v1::WithdrawConsentRequest& request) {
  v1::WithdrawConsentResponse response;
  v1::Consent* consent = response.mutable_consent();
  TRUSTHUB_ASSIGN_OR_RETURN(*consent, call.tx.Get<v1::Consent>(request.name()));
  TRUSTHUB_ASSIGN_OR_RETURN(const AgencyKinds known, KindsOf(call.tx, request.agencies()));
  const std::vector<error::Violation> violations = UnknownAmong(request.agencies(), known);
  if (!violations.empty()) return error::RequestInvalid(violations);
  TRUSTHUB_RETURN_IF_ERROR(Withdraw(request, consent));
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(consent, request.etag()));
  TRUSTHUB_RETURN_IF_ERROR(Tell(call, *consent, /*is_new=*/false, call.now));
  return response;
}

}  // namespace trusthub::children
