// File: conference_fixture.h
//
// The conference of scenario 5 as the tests send it: Thursday 22 April 2010, three agencies, a
// plan.
#ifndef TRUSTHUB_SERVICES_PLANS_CONFERENCE_FIXTURE_H_
#define TRUSTHUB_SERVICES_PLANS_CONFERENCE_FIXTURE_H_

#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/time/civil_date.h"
#include "trusthub/plans/v1/plans_service.pb.h"

namespace trusthub::plans {

inline constexpr char kCouncil[] = "agencies/redbridge-council";
inline constexpr char kPolice[] = "agencies/police";
inline constexpr char kSchool[] = "agencies/school";
inline constexpr char kKeyWorker[] = "workers/asha";
inline constexpr char kChild[] = "children/c1";
inline constexpr char kEnquiry[] = "enquiries/e1";
inline const absl::CivilDay kHeld(2010, 4, 22);

// Noon in London.
inline absl::Time NoonOf(absl::CivilDay day) {
  return absl::FromCivil(absl::CivilHour(day) + 12, London());
}

inline void Attend(v1::Conference* conference, std::initializer_list<absl::string_view> agencies) {
  conference->clear_attendance();
  for (const absl::string_view agency : agencies) {
    conference->add_attendance()->set_agency(std::string(agency));
  }
}

inline v1::PlanAction Action(absl::CivilDay due) {
  v1::PlanAction action;
  action.set_need("Regular meals");
  action.set_outcome("The child eats breakfast every school day");
  action.set_measure("School breakfast register");
  action.set_action("Place at the breakfast club");
  action.set_owner_agency(kSchool);
  action.set_owner("Designated lead");
  *action.mutable_due_date() = DateToProto(due);
  return action;
}

// A conference that makes a plan.
inline v1::RecordConferenceRequest InitialRequest(absl::CivilDay held = kHeld) {
  v1::RecordConferenceRequest request;
  v1::Conference& conference = *request.mutable_conference();
  conference.set_child(kChild);
  *conference.mutable_occurred_at() = TimeToProto(NoonOf(held));
  conference.set_kind(v1::CONFERENCE_KIND_INITIAL);
  conference.set_enquiry(kEnquiry);
  Attend(&conference, {kCouncil, kPolice, kSchool});
  conference.set_plan_needed(true);
  conference.set_abuse_category("EMO");
  conference.set_decision_reason("Continuing risk of significant harm.");
  *request.add_actions() = Action(held + 14);
  request.set_key_worker(kKeyWorker);
  request.add_core_group(kCouncil);
  request.add_core_group(kSchool);
  request.set_contingency("Legal planning meeting within five working days.");
  return request;
}

// A review that keeps the plan as it is.
inline v1::RecordConferenceRequest ReviewRequest(absl::CivilDay held, bool plan_needed) {
  v1::RecordConferenceRequest request;
  v1::Conference& conference = *request.mutable_conference();
  conference.set_child(kChild);
  *conference.mutable_occurred_at() = TimeToProto(NoonOf(held));
  conference.set_kind(v1::CONFERENCE_KIND_REVIEW);
  Attend(&conference, {kCouncil, kPolice, kSchool});
  conference.set_plan_needed(plan_needed);
  conference.set_decision_reason("Progress against each outcome was reviewed.");
  return request;
}

}  // namespace trusthub::plans

#endif  // TRUSTHUB_SERVICES_PLANS_CONFERENCE_FIXTURE_H_
