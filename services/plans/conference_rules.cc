#include "services/plans/conference_rules.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/time/civil_date.h"

namespace trusthub::plans {
namespace {

// Agencies beside the council without which there is no quorum (domain.md 2.5, conference quorum).
constexpr std::size_t kOtherAgenciesMin = 2;
// Outcome of an enquiry after which a conference is held (EnquiryOutcome without its prefix).
constexpr char kConferenceOutcome[] = "SUBSTANTIATED_CONFERENCE";

constexpr char kUnknownAgency[] = "must be an agency of the directory";

// Collects violations in the order of the request's fields.
class Violations {
 public:
  void Add(std::string field, std::string rule) {
    all_.push_back({std::move(field), std::move(rule)});
  }
  void Unless(bool holds, std::string field, std::string rule) {
    if (!holds) Add(std::move(field), std::move(rule));
  }
  std::vector<error::Violation> Take() { return std::move(all_); }

 private:
  std::vector<error::Violation> all_;
};

void CheckAttendance(const v1::Conference& conference, const Named& named, Violations& found) {
  for (int i = 0; i < conference.attendance_size(); ++i) {
    found.Unless(named.agencies.count(conference.attendance(i).agency()) > 0,
                 absl::StrCat("conference.attendance[", i, "].agency"), kUnknownAgency);
  }
}

void CheckActions(const v1::RecordConferenceRequest& request, const Named& named,
                  absl::CivilDay held, Violations& found) {
  for (int i = 0; i < request.actions_size(); ++i) {
    const v1::PlanAction& action = request.actions(i);
    const std::string path = absl::StrCat("actions[", i, "].");
    found.Unless(named.agencies.count(action.owner_agency()) > 0, path + "owner_agency",
                 kUnknownAgency);
    const absl::StatusOr<absl::CivilDay> due = DateFromProto(action.due_date());
    if (!due.ok()) {
      found.Add(path + "due_date", "must be a real day with all three parts");
    } else if (*due < held) {
      found.Add(path + "due_date", "must not lie before the conference");
    }
  }
}

void CheckKeyWorker(const v1::RecordConferenceRequest& request, const Named& named,
                    absl::string_view council, Violations& found) {
  found.Unless(named.worker.has_value() && named.worker->agency() == council, "key_worker",
               "must be a worker of your agency whom the directory holds");
}

void CheckCoreGroup(const v1::RecordConferenceRequest& request, const Named& named,
                    absl::string_view council, Violations& found) {
  bool has_council = false;
  for (int i = 0; i < request.core_group_size(); ++i) {
    has_council = has_council || request.core_group(i) == council;
    found.Unless(named.agencies.count(request.core_group(i)) > 0,
                 absl::StrCat("core_group[", i, "]"), kUnknownAgency);
  }
  found.Unless(has_council, "core_group", "must contain your own agency, which leads the plan");
}

void CheckNothingOfAPlan(const v1::RecordConferenceRequest& request, Violations& found) {
  const std::string rule = "must be left out when no plan is needed";
  found.Unless(request.conference().abuse_category().empty(), "conference.abuse_category", rule);
  found.Unless(request.actions().empty(), "actions", rule);
  found.Unless(request.key_worker().empty(), "key_worker", rule);
  found.Unless(request.core_group().empty(), "core_group", rule);
  found.Unless(request.contingency().empty(), "contingency", rule);
}

}  // namespace

std::set<std::string> AgenciesNamedBy(const v1::RecordConferenceRequest& request) {
  std::set<std::string> names(request.core_group().begin(), request.core_group().end());
  for (const v1::ConferenceAttendance& present : request.conference().attendance()) {
    names.insert(present.agency());
  }
  for (const v1::PlanAction& action : request.actions()) names.insert(action.owner_agency());
  return names;
}

std::vector<error::Violation> ViolationsOf(const v1::RecordConferenceRequest& request,
                                           const Named& named, absl::string_view council,
                                           absl::CivilDay held) {
  Violations found;
  const v1::Conference& conference = request.conference();
  const bool initial = conference.kind() == v1::CONFERENCE_KIND_INITIAL;
  found.Unless(!initial || !conference.enquiry().empty(), "conference.enquiry",
               "is required for an initial conference");
  CheckAttendance(conference, named, found);
  if (!conference.plan_needed()) {
    CheckNothingOfAPlan(request, found);
    return found.Take();
  }
  const std::string required = "is required when an initial conference makes a plan";
  found.Unless(!initial || !conference.abuse_category().empty(), "conference.abuse_category",
               required);
  found.Unless(!initial || !request.actions().empty(), "actions", required);
  CheckActions(request, named, held, found);
  if (!request.key_worker().empty()) {
    CheckKeyWorker(request, named, council, found);
  } else {
    found.Unless(!initial, "key_worker", required);
  }
  if (!request.core_group().empty()) {
    CheckCoreGroup(request, named, council, found);
  } else {
    found.Unless(!initial, "core_group", required);
  }
  found.Unless(!initial || !request.contingency().empty(), "contingency", required);
  return found.Take();
}

absl::Status CheckConferenceDay(absl::CivilDay held) {
  const absl::Weekday weekday = absl::GetWeekday(held);
  if (weekday != absl::Weekday::saturday && weekday != absl::Weekday::sunday) {
    return absl::OkStatus();
  }
  return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN,
                           "A conference is not held on a Saturday or Sunday.",
                           "Check occurred_at: it is when the conference was held, in London.");
}

absl::Status CheckEnquiry(const std::optional<events::v1::DiscussionFact>& enquiry,
                          absl::string_view child, absl::CivilDay held) {
  if (!enquiry.has_value() || enquiry->child() != child ||
      enquiry->outcome() != kConferenceOutcome) {
    return error::RuleBroken(
        errors::v1::ERROR_REASON_BASIS_MISSING,
        "An initial conference rests on a concluded section 47 enquiry of this child whose outcome "
        "asks for a conference (Children Act 1989 s47; Working Together 2010 5.80).",
        "Conclude the enquiry with SUBSTANTIATED_CONFERENCE, or name the right one.");
  }
  if (enquiry->has_held_time() && held < LondonDay(TimeFromProto(enquiry->held_time()))) {
    return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN,
                             "A conference is not held before the discussion it follows.",
                             "Check occurred_at: it is when the conference was held.");
  }
  return absl::OkStatus();
}

absl::Status CheckQuorum(const v1::Conference& conference, absl::string_view council) {
  std::set<absl::string_view> others;
  bool has_council = false;
  for (const v1::ConferenceAttendance& present : conference.attendance()) {
    if (present.agency() == council) {
      has_council = true;
    } else {
      others.insert(present.agency());
    }
  }
  if (has_council && others.size() >= kOtherAgenciesMin) return absl::OkStatus();
  return error::RuleBroken(
      errors::v1::ERROR_REASON_QUORUM_MISSING,
      absl::StrCat("A conference needs the council and at least ", kOtherAgenciesMin,
                   " other agencies with direct contact with the child."),
      "Record everybody who attended, or hold the conference again with a quorum.");
}

absl::Status CheckReviewDay(const v1::Plan& plan, absl::CivilDay held) {
  const absl::StatusOr<absl::CivilDay> start = DateFromProto(plan.start_date());
  if (!start.ok()) return error::Internal("a plan has no start date");
  if (held > *start) return absl::OkStatus();
  return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN,
                           "A review conference is held after the day on which the plan began.",
                           "Check occurred_at: it is when the conference was held, in London.");
}

}  // namespace trusthub::plans
