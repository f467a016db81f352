// The rules of consents and of their overrides, row by row.
#include "services/children/consent_rules.h"

#include <functional>
#include <string>
#include <vector>

#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/children/override_rules.h"

namespace trusthub::children {
namespace {

using directory::v1::AGENCY_KIND_POLICE_FORCE;
using directory::v1::AGENCY_KIND_SCHOOL;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;

constexpr char kSchool[] = "agencies/uphall-primary";
constexpr char kNelft[] = "agencies/nelft";
constexpr char kPolice[] = "agencies/met-police";
const absl::CivilDay kToday(2010, 3, 16);
const AgencyKinds& Known() {
  static const auto& known =
      *new AgencyKinds{{kSchool, AGENCY_KIND_SCHOOL},
                       {kNelft, directory::v1::AGENCY_KIND_MENTAL_HEALTH_TRUST},
                       {kPolice, AGENCY_KIND_POLICE_FORCE}};
  return known;
}

types::v1::Date Day(int year, int month = 0, int day = 0) {
  types::v1::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

v1::Consent Good() {
  v1::Consent consent;
  consent.set_decision(v1::CONSENT_DECISION_GIVEN);
  consent.add_purposes(options::v1::PURPOSE_EARLY_HELP);
  consent.add_agencies(kSchool);
  consent.add_excluded_agencies(kPolice);
  consent.set_given_by(v1::CONSENT_GIVER_PARENT);
  consent.set_capacity_basis(v1::CAPACITY_BASIS_PARENTAL_RESPONSIBILITY);
  *consent.mutable_decision_date() = Day(2010, 3, 15);
  return consent;
}

std::vector<std::string> FieldsOf(const v1::Consent& consent,
                                  const types::v1::Date& birth_date = Day(2001, 5, 14)) {
  std::vector<std::string> fields;
  for (const error::Violation& violation : ViolationsOf(consent, birth_date, Known(), kToday)) {
    fields.push_back(violation.field);
  }
  return fields;
}

struct ConsentCase {
  const char* what;
  std::function<void(v1::Consent*)> change;
  std::vector<std::string> fields;  // that break a rule
};

TEST(ConsentRulesTest, EachRule) {
  const auto set_nobody = [](v1::Consent* c, v1::ConsentDecision decision) {
    c->set_decision(decision);
    c->clear_given_by();
    c->clear_capacity_basis();
    c->set_reason("The family moves on Friday.");
  };
  const std::vector<ConsentCase> cases = {
      {"as it should be", [](v1::Consent*) {}, {}},
      {"withdrawn from the start",
       [](v1::Consent* c) {
         c->set_decision(v1::CONSENT_DECISION_WITHDRAWN);
         c->set_reason("Changed her mind.");
       },
       {"consent.decision"}},
      {"given by nobody", [](v1::Consent* c) { c->clear_given_by(); }, {"consent.given_by"}},
      {"given on no footing",
       [](v1::Consent* c) { c->clear_capacity_basis(); },
       {"consent.capacity_basis"}},
      {"refused by nobody",
       [](v1::Consent* c) {
         c->set_decision(v1::CONSENT_DECISION_REFUSED);
         c->clear_agencies();
         c->clear_given_by();
         c->clear_capacity_basis();
         c->set_reason("No.");
       },
       {"consent.given_by", "consent.capacity_basis"}},
      {"a refusal to some",
       [](v1::Consent* c) {
         c->set_decision(v1::CONSENT_DECISION_REFUSED);
         c->add_agency_kinds(AGENCY_KIND_SCHOOL);
         c->set_reason("No.");
       },
       {"consent.agencies", "consent.agency_kinds"}},
      {"refused without a reason",
       [](v1::Consent* c) {
         c->set_decision(v1::CONSENT_DECISION_REFUSED);
         c->clear_agencies();
         c->set_reason("  ");
       },
       {"consent.reason"}},
      {"not sought", [&](v1::Consent* c) { set_nobody(c, v1::CONSENT_DECISION_NOT_SOUGHT); }, {}},
      {"not required",
       [&](v1::Consent* c) { set_nobody(c, v1::CONSENT_DECISION_NOT_REQUIRED); },
       {}},
      {"not sought without a reason",
       [&](v1::Consent* c) {
         set_nobody(c, v1::CONSENT_DECISION_NOT_SOUGHT);
         c->clear_reason();
       },
       {"consent.reason"}},
      {"not required without a reason",
       [&](v1::Consent* c) {
         set_nobody(c, v1::CONSENT_DECISION_NOT_REQUIRED);
         c->clear_reason();
       },
       {"consent.reason"}},
      {"not sought and yet decided",
       [](v1::Consent* c) {
         c->set_decision(v1::CONSENT_DECISION_NOT_SOUGHT);
         c->set_reason("The family moves on Friday.");
       },
       {"consent.given_by", "consent.capacity_basis"}},
      {"a parent's footing for a child's word",
       [](v1::Consent* c) { c->set_given_by(v1::CONSENT_GIVER_CHILD); },
       {"consent.capacity_basis"}},
      {"a child's footing for a guardian's word",
       [](v1::Consent* c) {
         c->set_given_by(v1::CONSENT_GIVER_GUARDIAN);
         c->set_capacity_basis(v1::CAPACITY_BASIS_GILLICK);
       },
       {"consent.capacity_basis"}},
      {"a court without an order",
       [](v1::Consent* c) { c->set_given_by(v1::CONSENT_GIVER_COURT); },
       {"consent.capacity_basis"}},
      {"a court with its order",
       [](v1::Consent* c) {
         c->set_given_by(v1::CONSENT_GIVER_COURT);
         c->set_capacity_basis(v1::CAPACITY_BASIS_COURT_ORDER);
       },
       {}},
      {"an agency in both lists",
       [](v1::Consent* c) { c->add_agencies(kPolice); },
       {"consent.excluded_agencies[0]"}},
      {"a kind in both lists",
       [](v1::Consent* c) {
         c->add_agency_kinds(AGENCY_KIND_SCHOOL);
         c->add_excluded_kinds(AGENCY_KIND_POLICE_FORCE);
         c->add_excluded_kinds(AGENCY_KIND_SCHOOL);
       },
       {"consent.agencies[0]", "consent.excluded_kinds[1]"}},
      {"an agency of an excluded kind",
       [](v1::Consent* c) {
         c->add_agencies(kNelft);
         c->add_excluded_kinds(directory::v1::AGENCY_KIND_MENTAL_HEALTH_TRUST);
       },
       {"consent.agencies[1]"}},
      {"an excluded agency of an included kind is an exception by name",
       [](v1::Consent* c) { c->add_agency_kinds(AGENCY_KIND_POLICE_FORCE); },
       {}},
      {"agencies that nobody knows",
       [](v1::Consent* c) {
         c->add_agencies("agencies/atlantis");
         c->set_excluded_agencies(0, "agencies/elsewhere");
       },
       {"consent.agencies[1]", "consent.excluded_agencies[0]"}},
      {"decided tomorrow",
       [](v1::Consent* c) { *c->mutable_decision_date() = Day(2010, 3, 17); },
       {"consent.decision_date"}},
      {"decided today", [](v1::Consent* c) { *c->mutable_decision_date() = Day(2010, 3, 16); }, {}},
      {"decided some day in March",
       [](v1::Consent* c) { *c->mutable_decision_date() = Day(2010, 3); },
       {"consent.decision_date"}},
      {"expires on the day of the decision",
       [](v1::Consent* c) { *c->mutable_expiry_date() = Day(2010, 3, 15); },
       {"consent.expiry_date"}},
      {"expires the day after",
       [](v1::Consent* c) { *c->mutable_expiry_date() = Day(2010, 3, 16); },
       {}},
      {"expires some day",
       [](v1::Consent* c) { *c->mutable_expiry_date() = Day(2011); },
       {"consent.expiry_date"}},
  };
  for (const ConsentCase& test : cases) {
    v1::Consent consent = Good();
    test.change(&consent);
    EXPECT_THAT(FieldsOf(consent), ElementsAreArray(test.fields)) << test.what;
  }
}

TEST(ConsentRulesTest, TheFootingFitsTheAgeOnTheDayOfTheDecision) {
  const auto fields = [](v1::ConsentGiver giver, v1::CapacityBasis basis,
                         const types::v1::Date& born) {
    v1::Consent consent = Good();
    consent.set_given_by(giver);
    consent.set_capacity_basis(basis);
    return FieldsOf(consent, born);
  };
  constexpr auto kChild = v1::CONSENT_GIVER_CHILD;
  constexpr auto kParent = v1::CONSENT_GIVER_PARENT;
  constexpr auto kGillick = v1::CAPACITY_BASIS_GILLICK;
  constexpr auto kAged16 = v1::CAPACITY_BASIS_AGED_16;
  constexpr auto kParental = v1::CAPACITY_BASIS_PARENTAL_RESPONSIBILITY;
  const auto wrong = ElementsAre("consent.capacity_basis");
  // Decided on 15 March 2010.
  const types::v1::Date turned_16 = Day(1994, 3, 15), not_yet_16 = Day(1994, 3, 16);
  EXPECT_THAT(fields(kChild, kGillick, not_yet_16), IsEmpty());
  EXPECT_THAT(fields(kChild, kGillick, turned_16), wrong);
  EXPECT_THAT(fields(kChild, kAged16, not_yet_16), wrong);
  EXPECT_THAT(fields(kChild, kAged16, turned_16), IsEmpty());
  EXPECT_THAT(fields(kParent, kParental, Day(1992, 3, 16)), IsEmpty());
  EXPECT_THAT(fields(kParent, kParental, Day(1992, 3, 15)), wrong);
  // Not known in full, it forbids nothing.
  for (const types::v1::Date& vague : {Day(1980), Day(2009, 1), types::v1::Date()}) {
    EXPECT_THAT(fields(kChild, kGillick, vague), IsEmpty());
    EXPECT_THAT(fields(kChild, kAged16, vague), IsEmpty());
    EXPECT_THAT(fields(kParent, kParental, vague), IsEmpty());
  }
}

TEST(WithdrawTest, WhollyOrForSome) {
  v1::WithdrawConsentRequest request;
  request.set_withdrawn_by(v1::CONSENT_GIVER_CHILD);
  request.set_reason("Does not want the clinic to know.");
  v1::Consent consent = Good();
  request.add_agencies(kSchool);
  request.add_agency_kinds(AGENCY_KIND_POLICE_FORCE);
  ASSERT_THAT(Withdraw(request, &consent), IsOk());
  EXPECT_EQ(consent.decision(), v1::CONSENT_DECISION_GIVEN);
  EXPECT_THAT(consent.excluded_agencies(), ElementsAre(kPolice, kSchool));
  EXPECT_THAT(consent.excluded_kinds(), ElementsAre(AGENCY_KIND_POLICE_FORCE));
  EXPECT_THAT(consent.agencies(), ElementsAre(kSchool)) << "an emptied list would mean everyone";
  EXPECT_EQ(consent.withdrawn_by(), v1::CONSENT_GIVER_CHILD);
  EXPECT_EQ(consent.given_by(), v1::CONSENT_GIVER_PARENT) << "who gave it stays on record";
  EXPECT_EQ(consent.reason(), "Does not want the clinic to know.");

  const auto forbids =
      StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS);
  EXPECT_THAT(Withdraw(request, &consent), forbids) << "nothing new is taken back";
  request.add_agencies(kNelft);
  EXPECT_THAT(Withdraw(request, &consent), IsOk());
  EXPECT_THAT(consent.excluded_agencies(), ElementsAre(kPolice, kSchool, kNelft));

  request.clear_agencies();
  request.clear_agency_kinds();
  ASSERT_THAT(Withdraw(request, &consent), IsOk());
  EXPECT_EQ(consent.decision(), v1::CONSENT_DECISION_WITHDRAWN);
  EXPECT_THAT(Withdraw(request, &consent), forbids);
  for (const v1::ConsentDecision decision :
       {v1::CONSENT_DECISION_REFUSED, v1::CONSENT_DECISION_NOT_SOUGHT,
        v1::CONSENT_DECISION_NOT_REQUIRED}) {
    consent = Good();
    consent.set_decision(decision);
    EXPECT_THAT(Withdraw(request, &consent), forbids) << decision;
  }
}

const absl::Time kNow = absl::FromCivil(absl::CivilHour(2010, 3, 16, 10), London());

v1::ConsentOverride GoodOverride() {
  v1::ConsentOverride result;
  result.set_basis(v1::OVERRIDE_BASIS_SECTION_47);
  result.set_basis_record("enquiries/one");
  result.add_to_agencies(kNelft);
  result.add_purposes(options::v1::PURPOSE_EARLY_HELP);
  result.set_reason("Injuries that the explanation given does not fit.");
  *result.mutable_expire_time() = TimeToProto(kNow + absl::Hours(48));
  return result;
}

std::vector<std::string> FieldsOf(const v1::ConsentOverride& consent_override) {
  std::vector<std::string> fields;
  for (const error::Violation& violation : ViolationsOf(consent_override, Known(), kNow)) {
    fields.push_back(violation.field);
  }
  return fields;
}

TEST(OverrideRulesTest, EachRule) {
  EXPECT_THAT(FieldsOf(GoodOverride()), IsEmpty());
  v1::ConsentOverride changed = GoodOverride();
  changed.add_to_agencies("agencies/atlantis");
  EXPECT_THAT(FieldsOf(changed), ElementsAre("consent_override.to_agencies[1]"));
  for (const char* reason : {"", "   ", "Because I say so.", "Neglect suspected, urgentlyurgently",
                             "risk risk risk risk risk risk risk", "aaaa bbbb cccc dddd eeee"}) {
    changed = GoodOverride();
    changed.set_reason(reason);
    EXPECT_THAT(FieldsOf(changed), ElementsAre("consent_override.reason")) << reason;
  }
  for (const absl::Duration after :
       {-absl::Hours(1), absl::ZeroDuration(), absl::Hours(42 * 24) + absl::Seconds(1)}) {
    changed = GoodOverride();
    *changed.mutable_expire_time() = TimeToProto(kNow + after);
    EXPECT_THAT(FieldsOf(changed), ElementsAre("consent_override.expire_time")) << after;
  }
  *changed.mutable_expire_time() = TimeToProto(kNow + absl::Hours(42 * 24));
  EXPECT_THAT(FieldsOf(changed), IsEmpty());
  changed.set_basis(v1::OVERRIDE_BASIS_COURT_ORDER);
  changed.set_basis_record(" ");
  EXPECT_THAT(FieldsOf(changed), ElementsAre("consent_override.basis_record"));
  changed.set_basis(v1::OVERRIDE_BASIS_VITAL_INTERESTS);
  EXPECT_THAT(FieldsOf(changed), IsEmpty());
}

TEST(OverrideRulesTest, Section47NeedsALiveEnquiryAboutTheChild) {
  const auto missing =
      StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING);
  internal::v1::ChildFacts facts;
  v1::ConsentOverride request = GoodOverride();
  EXPECT_THAT(CheckBasis(request, facts), missing);
  facts.add_enquiries()->set_enquiry("enquiries/one");
  EXPECT_THAT(CheckBasis(request, facts), IsOk());
  request.set_basis_record("enquiries/two");
  EXPECT_THAT(CheckBasis(request, facts), missing);
  request.clear_basis_record();
  EXPECT_THAT(CheckBasis(request, facts), missing);
  request = GoodOverride();
  facts.mutable_enquiries(0)->set_concluded(true);
  EXPECT_THAT(CheckBasis(request, facts), missing);
  request.set_basis(v1::OVERRIDE_BASIS_VITAL_INTERESTS);
  EXPECT_THAT(CheckBasis(request, facts), IsOk());
}

}  // namespace
}  // namespace trusthub::children
