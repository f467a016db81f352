#include "services/plans/plans.h"

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/dates.h"
#include "common/rpc/paging.h"
#include "common/time/civil_date.h"
#include "services/plans/plan_rules.h"

namespace trusthub::plans {
namespace {

// Index that holds the one plan in force of a child; every version of such a plan carries the key.
constexpr char kOpenPlanIndex[] = "plans/open";

std::vector<store::IndexKey> OpenPlanKey(const v1::Plan& plan) {
  return {{kOpenPlanIndex, plan.child(), /*unique=*/true}};
}

absl::StatusOr<Named> WhatIsKnown(store::Transaction& tx,
                                  const v1::RecordConferenceRequest& request) {
  Named named;
  for (const std::string& agency : AgenciesNamedBy(request)) {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto fact, events::AgencyFactOf(tx, agency));
    if (fact.has_value()) named.agencies.insert(agency);
  }
  if (!request.key_worker().empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(named.worker, events::WorkerFactOf(tx, request.key_worker()));
  }
  return named;
}

// A relationship lets an agency see a plan; changing it is for the council that leads it.
absl::Status CheckLeads(const rpc::Call& call, const v1::Plan& plan, absl::string_view action) {
  if (plan.owner_agency() == call.caller.agency) return absl::OkStatus();
  return error::MethodNotPermitted(action);
}

// The part of an event that every change of this service shares.
template <class Record>
events::v1::Event EventAbout(const rpc::Call& call, const Record& record,
                             events::v1::EventKind kind) {
  events::v1::Event event;
  event.set_kind(kind);
  event.set_child(record.child());
  event.set_record(record.name());
  event.set_owner_agency(record.owner_agency());
  event.set_author_agency(call.caller.agency);
  return event;
}

absl::Status TellConference(rpc::Call& call, const v1::Conference& conference) {
  events::v1::Event event =
      EventAbout(call, conference, events::v1::EVENT_KIND_CONFERENCE_RECORDED);
  *event.mutable_occurred_at() = conference.occurred_at();
  return events::EmitAndApply(call.tx, event);
}

// `occurred` is when the change happened; no content of the plan leaves with the event.
absl::Status TellPlan(rpc::Call& call, const v1::Plan& plan, events::v1::EventKind kind,
                      absl::Time occurred) {
  events::v1::Event event = EventAbout(call, plan, kind);
  *event.mutable_occurred_at() = TimeToProto(occurred);
  events::v1::PlanFact& fact = *event.mutable_plan();
  fact.set_kind("CHILD_PROTECTION");
  *fact.mutable_start_date() = plan.start_date();
  if (plan.has_end_date()) *fact.mutable_end_date() = plan.end_date();
  *fact.mutable_core_group() = plan.core_group();
  std::set<std::string> doers;
  for (const v1::PlanAction& action : plan.actions()) doers.insert(action.owner_agency());
  fact.mutable_action_owners()->Assign(doers.begin(), doers.end());
  return events::EmitAndApply(call.tx, event);
}

}  // namespace

absl::StatusOr<std::optional<v1::Plan>> OpenPlanOf(store::Transaction& tx,
                                                   absl::string_view child) {
  TRUSTHUB_ASSIGN_OR_RETURN(store::Page<v1::Plan> page,
                            tx.ListByIndex<v1::Plan>(kOpenPlanIndex, child, 0, 1));
  if (page.records.empty()) return std::nullopt;
  return std::move(page.records.front());
}

