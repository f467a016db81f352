// The question of unscheduled care: is this child known to need protection (domain.md 5)?
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/events/facts.h"
#include "common/policy/policy.h"
#include "common/time/civil_date.h"
#include "common/timescales/calendar.h"
#include "services/children/accesses.h"
#include "services/children/child_index.h"
#include "services/children/children.h"
#include "services/children/involvements.h"

namespace trusthub::children {
namespace {

// Months for which a status that ended is still told (CP-IS; domain.md 5.1).
constexpr int kToldAfterEndMonths = 12;

bool IsTold(const v1::Status& status, absl::CivilDay today) {
  if (!status.has_end_date()) return true;
  const absl::StatusOr<absl::CivilDay> end = DateFromProto(status.end_date());
  // A date that cannot be read must not hide a status.
  return !end.ok() || today <= timescales::AddMonths(*end, kToldAfterEndMonths);
}

absl::Status TellAccess(rpc::Call& call, const v1::Child& child) {
  const std::string council = ResponsibleAgency(child, call.now);
  events::v1::Event event;
  event.set_kind(events::v1::EVENT_KIND_STATUS_ACCESSED);
  event.set_child(child.name());
  event.set_record(child.name());
  event.set_owner_agency(council.empty() ? kHubAgency : council);
  event.set_author_agency(call.caller.agency);
  *event.mutable_occurred_at() = TimeToProto(call.now);
  events::v1::AccessFact* access = event.mutable_access();
  access->set_agency(call.caller.agency);
  access->set_role(call.caller.role);
  *access->mutable_access_time() = event.occurred_at();
  access->set_status_found(true);
  return events::EmitAndApply(call.tx, event);
}

absl::Status RememberAccess(rpc::Call& call, const v1::Child& child) {
  v1::PreviousAccess access;
  *access.mutable_access_time() = TimeToProto(call.now);
  access.set_agency(call.caller.agency);
  access.set_role(call.caller.role);
  return AddAccess(call.tx, child.name(), access);
}

absl::Status FillStatus(rpc::Call& call, const v1::Child& child, v1::ChildStatus* answer) {
  const absl::CivilDay today = LondonDay(call.now);
  for (const v1::Status& status : child.statuses()) {
    if (!IsTold(status, today)) continue;
    v1::Status* told = answer->add_statuses();
    *told = status;
    TRUSTHUB_RETURN_IF_ERROR(FillContact(call.tx, told));
  }
  // A known child without status is answered as an unknown number is.
  if (answer->statuses().empty()) return absl::OkStatus();
  answer->set_child(child.name());
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<v1::PreviousAccess> accesses,
                            LatestAccesses(call.tx, child.name()));
  for (v1::PreviousAccess& access : accesses) {
    *answer->add_previous_accesses() = std::move(access);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::CheckChildResponse> Children::CheckChild(rpc::Call& call,
                                                            const v1::CheckChildRequest& request) {
  v1::CheckChildResponse response;
  v1::ChildStatus* answer = response.mutable_status();
  call.relations |= policy::kPresenting;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<v1::Child> found,
                            FindByNhsNumber(call.tx, request.nhs_number()));
  if (found.empty()) return response;
  const v1::Child& child = found.front();
  call.child = child.name();
  TRUSTHUB_RETURN_IF_ERROR(FillStatus(call, child, answer));
  // As CP-IS, which tells the authority that uploaded a plan: without a status there is nobody to
  // tell, and the same work is done as for a number that the hub does not know.
  if (answer->statuses().empty()) return response;
  TRUSTHUB_RETURN_IF_ERROR(TellAccess(call, child));
  TRUSTHUB_RETURN_IF_ERROR(RememberAccess(call, child));
  return response;
}

}  // namespace trusthub::children
