#include "services/directory/agreement_sets.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/policy/access_diff.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/directory/agreement_files.h"
#include "services/directory/directory.h"
#include "trusthub/directory/v1/directory.pb.h"

namespace trusthub::directory {
namespace {

using policy::v1::AgreementSet;
using policy::v1::AgreementSetState;
using CompiledSet = std::shared_ptr<const policy::Agreements>;

constexpr char kNoun[] = "agreement set";
// Every change of a set counts on this key: there is one line of sets, in which one is in force.
constexpr char kSetsKey[] = "agreementSets";

absl::Status ChangeSets(store::Transaction& tx) {
  TRUSTHUB_RETURN_IF_ERROR(tx.GuardOn(kSetsKey).status());
  tx.Touch(kSetsKey);
  return absl::OkStatus();
}

std::string StateName(AgreementSetState state) {
  return std::string(
      absl::StripPrefix(policy::v1::AgreementSetState_Name(state), "AGREEMENT_SET_STATE_"));
}

void AddSignature(const rpc::Call& call, AgreementSet* set) {
  policy::v1::Signature* signature = set->add_signatures();
  signature->set_worker(call.caller.worker);
  signature->set_agency(call.caller.agency);
  *signature->mutable_sign_time() = TimeToProto(call.now);
}

// Kinds of all agencies, so that what an agreement gives to an agency by name is counted once.
absl::StatusOr<policy::KindsOfAgencies> KindsOfAll(store::Transaction& tx) {
  policy::KindsOfAgencies kinds;
  std::int64_t after = 0;
  for (bool more = true; more;) {
    TRUSTHUB_ASSIGN_OR_RETURN(const store::Page<v1::Agency> page,
                              tx.ListAll<v1::Agency>(after, limits::kPageSizeMax));
    for (const v1::Agency& agency : page.records) kinds[agency.name()] = agency.kind();
    after = page.last_position;
    more = page.more;
  }
  return kinds;
}

std::int32_t Cells(std::int64_t count) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::min(count, kMost));
}

// Whether a set of this version waits or is in force; one that was superseded may come again.
absl::StatusOr<bool> IsUnderWay(store::Transaction& tx, absl::string_view version) {
  std::int64_t after = 0;
  for (bool more = true; more;) {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const store::Page<AgreementSet> page,
        tx.ListByIndex<AgreementSet>("version", version, after, limits::kPageSizeMax));
    for (const AgreementSet& set : page.records) {
      if (set.state() != policy::v1::AGREEMENT_SET_STATE_SUPERSEDED) return true;
    }
    after = page.last_position;
    more = page.more;
  }
  return false;
}

absl::Status CheckMayBeActivated(const rpc::Call& call, const AgreementSet& set) {
  const absl::StatusOr<CompiledSet> compiled = policy::CompileAgreements(TextsOf(set.files()));
  if (!compiled.ok() || (*compiled)->version() != set.version()) {
    return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                             "The files of this set no longer compile to its version.",
                             "Propose its files again and mend what is refused.");
  }
  if (!(*compiled)->Covers(call.caller, options::v1::PURPOSE_GOVERNANCE, LondonDay(call.now))) {
    return error::RuleBroken(
        errors::v1::ERROR_REASON_BASIS_MISSING,
        "Whoever puts a set in force could not bring the former one back: it gives your role "
        "nothing for governance.",
        "Propose a set that lets your agency and role read agreement sets for governance.");
  }
  return absl::OkStatus();
}

absl::Status EmitActivation(rpc::Call& call, const AgreementSet& set) {
  events::v1::Event event;
  event.set_kind(events::v1::EVENT_KIND_AGREEMENTS_ACTIVATED);
  event.set_record(set.name());
  event.set_owner_agency(set.owner_agency());
  event.set_author_agency(call.caller.agency);
  *event.mutable_occurred_at() = set.activate_time();
  *event.mutable_agreements() = FactOf(set.version(), set.files());
  return events::EmitAndApply(call.tx, event);
}

}  // namespace

AgreementSets::AgreementSets(std::vector<policy::AgreementText> folder)
    : folder_(std::move(folder)) {}

absl::StatusOr<AgreementSet> AgreementSets::InForce(store::Transaction& tx) const {
  TRUSTHUB_ASSIGN_OR_RETURN(
      store::Page<AgreementSet> active,
      tx.ListByIndex<AgreementSet>("state", absl::StrCat(policy::v1::AGREEMENT_SET_STATE_ACTIVE), 0,
                                   1));
  if (!active.records.empty()) return std::move(active.records[0]);
  TRUSTHUB_ASSIGN_OR_RETURN(const CompiledSet compiled, policy::CompileAgreements(folder_));
  AgreementSet set;
  set.set_version(std::string(compiled->version()));
  *set.mutable_files() = FilesOf(folder_);
  return set;
}

