#include "services/children/consent_rules.h"

#include <optional>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/time/civil_date.h"
#include "common/timescales/calendar.h"

namespace trusthub::children {
namespace {

constexpr int kMonthsAYear = 12;
// From this birthday on a child is presumed able to decide (Family Law Reform Act 1969 s8).
constexpr int kPresumedAbleYears = 16;
// On this birthday childhood and parental responsibility end (Children Act 1989 s105).
constexpr int kAdultYears = 18;

// Collects violations in the order of the request's fields.
class Violations {
 public:
  void Unless(bool holds, absl::string_view field, absl::string_view rule) {
    if (!holds) all_.push_back({absl::StrCat("consent.", field), std::string(rule)});
  }
  std::vector<error::Violation> Take() { return std::move(all_); }

 private:
  std::vector<error::Violation> all_;
};

bool SomebodyDecided(v1::ConsentDecision decision) {
  return decision == v1::CONSENT_DECISION_GIVEN || decision == v1::CONSENT_DECISION_REFUSED;
}

void CheckScope(const v1::Consent& consent, const AgencyKinds& known, Violations& found) {
  constexpr absl::string_view kUnknown = "must be an agency of the directory";
  const bool refused = consent.decision() == v1::CONSENT_DECISION_REFUSED;
  constexpr absl::string_view kNoScope =
      "must be left out: a refusal is to all; record what was given, and exclude the others";
  found.Unless(!refused || consent.agencies().empty(), "agencies", kNoScope);
  for (int i = 0; i < consent.agencies_size(); ++i) {
    const auto kind = known.find(consent.agencies(i));
    const std::string field = absl::StrCat("agencies[", i, "]");
    found.Unless(kind != known.end(), field, kUnknown);
    found.Unless(kind == known.end() || !absl::c_linear_search(consent.excluded_kinds(),
                                                               static_cast<int>(kind->second)),
                 field, "must not be of a kind that is excluded");
  }
  found.Unless(!refused || consent.agency_kinds().empty(), "agency_kinds", kNoScope);
  for (int i = 0; i < consent.excluded_agencies_size(); ++i) {
    const std::string field = absl::StrCat("excluded_agencies[", i, "]");
    found.Unless(known.count(consent.excluded_agencies(i)) > 0, field, kUnknown);
    found.Unless(!absl::c_linear_search(consent.agencies(), consent.excluded_agencies(i)), field,
                 "must not be included as well");
  }
  for (int i = 0; i < consent.excluded_kinds_size(); ++i) {
    found.Unless(!absl::c_linear_search(consent.agency_kinds(), consent.excluded_kinds(i)),
                 absl::StrCat("excluded_kinds[", i, "]"), "must not be included as well");
  }
}

// "" when `basis` may be the footing of `giver`.
absl::string_view FootingRule(v1::ConsentGiver giver, v1::CapacityBasis basis) {
  switch (giver) {
    case v1::CONSENT_GIVER_CHILD:
      return basis == v1::CAPACITY_BASIS_GILLICK || basis == v1::CAPACITY_BASIS_AGED_16
                 ? ""
                 : "must be GILLICK or AGED_16 when the child decides";
    case v1::CONSENT_GIVER_PARENT:
    case v1::CONSENT_GIVER_GUARDIAN:
      return basis == v1::CAPACITY_BASIS_PARENTAL_RESPONSIBILITY
                 ? ""
                 : "must be PARENTAL_RESPONSIBILITY when a parent or guardian decides";
    case v1::CONSENT_GIVER_COURT:
      return basis == v1::CAPACITY_BASIS_COURT_ORDER ? ""
                                                     : "must be COURT_ORDER when a court decides";
    default:
      return "";  // who decided is missing, and that is said of given_by
  }
}

// "" when the footing fits the child's age on the day of the decision, as far as it is known.
absl::string_view AgeRule(v1::CapacityBasis basis, const types::v1::Date& birth_date,
                          std::optional<absl::CivilDay> decided) {
  const absl::StatusOr<absl::CivilDay> born = DateFromProto(birth_date);
  if (!born.ok() || !decided.has_value()) return "";
  const auto has_turned = [&](int years) {
    return *decided >= timescales::AddMonths(*born, years * kMonthsAYear);
  };
  if (basis == v1::CAPACITY_BASIS_GILLICK && has_turned(kPresumedAbleYears)) {
    return "must be AGED_16 from the 16th birthday on";
  }
  if (basis == v1::CAPACITY_BASIS_AGED_16 && !has_turned(kPresumedAbleYears)) {
    return "must be GILLICK before the 16th birthday";
  }
  if (basis == v1::CAPACITY_BASIS_PARENTAL_RESPONSIBILITY && has_turned(kAdultYears)) {
    return "must not be PARENTAL_RESPONSIBILITY from the 18th birthday on";
  }
  return "";
}

void CheckGiver(const v1::Consent& consent, const types::v1::Date& birth_date,
                std::optional<absl::CivilDay> decided, Violations& found) {
  const bool has_giver = consent.given_by() != v1::CONSENT_GIVER_UNSPECIFIED;
  const bool has_basis = consent.capacity_basis() != v1::CAPACITY_BASIS_UNSPECIFIED;
  if (!SomebodyDecided(consent.decision())) {
    constexpr absl::string_view kNobody = "must be left out when nobody was asked to decide";
    found.Unless(!has_giver, "given_by", kNobody);
    found.Unless(!has_basis, "capacity_basis", kNobody);
    return;
  }
  found.Unless(has_giver, "given_by", "is required when consent is given or refused");
  if (!has_basis) {
    found.Unless(false, "capacity_basis", "is required when consent is given or refused");
    return;
  }
  const absl::string_view footing = FootingRule(consent.given_by(), consent.capacity_basis());
  found.Unless(footing.empty(), "capacity_basis", footing);
  const absl::string_view age = AgeRule(consent.capacity_basis(), birth_date, decided);
  found.Unless(age.empty(), "capacity_basis", age);
}

std::optional<absl::CivilDay> CheckDecisionDate(const v1::Consent& consent, absl::CivilDay today,
                                                Violations& found) {
  const absl::StatusOr<absl::CivilDay> day = DateFromProto(consent.decision_date());
  found.Unless(day.ok(), "decision_date", "must be a real day with all three parts");
  if (!day.ok()) return std::nullopt;
  found.Unless(*day <= today, "decision_date", "must not lie in the future");
  return *day;
}

void CheckExpiryDate(const v1::Consent& consent, std::optional<absl::CivilDay> decided,
                     Violations& found) {
  if (!consent.has_expiry_date()) return;
  const absl::StatusOr<absl::CivilDay> last = DateFromProto(consent.expiry_date());
  found.Unless(last.ok(), "expiry_date", "must be a real day with all three parts");
  if (!last.ok() || !decided.has_value()) return;
  found.Unless(*last > *decided, "expiry_date", "must lie after decision_date");
}

absl::Status AlreadyTakenBack() {
  return error::StateForbids("consent", "WITHDRAWN", "withdrawn again");
}

}  // namespace

std::vector<std::string> AgenciesNamedBy(const v1::Consent& consent) {
  std::set<std::string> names(consent.agencies().begin(), consent.agencies().end());
  names.insert(consent.excluded_agencies().begin(), consent.excluded_agencies().end());
  return {names.begin(), names.end()};
}

std::vector<error::Violation> ViolationsOf(const v1::Consent& consent,
                                           const types::v1::Date& birth_date,
                                           const AgencyKinds& known, absl::CivilDay today) {
  Violations found;
  found.Unless(consent.decision() != v1::CONSENT_DECISION_WITHDRAWN, "decision",
               "must not be WITHDRAWN: withdraw the consent that was given");
  CheckScope(consent, known, found);
  // The date is checked here because the giver's age rests on it; it is told in field order.
  Violations dates;
  const std::optional<absl::CivilDay> decided = CheckDecisionDate(consent, today, dates);
  CheckExpiryDate(consent, decided, dates);
  if (consent.decision() != v1::CONSENT_DECISION_WITHDRAWN) {
    CheckGiver(consent, birth_date, decided, found);
  }
  std::vector<error::Violation> all = found.Take();
  for (error::Violation& violation : dates.Take()) all.push_back(std::move(violation));
  if (consent.decision() != v1::CONSENT_DECISION_GIVEN &&
      absl::StripAsciiWhitespace(consent.reason()).empty()) {
    all.push_back({"consent.reason", "is required unless consent is given"});
  }
  return all;
}

absl::Status Withdraw(const v1::WithdrawConsentRequest& request, v1::Consent* consent) {
  if (consent->decision() == v1::CONSENT_DECISION_WITHDRAWN) return AlreadyTakenBack();
  if (consent->decision() != v1::CONSENT_DECISION_GIVEN) {
    return error::StateForbids(
        "consent",
        absl::StripPrefix(v1::ConsentDecision_Name(consent->decision()), "CONSENT_DECISION_"),
        "withdrawn");
  }
  if (request.agencies().empty() && request.agency_kinds().empty()) {
    consent->set_decision(v1::CONSENT_DECISION_WITHDRAWN);
  } else {
    const int before = consent->excluded_agencies_size() + consent->excluded_kinds_size();
    for (const std::string& agency : request.agencies()) {
      if (absl::c_linear_search(consent->excluded_agencies(), agency)) continue;
      consent->add_excluded_agencies(agency);
    }
    for (const int kind : request.agency_kinds()) {
      if (absl::c_linear_search(consent->excluded_kinds(), kind)) continue;
      consent->add_excluded_kinds(static_cast<directory::v1::AgencyKind>(kind));
    }
    if (consent->excluded_agencies_size() + consent->excluded_kinds_size() == before) {
      return AlreadyTakenBack();
    }
  }
  consent->set_withdrawn_by(request.withdrawn_by());
  consent->set_reason(request.reason());
  return absl::OkStatus();
}

}  // namespace trusthub::children
