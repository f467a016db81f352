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
#include "services/children/break_glass.h"
#include "services/children/child_index.h"
#include "services/children/children.h"
#include "services/children/involvements.h"

namespace trusthub::children {
namespace {

using events::v1::Event;

// How long a child counts as presenting after it was registered in unscheduled care: until the next
// day's same hour, which covers a night in an observation ward.
constexpr absl::Duration kPresentingTime = absl::Hours(24);

// Decisions of a referral after which the council does nothing more (domain.md 2.2), as in
// ReferralFact. Advice and signposting open no case either.
constexpr absl::string_view kCloses[] = {"NO_FURTHER_ACTION", "ADVICE"};
// Outcome of an enquiry after which a conference is held, as in DiscussionFact.
constexpr char kConferenceOutcome[] = "SUBSTANTIATED_CONFERENCE";

// For how long a discussion that decides on no enquiry involves its agencies: until its record is
// agreed between them.
constexpr absl::Duration kMinutesTime = absl::Hours(28 * 24);
// Bases on which an agency is involved in one way at a time; each ends on its own. A child whom one
// agency refers day after day is involved no more by the ninth referral that is open.
constexpr int kBasesEnough = 8;

absl::Time TimeOf(const Event& event) {
  return TimeFromProto(event.has_occurred_at() ? event.occurred_at() : event.create_time());
}

bool IsTakenUp(const Event& event) {
  switch (event.kind()) {
    case events::v1::EVENT_KIND_REFERRAL_SUBMITTED:
    case events::v1::EVENT_KIND_REFERRAL_DECIDED:
    case events::v1::EVENT_KIND_STRATEGY_DISCUSSION_RECORDED:
    case events::v1::EVENT_KIND_ENQUIRY_CONCLUDED:
    case events::v1::EVENT_KIND_CHECK_CHANGED:
    case events::v1::EVENT_KIND_PLAN_STARTED:
    case events::v1::EVENT_KIND_PLAN_CHANGED:
    case events::v1::EVENT_KIND_PLAN_ENDED:
    case events::v1::EVENT_KIND_PLACEMENT_RECORDED:
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
    SetGroup({}, v1::INVOLVEMENT_KIND_ACTION_OWNER, event, changes);
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
  SetGroup({event.plan().action_owners().begin(), event.plan().action_owners().end()},
           v1::INVOLVEMENT_KIND_ACTION_OWNER, event, changes);
  return absl::OkStatus();
}

// A child is looked after from the first of its placements on; the next ones change where it lives.
absl::Status TakeUpPlacement(store::Transaction& tx, const Event& event, ChildChanges* changes) {
  constexpr v1::StatusKind kKind = v1::STATUS_KIND_LOOKED_AFTER;
  if (event.plan().kind() != "LOOKED_AFTER" || changes->Lasts(kKind)) return absl::OkStatus();
  v1::Status status;
  status.set_kind(kKind);
  *status.mutable_start_date() = event.plan().start_date();
  status.set_responsible_agency(event.owner_agency());
  status.set_basis(event.record());
  TRUSTHUB_RETURN_IF_ERROR(FillContact(tx, &status));
  changes->BeginStatus(std::move(status));
  return absl::OkStatus();
}

// The council is responsible for as long as one of its referrals is not closed, each on its own.
void TakeUpReferral(const Event& event, ChildChanges* changes) {
  constexpr v1::InvolvementKind kKind = v1::INVOLVEMENT_KIND_RESPONSIBLE;
  const events::v1::ReferralFact& referral = event.referral();
  if (event.kind() == events::v1::EVENT_KIND_REFERRAL_SUBMITTED) {
    changes->BeginUnlessLasting(referral.from_agency(), v1::INVOLVEMENT_KIND_REFERRER,
                                event.record(), TimeOf(event));
  }
  if (absl::c_linear_search(kCloses, referral.decision())) {
    changes->End(referral.to_agency(), kKind, event.record(), TimeOf(event));
  } else {
    changes->BeginUnlessLasting(referral.to_agency(), kKind, event.record(), TimeOf(event),
                                kBasesEnough);
  }
}

// A discussion involves its agencies until the enquiry that it decided on is concluded.
void TakeUpDiscussion(const Event& event, ChildChanges* changes) {
  for (const std::string& agency : event.discussion().agencies()) {
    if (event.discussion().start_enquiry()) {
      changes->BeginUnlessLasting(agency, v1::INVOLVEMENT_KIND_ENQUIRY, event.record(),
                                  TimeOf(event), kBasesEnough);
    } else {
      changes->Begin(agency, v1::INVOLVEMENT_KIND_ENQUIRY, event.record(), TimeOf(event),
                     TimeOf(event) + kMinutesTime);
    }
  }
}

// An enquiry that leads to a conference involves its agencies until that is due at the latest: they
// prepare it together.
absl::Time EndOfEnquiry(const Event& event) {
  const absl::Time concluded = TimeOf(event);
  if (event.discussion().outcome() != kConferenceOutcome) return concluded;
  const absl::StatusOr<absl::CivilDay> due =
      DateFromProto(event.discussion().conference_due_date());
  return due.ok() ? std::max(concluded, EndOfLondonDay(*due)) : concluded;
}

void TakeUpConclusion(const Event& event, ChildChanges* changes) {
  constexpr v1::InvolvementKind kKind = v1::INVOLVEMENT_KIND_ENQUIRY;
  const std::string& discussion = event.discussion().strategy_discussion();
  for (const std::string& agency : changes->LastingAgencies(kKind, discussion)) {
    changes->End(agency, kKind, discussion, EndOfEnquiry(event));
  }
}

// A check brings its involvement ready made: asked when it is put, ended when it is answered.
void TakeUpCheck(const Event& event, ChildChanges* changes) {
  constexpr v1::InvolvementKind kKind = v1::INVOLVEMENT_KIND_ASKED;
  const events::v1::InvolvementFact& asked = event.involvement();
  if (asked.kind() != "ASKED") return;
  changes->Begin(asked.agency(), kKind, asked.basis(), TimeFromProto(asked.start_time()));
  if (asked.has_end_time()) {
    changes->End(asked.agency(), kKind, asked.basis(), TimeFromProto(asked.end_time()));
  }
}

absl::Status TakeUp(store::Transaction& tx, const Event& event, ChildChanges* changes) {
  switch (event.kind()) {
    case events::v1::EVENT_KIND_REFERRAL_SUBMITTED:
    case events::v1::EVENT_KIND_REFERRAL_DECIDED:
      TakeUpReferral(event, changes);
      return absl::OkStatus();
    case events::v1::EVENT_KIND_STRATEGY_DISCUSSION_RECORDED:
      TakeUpDiscussion(event, changes);
      return absl::OkStatus();
    case events::v1::EVENT_KIND_ENQUIRY_CONCLUDED:
      TakeUpConclusion(event, changes);
      return absl::OkStatus();
    case events::v1::EVENT_KIND_CHECK_CHANGED:
      TakeUpCheck(event, changes);
      return absl::OkStatus();
    case events::v1::EVENT_KIND_PLACEMENT_RECORDED:
      return TakeUpPlacement(tx, event, changes);
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
  TRUSTHUB_RETURN_IF_ERROR(changes.Tell(tx));
  return TellResponsibleCouncils(tx, child->name());
}

}  // namespace trusthub::children
