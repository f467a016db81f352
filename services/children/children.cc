#include "services/children/children.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/policy/policy.h"
#include "common/time/civil_date.h"
#include "services/children/child_index.h"
#include "services/children/involvements.h"
#include "services/children/registration.h"

namespace trusthub::children {
namespace {

// The first day that `date` can mean.
absl::CivilDay EarliestDay(const types::v1::Date& date) {
  return absl::CivilDay(date.year(), std::max(1, date.month()), std::max(1, date.day()));
}

absl::Status CheckDetails(const v1::ChildDetails& details, absl::Time now) {
  const types::v1::Date& birth = details.birth_date();
  if (birth.year() == 0 || !IsValidPartialDate(birth)) {
    return error::RequestInvalid(
        {{"details.birth_date", "must be a real date; day and month may be 0, the year may not"}});
  }
  if (EarliestDay(birth) > LondonDay(now)) {
    return error::RequestInvalid({{"details.birth_date", "must not lie in the future"}});
  }
  return absl::OkStatus();
}

v1::Child NewChild(const v1::ChildDetails& details) {
  v1::Child child;
  child.set_name(NewName("children"));
  *child.mutable_person_name() = details.person_name();
  *child.mutable_birth_date() = details.birth_date();
  child.set_sex(details.sex());
  return child;
}

// The agency's own number follows its latest registration: where it stood on another child it goes.
absl::Status ReleaseLocalIdentifier(store::Transaction& tx, const MatchingRules& rules,
                                    absl::string_view agency, const v1::ChildDetails& details,
                                    absl::string_view linked_child) {
  if (details.local_identifier().empty()) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<v1::Child> holders,
                            FindByLocalIdentifier(tx, agency, details.local_identifier()));
  for (v1::Child& holder : holders) {
    if (holder.name() == linked_child) continue;
    for (v1::Holding& holding : *holder.mutable_holdings()) {
      if (holding.agency() == agency) holding.clear_local_identifier();
    }
    TRUSTHUB_RETURN_IF_ERROR(SaveChild(tx, rules, &holder));
  }
  return absl::OkStatus();
}

absl::Status TellRegistered(store::Transaction& tx, const v1::Child& child,
                            absl::string_view agency) {
  events::v1::Event event;
  event.set_kind(events::v1::EVENT_KIND_CHILD_REGISTERED);
  event.set_child(child.name());
  event.set_record(child.name());
  event.set_owner_agency(kHubAgency);
  event.set_author_agency(std::string(agency));
  *event.mutable_occurred_at() = TimeToProto(tx.now());
  return events::EmitAndApply(tx, event);
}

// Links or adds; returns the child's name.
absl::StatusOr<std::string> Register(store::Transaction& tx, const MatchingRules& rules,
                                     const std::string& agency, const v1::ChildDetails& details) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::optional<Link> link, FindChild(tx, rules, agency, details));
  const bool is_new = !link.has_value();
  if (is_new) link = Link{NewChild(details), v1::LINK_BASIS_FIRST, 100};
  v1::Child& child = link->child;
  TRUSTHUB_RETURN_IF_ERROR(ReleaseLocalIdentifier(tx, rules, agency, details, child.name()));

  if (!UpdateHolding(agency, details, link->basis, link->score, tx.now(), &child)) {
    return child.name();
  }
  ChildChanges changes(&child, agency);
  changes.Begin(agency, v1::INVOLVEMENT_KIND_HOLDING, child.name(), tx.now());
  TRUSTHUB_RETURN_IF_ERROR(is_new ? AddChild(tx, rules, kHubAgency, agency, &child)
                                  : SaveChild(tx, rules, &child));
  TRUSTHUB_RETURN_IF_ERROR(TellRegistered(tx, child, agency));
  TRUSTHUB_RETURN_IF_ERROR(changes.Tell(tx));
  return child.name();
}

}  // namespace

Children::Children(MatchingRules rules) : rules_(std::move(rules)) {}

absl::StatusOr<v1::RegisterChildResponse> Children::RegisterChild(
    rpc::Call& call, const v1::RegisterChildRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(CheckDetails(request.details(), call.now));
  v1::RegisterChildResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_child(),
                            Register(call.tx, rules_, call.caller.agency, request.details()));
  call.child = response.child();
  call.relations |= policy::kHolding;
  return response;
}

absl::StatusOr<v1::GetChildResponse> Children::GetChild(rpc::Call& call,
                                                        const v1::GetChildRequest& request) {
  v1::GetChildResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_child(), call.tx.Get<v1::Child>(request.name()));
  for (v1::Status& status : *response.mutable_child()->mutable_statuses()) {
    TRUSTHUB_RETURN_IF_ERROR(FillContact(call.tx, &status));
  }
  return response;
}

}  // namespace trusthub::children