absl::StatusOr<v1::RecordConferenceResponse> Plans::RecordConference(
    rpc::Call& call, const v1::RecordConferenceRequest& request) {
  v1::RecordConferenceResponse response;
  v1::Conference& conference = *response.mutable_conference();
  conference = request.conference();
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Time occurred, rpc::SettleOccurrence(call, &conference));
  const absl::CivilDay held = LondonDay(occurred);

  TRUSTHUB_ASSIGN_OR_RETURN(const Named named, WhatIsKnown(call.tx, request));
  const std::vector<error::Violation> violations =
      ViolationsOf(request, named, call.caller.agency, held);
  if (!violations.empty()) return error::RequestInvalid(violations);
  TRUSTHUB_RETURN_IF_ERROR(CheckConferenceDay(held));
  TRUSTHUB_RETURN_IF_ERROR(CheckQuorum(conference, call.caller.agency));

  if (conference.kind() == v1::CONFERENCE_KIND_INITIAL) {
    TRUSTHUB_RETURN_IF_ERROR(RecordInitial(call, request, held, &response));
  } else {
    TRUSTHUB_RETURN_IF_ERROR(RecordReview(call, request, held, &response));
  }
  return response;
}

absl::Status Plans::RecordInitial(rpc::Call& call, const v1::RecordConferenceRequest& request,
                                  absl::CivilDay held, v1::RecordConferenceResponse* response) {
  v1::Conference& conference = *response->mutable_conference();
  TRUSTHUB_ASSIGN_OR_RETURN(const auto enquiry,
                            events::DiscussionFactOf(call.tx, conference.enquiry()));
  TRUSTHUB_RETURN_IF_ERROR(CheckEnquiry(enquiry, conference.child(), held));
  if (!conference.plan_needed()) {
    TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(&conference, call.caller.agency, call.caller.agency));
    return TellConference(call, conference);
  }

  TRUSTHUB_ASSIGN_OR_RETURN(const auto open, OpenPlanOf(call.tx, conference.child()));
  if (open.has_value()) {
    return error::RecordExists("plan", "A child has one child protection plan at a time.");
  }
  // The conference and the plan name each other, so the plan's name is chosen first.
  conference.set_plan(NewName("plans"));
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(&conference, call.caller.agency, call.caller.agency));
  TRUSTHUB_ASSIGN_OR_RETURN(v1::Plan plan, PlanOf(request, conference, held, *rules_));
  plan.set_name(conference.plan());
  TRUSTHUB_RETURN_IF_ERROR(
      call.tx.Create(&plan, call.caller.agency, call.caller.agency, OpenPlanKey(plan)));
  TRUSTHUB_RETURN_IF_ERROR(TellConference(call, conference));
  TRUSTHUB_RETURN_IF_ERROR(
      TellPlan(call, plan, events::v1::EVENT_KIND_PLAN_STARTED, TimeFromProto(plan.occurred_at())));
  *response->mutable_plan() = std::move(plan);
  return absl::OkStatus();
}

absl::Status Plans::RecordReview(rpc::Call& call, const v1::RecordConferenceRequest& request,
                                 absl::CivilDay held, v1::RecordConferenceResponse* response) {
  v1::Conference& conference = *response->mutable_conference();
  TRUSTHUB_ASSIGN_OR_RETURN(auto plan, OpenPlanOf(call.tx, conference.child()));
  if (!plan.has_value()) {
    return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING,
                             "A review conference reviews a child protection plan in force.",
                             "Hold an initial conference when the child has no plan.");
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckLeads(call, *plan, "conferences.record"));
  TRUSTHUB_RETURN_IF_ERROR(CheckReviewDay(*plan, held));
  conference.set_plan(plan->name());
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Create(&conference, call.caller.agency, call.caller.agency));
  TRUSTHUB_RETURN_IF_ERROR(TellConference(call, conference));
  // A plan that is no longer needed stays as it is until EndPlan says on which day it ends.
  if (!conference.plan_needed()) return absl::OkStatus();
  TRUSTHUB_RETURN_IF_ERROR(ApplyReview(request, held, *rules_, &*plan));
  TRUSTHUB_RETURN_IF_ERROR(call.tx.UpdateNewest(&*plan, OpenPlanKey(*plan)));
  TRUSTHUB_RETURN_IF_ERROR(TellPlan(call, *plan, events::v1::EVENT_KIND_PLAN_CHANGED,
                                    TimeFromProto(conference.occurred_at())));
  *response->mutable_plan() = *std::move(plan);
  return absl::OkStatus();
}

