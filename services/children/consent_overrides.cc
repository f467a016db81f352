// Sharing without consent: recorded with its reason, told to who recorded the consent.
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/strip.h"
#include "common/base/relations.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/rpc/released.h"
#include "common/time/civil_date.h"
#include "services/children/consents.h"
#include "services/children/named_agencies.h"
#include "services/children/override_rules.h"
#include "services/children/record_event.h"

namespace trusthub::children {
namespace {

events::v1::OverrideFact FactOf(const v1::ConsentOverride& consent_override, absl::Time now) {
  events::v1::OverrideFact fact;
  fact.set_consent_override(consent_override.name());
  *fact.mutable_to_agencies() = consent_override.to_agencies();
  *fact.mutable_purposes() = consent_override.purposes();
  *fact.mutable_start_time() = TimeToProto(now);
  *fact.mutable_expire_time() = consent_override.expire_time();
  *fact.mutable_told_agencies() = consent_override.told_agencies();
  fact.set_basis(std::string(
      absl::StripPrefix(v1::OverrideBasis_Name(consent_override.basis()), "OVERRIDE_BASIS_")));
  return fact;
}

// The event is the notice. Whoever must be told gets one of its own, as its owner: that reaches an
// agency whatever else it may know of the child. The agency that overrides is their author.
absl::Status Tell(rpc::Call& call, const v1::ConsentOverride& consent_override,
                  absl::Time occurred) {
  std::vector<std::string> owners(consent_override.told_agencies().begin(),
                                  consent_override.told_agencies().end());
  if (owners.empty()) owners.push_back(consent_override.owner_agency());
  events::v1::Event event =
      ChangeOf(call, consent_override, events::v1::EVENT_KIND_CONSENT_OVERRIDDEN, occurred);
  *event.mutable_consent_override() = FactOf(consent_override, call.now);
  for (std::string& owner : owners) {
    event.set_owner_agency(std::move(owner));
    TRUSTHUB_RETURN_IF_ERROR(events::EmitAndApply(call.tx, event));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::OverrideConsentResponse> Consents::OverrideConsent(
    rpc::Call& call, const v1::OverrideConsentRequest& request) {
  v1::OverrideConsentResponse response;
  v1::ConsentOverride* consent_override = response.mutable_consent_override();
  *consent_override = request.consent_override();
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Time occurred,
                            rpc::SettleOccurrence(call, consent_override));
  TRUSTHUB_ASSIGN_OR_RETURN(const AgencyKinds kinds,
                            KindsOf(call.tx, consent_override->to_agencies()));
  const std::vector<error::Violation> violations = ViolationsOf(*consent_override, kinds, call.now);
  if (!violations.empty()) return error::RequestInvalid(violations);
  TRUSTHUB_ASSIGN_OR_RETURN(const internal::v1::ChildFacts facts,
                            events::ChildFactsOf(call.tx, consent_override->child()));
  TRUSTHUB_RETURN_IF_ERROR(CheckBasis(*consent_override, facts));
  consent_override->set_decided_by(call.caller.worker);
  const std::vector<std::string> told =
      RecordersOverridden(*consent_override, kinds, facts, call.now);
  consent_override->mutable_told_agencies()->Assign(told.begin(), told.end());
  TRUSTHUB_RETURN_IF_ERROR(
      call.tx.Create(consent_override, call.caller.agency, call.caller.agency));
  for (const std::string& agency : told) {
    rpc::ReleaseTo(call.tx, consent_override->name(), agency);
  }
  TRUSTHUB_RETURN_IF_ERROR(Tell(call, *consent_override, occurred));
  return response;
}

absl::StatusOr<v1::GetConsentOverrideResponse> Consents::GetConsentOverride(
    rpc::Call& call, const v1::GetConsentOverrideRequest& request) {
  v1::GetConsentOverrideResponse response;
  v1::ConsentOverride* consent_override = response.mutable_consent_override();
  TRUSTHUB_ASSIGN_OR_RETURN(*consent_override, call.tx.Get<v1::ConsentOverride>(request.name()));
  if (absl::c_linear_search(consent_override->told_agencies(), call.caller.agency)) {
    call.relations |= policy::kReleased;
  }
  return response;
}

}  // namespace trusthub::children
