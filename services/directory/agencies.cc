#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/identifiers/identifiers.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/directory/directory.h"

namespace trusthub::directory {
namespace {

// The published codes that field options have no format for.
std::vector<error::Violation> CheckCodes(const v1::Agency& agency) {
  std::vector<error::Violation> violations;
  if (!agency.local_authority_code().empty() &&
      !identifiers::IsLocalAuthorityCode(agency.local_authority_code())) {
    violations.push_back({"agency.local_authority_code",
                          "must be the three digits that the DfE gave to the local authority"});
  }
  if (!agency.ods_code().empty() && !identifiers::IsOdsCode(agency.ods_code())) {
    violations.push_back({"agency.ods_code", "must be an ODS code: 3 to 12 capitals and digits"});
  }
  if (!agency.police_force_code().empty() &&
      !identifiers::IsPoliceForceCode(agency.police_force_code())) {
    violations.push_back(
        {"agency.police_force_code", "must be the two digits of a police force, e.g. 01"});
  }
  return violations;
}

events::v1::Event ChangeOf(const v1::Agency& agency, absl::string_view author_agency,
                           absl::Time now) {
  events::v1::Event event;
  event.set_kind(events::v1::EVENT_KIND_AGENCY_CHANGED);
  event.set_record(agency.name());
  event.set_record_kind(options::v1::RECORD_KIND_AGENCY);
  event.set_owner_agency(agency.owner_agency());
  event.set_author_agency(std::string(author_agency));
  *event.mutable_occurred_at() = TimeToProto(now);
  events::v1::AgencyFact* fact = event.mutable_agency();
  fact->set_agency(agency.name());
  fact->set_kind(
      std::string(absl::StripPrefix(v1::AgencyKind_Name(agency.kind()), "AGENCY_KIND_")));
  fact->set_title(agency.title());
  fact->set_office_telephone(agency.office_telephone());
  fact->set_emergency_telephone(agency.emergency_telephone());
  fact->set_local_authority_code(agency.local_authority_code());
  return event;
}

}  // namespace

absl::StatusOr<v1::CreateAgencyResponse> Directory::CreateAgency(
    rpc::Call& call, const v1::CreateAgencyRequest& request) {
  if (call.caller.agency != kHubAgency) {
    return error::MethodNotPermitted("directory.agencies.create");
  }
  if (const auto violations = CheckCodes(request.agency()); !violations.empty()) {
    return error::RequestInvalid(violations);
  }
  const std::string& successor = request.agency().successor();
  if (!successor.empty()) {
    const absl::StatusOr<store::RecordHead> head = call.tx.Head(successor);
    if (absl::IsNotFound(head.status())) {
      return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                               "the successor of an agency must be in the directory",
                               "create the successor first");
    }
    TRUSTHUB_RETURN_IF_ERROR(head.status());
  }
  v1::CreateAgencyResponse response;
  v1::Agency& agency = *response.mutable_agency();
  agency = request.agency();
  agency.set_name(absl::StrCat("agencies/", request.agency_id()));
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(&agency, agency.name(), call.caller.agency));
  TRUSTHUB_RETURN_IF_ERROR(
      events::EmitAndApply(call.tx, ChangeOf(agency, call.caller.agency, call.now)));
  return response;
}

absl::StatusOr<v1::GetAgencyResponse> Directory::GetAgency(rpc::Call& call,
                                                           const v1::GetAgencyRequest& request) {
  v1::GetAgencyResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_agency(), call.tx.Get<v1::Agency>(request.name()));
  return response;
}

absl::StatusOr<v1::ListAgenciesResponse> Directory::ListAgencies(
    rpc::Call& call, const v1::ListAgenciesRequest& request) {
  v1::ListAgenciesResponse response;
  const auto list = [&](std::int64_t after, int size) {
    return request.kind() == v1::AGENCY_KIND_UNSPECIFIED
               ? call.tx.ListAll<v1::Agency>(after, size)
               : call.tx.ListByIndex<v1::Agency>("kind", absl::StrCat(request.kind()), after, size);
  };
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage<v1::Agency>(
      call, request, list, response.mutable_agencies(), response.mutable_next_page_token()));
  return response;
}

}  // namespace trusthub::directory
