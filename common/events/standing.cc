// How a worker of an agency stands to a child, by the facts of other services.
#include <algorithm>

#include "common/events/consents.h"
#include "common/events/facts.h"
#include "common/time/civil_date.h"

namespace trusthub::events {
namespace {

using policy::ConsentStanding;

template <class List, class Value>
bool Holds(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Presenting ends when it ends: its end is a rule of its own.
bool HasClosingWindow(const v1::InvolvementFact& involvement) {
  return involvement.kind() != "PRESENTING";
}

bool HasEnded(const google::protobuf::Timestamp& end, absl::Time now) {
  return TimeFromProto(end) <= now;
}

// Services ask with no worker: what is a worker's own is never theirs.
bool IsOf(absl::string_view worker, const Seeker& seeker) {
  return !worker.empty() && worker == seeker.worker;
}

bool IsConflicted(const internal::v1::ChildFacts& facts, const Seeker& seeker, absl::Time now) {
  for (const v1::ConflictFact& conflict : facts.conflicts()) {
    if (IsOf(conflict.worker(), seeker) &&
        !(conflict.has_end_time() && HasEnded(conflict.end_time(), now))) {
      return true;
    }
  }
  return false;
}

bool IsAllocated(const internal::v1::ChildFacts& facts, const Seeker& seeker, absl::Time now,
                 absl::Duration closing_window) {
  for (const v1::AllocationFact& allocation : facts.allocations()) {
    if (IsOf(allocation.worker(), seeker) && allocation.agency() == seeker.agency &&
        !(allocation.has_end_time() && HasEnded(allocation.end_time(), now - closing_window))) {
      return true;
    }
  }
  return false;
}

std::uint64_t OpenedCategories(const internal::v1::ChildFacts& facts, const Seeker& seeker,
                               absl::Time now) {
  std::uint64_t categories = 0;
  for (const v1::BreakGlassFact& access : facts.break_glasses()) {
    if (!IsOf(access.worker(), seeker) || access.agency() != seeker.agency ||
        access.purpose() != seeker.purpose || HasEnded(access.expire_time(), now)) {
      continue;
    }
    for (const int category : access.categories()) {
      if (category > 0 && category < 64) categories |= std::uint64_t{1} << category;
    }
  }
  return categories;
}

bool HasLiveEnquiry(const internal::v1::ChildFacts& facts) {
  return std::any_of(facts.enquiries().begin(), facts.enquiries().end(),
                     [](const internal::v1::EnquiryState& state) { return !state.concluded(); });
}

bool IsOverridden(const internal::v1::ChildFacts& facts, const Seeker& seeker, absl::Time now) {
  for (const v1::OverrideFact& override_fact : facts.consent_overrides()) {
    if (Holds(override_fact.to_agencies(), seeker.agency) &&
        Holds(override_fact.purposes(), static_cast<int>(seeker.purpose)) &&
        !HasEnded(override_fact.expire_time(), now)) {
      return true;
    }
  }
  return false;
}

// Whether the consent, as it stands, says no to the seeker.
bool SaysNo(const v1::ConsentFact& consent, const Seeker& seeker) {
  return consent.decision() == "REFUSED" || consent.decision() == "WITHDRAWN" ||
         Holds(consent.excluded_agencies(), seeker.agency) ||
         Holds(consent.excluded_kinds(), seeker.agency_kind);
}

bool IsInScope(const v1::ConsentFact& consent, const Seeker& seeker) {
  const bool names_some = !consent.agencies().empty() || !consent.agency_kinds().empty();
  return !names_some || Holds(consent.agencies(), seeker.agency) ||
         Holds(consent.agency_kinds(), seeker.agency_kind);
}

bool IsInDate(const v1::ConsentFact& consent, absl::CivilDay today) {
  if (!consent.has_expiry_date()) return true;
  const auto expiry = DateFromProto(consent.expiry_date());
  // A day that is not wholly known cannot be rested on.
  return expiry.ok() && today <= *expiry;
}

// A no outlasts the consent's last day: nobody has said yes since.
ConsentStanding StandingUnder(const v1::ConsentFact& consent, const Seeker& seeker,
                              absl::CivilDay today) {
  if (SaysNo(consent, seeker)) return ConsentStanding::kRefused;
  if (!IsInScope(consent, seeker) || !IsInDate(consent, today)) return ConsentStanding::kNone;
  if (consent.decision() == "GIVEN") return ConsentStanding::kGiven;
  if (consent.decision() == "NOT_REQUIRED") return ConsentStanding::kNotRequired;
  return ConsentStanding::kNone;
}

}  // namespace

policy::ConsentStanding ConsentOf(const internal::v1::ChildFacts& facts, const Seeker& seeker,
                                  absl::Time now) {
  if (IsOverridden(facts, seeker, now)) return ConsentStanding::kOverridden;
  const ConsentsInForce in_force = ConsentsFor(facts, seeker.purpose);
  if (in_force.newest == nullptr) return ConsentStanding::kNone;
  for (const v1::ConsentFact* consent : in_force.taken_back) {
    if (SaysNo(*consent, seeker)) return ConsentStanding::kRefused;
  }
  return StandingUnder(*in_force.newest, seeker, LondonDay(now));
}

policy::Standing StandingOf(const internal::v1::ChildFacts& facts, const Seeker& seeker,
                            absl::Time now, const StandingRules& rules) {
  policy::Standing standing;
  if (IsConflicted(facts, seeker, now)) {
    standing.conflicted = true;
    return standing;
  }
  for (const v1::InvolvementFact& involvement : facts.involvements()) {
    if (involvement.agency() != seeker.agency || seeker.agency.empty()) continue;
    const absl::Duration window =
        HasClosingWindow(involvement) ? rules.closing_window : absl::ZeroDuration();
    if (involvement.has_end_time() && HasEnded(involvement.end_time(), now - window)) continue;
    standing.relations |= RelationOf(involvement.kind());
  }
  if (IsAllocated(facts, seeker, now, rules.closing_window)) {
    standing.relations |= policy::kAllocated;
  }
  standing.break_glass_categories = OpenedCategories(facts, seeker, now);
  if (standing.break_glass_categories != 0) standing.relations |= policy::kBreakGlass;
  standing.child_flags = FlagsOf(facts, LondonDay(now));
  if (HasLiveEnquiry(facts)) standing.child_flags |= policy::kLiveEnquiry;
  standing.consent = ConsentOf(facts, seeker, now);
  return standing;
}

}  // namespace trusthub::events
