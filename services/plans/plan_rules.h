// File: plan_rules.h
//
// The rules of a plan's life as pure functions: how it begins, what a review changes, when a core
// group may have met, when it may end (domain.md 1.5, 7 rows 21-23).
#ifndef TRUSTHUB_SERVICES_PLANS_PLAN_RULES_H_
#define TRUSTHUB_SERVICES_PLANS_PLAN_RULES_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "common/timescales/rules.h"
#include "trusthub/plans/v1/plan.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"

namespace trusthub::plans {

// The plan that an initial conference held on `held` makes; its first core group (10 working days)
// and first review (3 months) fall due by the rules in force that day. `conference` has its name.
absl::StatusOr<v1::Plan> PlanOf(const v1::RecordConferenceRequest& request,
                                const v1::Conference& conference, absl::CivilDay held,
                                const timescales::Rules& rules);

// Applies a review held on `held` that keeps `plan` going: what the request gives replaces the
// plan's, and the next review falls due by CP.REVIEW.NEXT. A review that is recorded after a later
// one moves no date back.
absl::Status ApplyReview(const v1::RecordConferenceRequest& request, absl::CivilDay held,
                         const timescales::Rules& rules, v1::Plan* plan);

// STATE_FORBIDS unless the plan is in force. `action` as in "end it".
absl::Status CheckActive(const v1::Plan& plan, absl::string_view action);

// Adds a meeting of the core group, keeping the dates in order. DATE_FORBIDDEN in the future of
// `today` or before the plan began; RECORD_EXISTS for a day that is recorded already.
absl::Status AddCoreGroup(absl::CivilDay met, absl::CivilDay today, v1::Plan* plan);

// BASIS_MISSING unless `review` is a review conference of `plan` that found no plan needed.
absl::Status CheckEndBasis(const v1::Plan& plan, const v1::Conference& review);

// Ends the plan on `end`. DATE_FORBIDDEN unless it lies after the first day (a plan never starts
// and ends on one day), not before the review that decided so and not in the future of `today`.
absl::Status EndOn(absl::CivilDay end, absl::CivilDay today, const v1::Conference& review,
                   v1::Plan* plan);

}  // namespace trusthub::plans

#endif  // TRUSTHUB_SERVICES_PLANS_PLAN_RULES_H_