absl::StatusOr<v1::GetConferenceResponse> Plans::GetConference(
    rpc::Call& call, const v1::GetConferenceRequest& request) {
  v1::GetConferenceResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_conference(),
                            call.tx.Get<v1::Conference>(request.name()));
  return response;
}

absl::StatusOr<v1::GetPlanResponse> Plans::GetPlan(rpc::Call& call,
                                                   const v1::GetPlanRequest& request) {
  v1::GetPlanResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(*response.mutable_plan(), call.tx.Get<v1::Plan>(request.name()));
  return response;
}

absl::StatusOr<v1::ListPlansResponse> Plans::ListPlans(rpc::Call& call,
                                                       const v1::ListPlansRequest& request) {
  v1::ListPlansResponse response;
  TRUSTHUB_RETURN_IF_ERROR(rpc::FillPage(
      call, request,
      [&](std::int64_t after, int size) {
        return call.tx.ListByChild<v1::Plan>(request.child(), after, size);
      },
      response.mutable_plans(), response.mutable_next_page_token()));
  return response;
}

absl::StatusOr<v1::RecordCoreGroupResponse> Plans::RecordCoreGroup(
    rpc::Call& call, const v1::RecordCoreGroupRequest& request) {
  TRUSTHUB_ASSIGN_OR_RETURN(v1::Plan plan, call.tx.Get<v1::Plan>(request.name()));
  TRUSTHUB_RETURN_IF_ERROR(CheckLeads(call, plan, "plans.record_core_group"));
  TRUSTHUB_RETURN_IF_ERROR(CheckActive(plan, "recording a core group"));
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay met,
                            rpc::FullDay("meeting_date", request.meeting_date()));
  TRUSTHUB_RETURN_IF_ERROR(AddCoreGroup(met, LondonDay(call.now), &plan));
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(&plan, request.etag(), OpenPlanKey(plan)));
  TRUSTHUB_RETURN_IF_ERROR(
      TellPlan(call, plan, events::v1::EVENT_KIND_PLAN_CHANGED, absl::FromCivil(met, London())));
  v1::RecordCoreGroupResponse response;
  *response.mutable_plan() = std::move(plan);
  return response;
}

absl::StatusOr<v1::EndPlanResponse> Plans::EndPlan(rpc::Call& call,
                                                   const v1::EndPlanRequest& request) {
  TRUSTHUB_ASSIGN_OR_RETURN(v1::Plan plan, call.tx.Get<v1::Plan>(request.name()));
  TRUSTHUB_RETURN_IF_ERROR(CheckLeads(call, plan, "plans.end"));
  TRUSTHUB_RETURN_IF_ERROR(CheckActive(plan, "ending it again"));
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay end, rpc::FullDay("end_date", request.end_date()));
  // A conference that does not exist and one of another plan get the same answer.
  absl::StatusOr<v1::Conference> review = call.tx.Get<v1::Conference>(request.review_conference());
  if (!review.ok() && !absl::IsNotFound(review.status())) return review.status();
  const v1::Conference decided = review.ok() ? *std::move(review) : v1::Conference();
  TRUSTHUB_RETURN_IF_ERROR(CheckEndBasis(plan, decided));
  TRUSTHUB_RETURN_IF_ERROR(EndOn(end, LondonDay(call.now), decided, &plan));
  // Without its key the child is free for another plan.
  TRUSTHUB_RETURN_IF_ERROR(call.tx.Update(&plan, request.etag()));
  TRUSTHUB_RETURN_IF_ERROR(
      TellPlan(call, plan, events::v1::EVENT_KIND_PLAN_ENDED, absl::FromCivil(end, London())));
  v1::EndPlanResponse response;
  *response.mutable_plan() = std::move(plan);
  return response;
}

}  // namespace trusthub::plans
