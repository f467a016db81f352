// File: conference_rules.h
//
// The rules of child protection conferences (domain.md 1.5, 2.5; Working Together 2010 chapter 5)
// as pure functions: what they rest on comes in as arguments, nothing is read or written.
#ifndef TRUSTHUB_SERVICES_PLANS_CONFERENCE_RULES_H_
#define TRUSTHUB_SERVICES_PLANS_CONFERENCE_RULES_H_

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "common/error/error.h"
#include "trusthub/events/v1/event.pb.h"
#include "trusthub/plans/v1/plan.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"

namespace trusthub::plans {

// What the directory knows of the agencies and the worker that a request names.
struct Named {
  std::set<std::string> agencies;                // those of the request that the directory holds
  std::optional<events::v1::WorkerFact> worker;  // the key worker, when the directory holds it
};

// Every agency that the request names, each once: attendance, core group, owners of actions.
std::set<std::string> AgenciesNamedBy(const v1::RecordConferenceRequest& request);

// Every violation of the request that needs no other record of the hub, in field order.
//   INITIAL that needs a plan: category, at least one action, key worker of `council`, core group
//   with `council` in it, contingency. REVIEW that needs one: what is given replaces the plan's, by
//   the same rules. No plan needed: none of these may be sent, for they would be lost.
// `held` is the conference's day; no action is due before it.
std::vector<error::Violation> ViolationsOf(const v1::RecordConferenceRequest& request,
                                           const Named& named, absl::string_view council,
                                           absl::CivilDay held);

// DATE_FORBIDDEN on a Saturday or Sunday.
absl::Status CheckConferenceDay(absl::CivilDay held);

// BASIS_MISSING unless `enquiry` is of `child` and its outcome asks for a conference;
// DATE_FORBIDDEN when the conference lies before the enquiry's discussion. Whether the enquiry
// exists, is another child's, or has another outcome makes no difference to the answer.
absl::Status CheckEnquiry(const std::optional<events::v1::DiscussionFact>& enquiry,
                          absl::string_view child, absl::CivilDay held);

// QUORUM_MISSING unless `council` and at least two other agencies were there.
absl::Status CheckQuorum(const v1::Conference& conference, absl::string_view council);

// DATE_FORBIDDEN unless a review is held after the plan's first day.
absl::Status CheckReviewDay(const v1::Plan& plan, absl::CivilDay held);

}  // namespace trusthub::plans

#endif  // TRUSTHUB_SERVICES_PLANS_CONFERENCE_RULES_H_
