// What the children service does with events of referrals, assessments, plans and health.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/time/civil_date.h"
#include "services/children/child_index.h"
#include "services/children/children.h"
#include "services/children/involvements.h"

namespace trusthub::children {
namespace {

using events::v1::Event;

// How long a child counts as presenting after it was registered in unscheduled care: until the next
// day's same hour, which covers a night in an observation ward.
constexpr absl::Duration kPresentingTime = absl::Hours(24);

absl::Time TimeOf(const Event& event) {
  return TimeFromProto(event.has_occurred_at() ? event.occurred_at() : event.create_time());
}

bool IsTakenUp(const Event& event) {
  switch (event.kind()) {
    case events::v1::EVENT_KIND_REFERRAL_SUBMITTED:
    case events::v1::EVENT_KIND_STRATEGY_DISCUSSION_RECORDED:
    case events::v1::EVENT_KIND_PLAN_STARTED:
    case events::v1::EVENT_KIND_PLAN_CHANGED:
    case events::v1::EVENT_KIND_PLAN_ENDED:
    case events::v1::EVENT_KIND_ATTENDANCE_REGISTERED:
      return !event.child().empty();
    default:
      return false;
  }
}

// Makes the involvements of `kind` on the event's record last for `agencies` and no others.
void SetGroup(const std::vector<std::string>& agencies, v1::InvolvementKind kind,
              const Event& event, ChildChanges* changes) {
  for (const std::string& agency : changes->LastingAgencies(kind, event.record())) {
    if (!absl::c_linear_search(agencies, agency)) {
      changes->End(agency, kind, event.record(), TimeOf(event));
    }
  }
  for (const std::string& agency : agencies) {
    changes->Begin(agency, kind, event.record(), TimeOf(event));
  }
}

bool IsProtectionPlan(const Event& event) { return event.plan().kind() == "CHILD_PROTECTION"; }

absl::Status TakeUpPlan(store::Transaction& tx, const Event& event, ChildChanges* changes) {
  constexpr v1::StatusKind kKind = v1::STATUS_KIND_CHILD_PROTECTION_PLAN;
  if (!IsProtectionPlan(event)) return absl::OkStatus();
  if (event.kind() == events::v1::EVENT_KIND_PLAN_ENDED) {
    const types::v1::Date end = event.plan().has_end_date() ? event.plan().end_date()
                                                            : DateToProto(LondonDay(TimeOf(event)));
    changes->EndStatus(kKind, event.record(), end);
    SetGroup({}, v1::INVOLVEMENT_KIND_CORE_GROUP, event, changes);
    return absl::OkStatus();
  }
  const v1::Status* known = changes->FindStatus(kKind, event.record());
  if (known != nullptr && known->has_end_date())
    return absl::OkStatus();  // late news of an old plan
  if (known == nullptr) {
    v1::Status status;
    status.set_kind(kKind);
    *status.mutable_start_date() = event.plan().start_date();
    status.set_responsible_agency(event.owner_agency());
    status.set_basis(event.record());
    TRUSTHUB_RETURN_IF_ERROR(FillContact(tx, &status));
    changes->BeginStatus(std::move(status));
  }
  SetGroup({event.plan().core_group().begin(), event.plan().core_group().end()},
           v1::INVOLVEMENT_KIND_CORE_GROUP, event, changes);
  return absl::OkStatus();
}

absl::Status TakeUp(store::Transaction& tx, const Event& event, ChildChanges* changes) {
  switch (event.kind()) {
    case events::v1::EVENT_KIND_REFERRAL_SUBMITTED:
      changes->BeginUnlessLasting(event.referral().from_agency(), v1::INVOLVEMENT_KIND_REFERRER,
                                  event.record(), TimeOf(event));
      changes->BeginUnlessLasting(event.referral().to_agency(), v1::INVOLVEMENT_KIND_RESPONSIBLE,
                                  event.record(), TimeOf(event));
      return absl::OkStatus();
    case events::v1::EVENT_KIND_STRATEGY_DISCUSSION_RECORDED:
      for (const std::string& agency : event.discussion().agencies()) {
        changes->BeginUnlessLasting(agency, v1::INVOLVEMENT_KIND_ENQUIRY, event.record(),
                                    TimeOf(event));
      }
      return absl::OkStatus();
    case events::v1::EVENT_KIND_ATTENDANCE_REGISTERED:
      changes->Begin(event.access().agency(), v1::INVOLVEMENT_KIND_PRESENTING, event.record(),
                     TimeOf(event), TimeOf(event) + kPresentingTime);
      return absl::OkStatus();
    default:
      return TakeUpPlan(tx, event, changes);
  }
}

}  // namespace

absl::Status Children::ApplyEvent(store::Transaction& tx, const Event& event) const {
  if (!IsTakenUp(event)) return absl::OkStatus();
  absl::StatusOr<v1::Child> child = tx.Get<v1::Child>(event.child());
  if (absl::IsNotFound(child.status())) {
    log::Warning("event about a child that the index does not have",
                 {{"event_name", event.name()}});
    return absl::OkStatus();
  }
  TRUSTHUB_RETURN_IF_ERROR(child.status());
  ChildChanges changes(&*child, event.author_agency());
  TRUSTHUB_RETURN_IF_ERROR(TakeUp(tx, event, &changes));
  if (changes.empty()) return absl::OkStatus();
  TRUSTHUB_RETURN_IF_ERROR(SaveChild(tx, rules_, &*child));
  return changes.Tell(tx);
}

}  // namespace trusthub::children
