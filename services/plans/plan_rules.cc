#include "services/plans/plan_rules.h"

#include <algorithm>
#include <vector>

#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/rpc/dates.h"
#include "common/time/civil_date.h"

namespace trusthub::plans {
namespace {

absl::Status DateForbidden(absl::string_view rule, absl::string_view next) {
  return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN, rule, next);
}

absl::StatusOr<absl::CivilDay> StartOf(const v1::Plan& plan) {
  absl::StatusOr<absl::CivilDay> start = DateFromProto(plan.start_date());
  if (!start.ok()) return error::Internal("a plan has no start date");
  return start;
}

}  // namespace

absl::StatusOr<v1::Plan> PlanOf(const v1::RecordConferenceRequest& request,
                                const v1::Conference& conference, absl::CivilDay held,
                                const timescales::Rules& rules) {
  TRUSTHUB_ASSIGN_OR_RETURN(const timescales::Deadline core_group,
                            rpc::DeadlineFor(rules, "CP.CORE_GROUP.FIRST", held));
  TRUSTHUB_ASSIGN_OR_RETURN(const timescales::Deadline review,
                            rpc::DeadlineFor(rules, "CP.REVIEW.FIRST", held));
  v1::Plan plan;
  plan.set_child(conference.child());
  *plan.mutable_occurred_at() = conference.occurred_at();
  plan.set_state(v1::PLAN_STATE_ACTIVE);
  plan.set_kind(v1::PLAN_KIND_CHILD_PROTECTION);
  plan.set_conference(conference.name());
  plan.set_abuse_category(conference.abuse_category());
  *plan.mutable_start_date() = DateToProto(held);
  plan.set_key_worker(request.key_worker());
  *plan.mutable_core_group() = request.core_group();
  *plan.mutable_actions() = request.actions();
  plan.set_contingency(request.contingency());
  *plan.mutable_first_core_group_due_date() = DateToProto(core_group.due);
  *plan.mutable_review_due_date() = DateToProto(review.due);
  return plan;
}

absl::Status ApplyReview(const v1::RecordConferenceRequest& request, absl::CivilDay held,
                         const timescales::Rules& rules, v1::Plan* plan) {
  TRUSTHUB_ASSIGN_OR_RETURN(const timescales::Deadline next,
                            rpc::DeadlineFor(rules, "CP.REVIEW.NEXT", held));
  const absl::StatusOr<absl::CivilDay> due = DateFromProto(plan->review_due_date());
  if (!due.ok() || next.due > *due) *plan->mutable_review_due_date() = DateToProto(next.due);
  if (!request.conference().abuse_category().empty()) {
    plan->set_abuse_category(request.conference().abuse_category());
  }
  if (!request.actions().empty()) *plan->mutable_actions() = request.actions();
  if (!request.key_worker().empty()) plan->set_key_worker(request.key_worker());
  if (!request.core_group().empty()) *plan->mutable_core_group() = request.core_group();
  if (!request.contingency().empty()) plan->set_contingency(request.contingency());
  return absl::OkStatus();
}

absl::Status CheckActive(const v1::Plan& plan, absl::string_view action) {
  if (plan.state() == v1::PLAN_STATE_ACTIVE) return absl::OkStatus();
  return error::StateForbids("plan", "ENDED", action);
}

absl::Status AddCoreGroup(absl::CivilDay met, absl::CivilDay today, v1::Plan* plan) {
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay start, StartOf(*plan));
  if (met > today) {
    return DateForbidden("A core group that was recorded has met: its date is not in the future.",
                         "Record the core group after it met.");
  }
  if (met < start) {
    return DateForbidden("A core group does not meet before its plan began.",
                         "Check meeting_date, or name the right plan.");
  }
  std::vector<absl::CivilDay> days = {met};
  for (const types::v1::Date& date : plan->core_group_dates()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay day, DateFromProto(date));
    if (day == met) {
      return error::RecordExists("core group", "A plan has one core group a day.");
    }
    days.push_back(day);
  }
  std::sort(days.begin(), days.end());
  plan->clear_core_group_dates();
  for (const absl::CivilDay day : days) *plan->add_core_group_dates() = DateToProto(day);
  return absl::OkStatus();
}

absl::Status CheckEndBasis(const v1::Plan& plan, const v1::Conference& review) {
  if (review.kind() == v1::CONFERENCE_KIND_REVIEW && review.plan() == plan.name() &&
      !review.plan_needed()) {
    return absl::OkStatus();
  }
  return error::RuleBroken(
      errors::v1::ERROR_REASON_BASIS_MISSING,
      "A plan ends by a review conference of this plan that found it no longer "
      "needed.",
      "Record that review conference first and name it.");
}

absl::Status EndOn(absl::CivilDay end, absl::CivilDay today, const v1::Conference& review,
                   v1::Plan* plan) {
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay start, StartOf(*plan));
  if (end <= start) {
    return DateForbidden("A plan ends after the day on which it began, never on that day.",
                         "Check end_date against the plan's start_date.");
  }
  if (end > today) {
    return DateForbidden("A plan's last day is not in the future.",
                         "End the plan when the day has come.");
  }
  if (end < LondonDay(TimeFromProto(review.occurred_at()))) {
    return DateForbidden("A plan does not end before the review conference that decided so.",
                         "Check end_date, or name the right conference.");
  }
  plan->set_state(v1::PLAN_STATE_ENDED);
  *plan->mutable_end_date() = DateToProto(end);
  return absl::OkStatus();
}

}  // namespace trusthub::plans
