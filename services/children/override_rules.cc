#include "services/children/override_rules.h"

#include <set>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/events/consents.h"
#include "common/events/facts.h"
#include "common/time/civil_date.h"
#include "services/children/substance.h"

namespace trusthub::children {
namespace {

constexpr int kReasonCharactersMin = 20;
constexpr int kReasonWordsMin = 4;
constexpr absl::Duration kLongest = absl::Hours(42 * 24);

bool HasSubstance(absl::string_view reason) {
  return CharactersIn(reason) >= kReasonCharactersMin &&
         DifferentWordsIn(reason) >= kReasonWordsMin && !IsFiller(reason);
}

bool IsOpen(policy::ConsentStanding standing) {
  return standing == policy::ConsentStanding::kGiven ||
         standing == policy::ConsentStanding::kNotRequired;
}

}  // namespace

std::vector<error::Violation> ViolationsOf(const v1::ConsentOverride& consent_override,
                                           const AgencyKinds& known, absl::Time now) {
  std::vector<error::Violation> violations;
  const auto unless = [&](bool holds, absl::string_view field, absl::string_view rule) {
    if (!holds) {
      violations.push_back({absl::StrCat("consent_override.", field), std::string(rule)});
    }
  };
  unless(consent_override.basis() != v1::OVERRIDE_BASIS_COURT_ORDER ||
             !absl::StripAsciiWhitespace(consent_override.basis_record()).empty(),
         "basis_record", "is required for COURT_ORDER: the order's number");
  for (int i = 0; i < consent_override.to_agencies_size(); ++i) {
    unless(known.count(consent_override.to_agencies(i)) > 0, absl::StrCat("to_agencies[", i, "]"),
           "must be an agency of the directory");
  }
  unless(HasSubstance(consent_override.reason()), "reason",
         "must say why in at least 20 characters and four different words");
  const absl::Time expiry = TimeFromProto(consent_override.expire_time());
  unless(expiry > now, "expire_time", "must lie in the future");
  unless(expiry <= now + kLongest, "expire_time", "must lie within 42 days");
  return violations;
}

absl::Status CheckBasis(const v1::ConsentOverride& consent_override,
                        const internal::v1::ChildFacts& facts) {
  if (consent_override.basis() != v1::OVERRIDE_BASIS_SECTION_47) return absl::OkStatus();
  const bool live = absl::c_any_of(facts.enquiries(), [&](const internal::v1::EnquiryState& state) {
    return !state.concluded() && state.enquiry() == consent_override.basis_record();
  });
  if (live) return absl::OkStatus();
  return error::RuleBroken(
      errors::v1::ERROR_REASON_BASIS_MISSING,
      "Section 47 outweighs consent while an enquiry about this child is live.",
      "Name the live enquiry in basis_record; start it first, after a strategy discussion.");
}

std::vector<std::string> RecordersOverridden(const v1::ConsentOverride& consent_override,
                                             const AgencyKinds& kinds,
                                             const internal::v1::ChildFacts& facts,
                                             absl::Time now) {
  // An earlier override changes nothing about what was said.
  internal::v1::ChildFacts said = facts;
  said.clear_consent_overrides();
  std::set<std::string> recorders;
  for (const int value : consent_override.purposes()) {
    const auto purpose = static_cast<options::v1::Purpose>(value);
    for (const auto& [agency, kind] : kinds) {
      const std::string kind_name(
          absl::StripPrefix(directory::v1::AgencyKind_Name(kind), "AGENCY_KIND_"));
      const events::Seeker seeker{agency, kind_name, "", purpose};
      if (IsOpen(events::ConsentOf(said, seeker, now))) continue;
      const events::ConsentsInForce in_force = events::ConsentsFor(said, purpose);
      if (in_force.newest != nullptr) recorders.insert(in_force.newest->recorded_by());
      for (const events::v1::ConsentFact* consent : in_force.taken_back) {
        recorders.insert(consent->recorded_by());
      }
    }
  }
  return {recorders.begin(), recorders.end()};
}

}  // namespace trusthub::children