absl::StatusOr<policy::v1::ProposeAgreementSetResponse> AgreementSets::ProposeAgreementSet(
    rpc::Call& call, const policy::v1::ProposeAgreementSetRequest& request) {
  policy::v1::ProposeAgreementSetResponse response;
  AgreementSet* set = response.mutable_agreement_set();
  *set = request.agreement_set();
  TRUSTHUB_ASSIGN_OR_RETURN(const CompiledSet compiled, CompileProposed(set->files()));
  *set->mutable_files() = FilesOf(TextsOf(set->files()));
  set->set_version(std::string(compiled->version()));

  TRUSTHUB_RETURN_IF_ERROR(ChangeSets(call.tx));
  TRUSTHUB_ASSIGN_OR_RETURN(const AgreementSet in_force, InForce(call.tx));
  TRUSTHUB_ASSIGN_OR_RETURN(const bool under_way, IsUnderWay(call.tx, set->version()));
  if (under_way || in_force.version() == set->version()) {
    return error::RecordExists(kNoun, "These files are proposed, signed or in force already.");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const CompiledSet before,
                            policy::CompileAgreements(TextsOf(in_force.files())));
  policy::CompareOptions options;
  TRUSTHUB_ASSIGN_OR_RETURN(options.kinds, KindsOfAll(call.tx));
  const policy::AccessDiff diff = policy::CompareAccess(*before, *compiled, options);
  set->set_access_gained(Cells(diff.gained));
  set->set_access_lost(Cells(diff.lost));

  TRUSTHUB_RETURN_IF_ERROR(rpc::SettleOccurrence(call, set).status());
  set->set_state(policy::v1::AGREEMENT_SET_STATE_PROPOSED);
  AddSignature(call, set);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(set, kHubAgency, call.caller.agency));
  return response;
}

absl::StatusOr<policy::v1::SignAgreementSetResponse> AgreementSets::SignAgreementSet(
    rpc::Call& call, const policy::v1::SignAgreementSetRequest& request) {
  policy::v1::SignAgreementSetResponse response;
  AgreementSet* set = response.mutable_agreement_set();
  TRUSTHUB_ASSIGN_OR_RETURN(*set, call.tx.Get<AgreementSet>(request.name()));
  if (set->state() != policy::v1::AGREEMENT_SET_STATE_PROPOSED) {
    return error::StateForbids(kNoun, StateName(set->state()), "signed");
  }
  for (const policy::v1::Signature& signature : set->signatures()) {
    if (signature.worker() != call.caller.worker && signature.agency() != call.caller.agency) {
      continue;
    }
    return error::RuleBroken(errors::v1::ERROR_REASON_SECOND_PERSON_MISSING,
                             "A set is signed by two people of two agencies.",
                             "Ask a Caldicott Guardian or information governance lead of another "
                             "agency to sign it.");
  }
  AddSignature(call, set);
  set->set_state(policy::v1::AGREEMENT_SET_STATE_SIGNED);
  TRUSTHUB_RETURN_IF_ERROR(ChangeSets(call.tx));
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(set, request.etag()));
  return response;
}

absl::Status AgreementSets::Supersede(rpc::Call& call, AgreementSet set) const {
  set.set_state(policy::v1::AGREEMENT_SET_STATE_SUPERSEDED);
  if (!set.name().empty()) return call.tx.UpdateNewest(&set);
  set.set_note("The set of the configured folder, in force until the first activation.");
  *set.mutable_occurred_at() = TimeToProto(call.now);
  return call.tx.Create(&set, kHubAgency, kHubAgency);
}

absl::StatusOr<policy::v1::ActivateAgreementSetResponse> AgreementSets::ActivateAgreementSet(
    rpc::Call& call, const policy::v1::ActivateAgreementSetRequest& request) {
  policy::v1::ActivateAgreementSetResponse response;
  AgreementSet* set = response.mutable_agreement_set();
  TRUSTHUB_ASSIGN_OR_RETURN(*set, call.tx.Get<AgreementSet>(request.name()));
  if (set->state() != policy::v1::AGREEMENT_SET_STATE_SIGNED &&
      set->state() != policy::v1::AGREEMENT_SET_STATE_SUPERSEDED) {
    return error::StateForbids(kNoun, StateName(set->state()), "activated");
  }
  TRUSTHUB_RETURN_IF_ERROR(ChangeSets(call.tx));
  TRUSTHUB_ASSIGN_OR_RETURN(AgreementSet in_force, InForce(call.tx));
  if (in_force.version() == set->version()) {
    return error::StateForbids(kNoun, "in force already, word for word", "activated");
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckMayBeActivated(call, *set));
  TRUSTHUB_RETURN_IF_ERROR(Supersede(call, std::move(in_force)));
  set->set_state(policy::v1::AGREEMENT_SET_STATE_ACTIVE);
  *set->mutable_activate_time() = TimeToProto(call.now);
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(set, request.etag()));
  TRUSTHUB_RETURN_IF_ERROR(EmitActivation(call, *set));
  return response;
}

absl::StatusOr<policy::v1::GetAgreementSetResponse> AgreementSets::GetAgreementSet(
    rpc::Call& call, const policy::v1::GetAgreementSetRequest& request) {
  policy::v1::GetAgreementSetResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_agreement_set(),
                            call.tx.Get<AgreementSet>(request.name()));
  return response;
}

absl::StatusOr<policy::v1::ListAgreementSetsResponse> AgreementSets::ListAgreementSets(
    rpc::Call& call, const policy::v1::ListAgreementSetsRequest& request) {
  policy::v1::ListAgreementSetsResponse response;
  const auto list = [&](std::int64_t after, int size) -> absl::StatusOr<store::Page<AgreementSet>> {
    TRUSTHUB_ASSIGN_OR_RETURN(store::Page<AgreementSet> page,
                              call.tx.ListAll<AgreementSet>(after, size));
    for (AgreementSet& set : page.records) set.clear_files();
    return page;
  };
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<AgreementSet>(
      call, request, list, response.mutable_agreement_sets(), response.mutable_next_page_token()));
  return response;
}

}  // namespace trusthub::directory
