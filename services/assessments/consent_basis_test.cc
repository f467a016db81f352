#include "services/assessments/consent_basis.h"

#include <string>

#include "common/testing/handler_fixture.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::assessments {
namespace {

using absl::CivilDay;
using trusthub::testing::IsOk;
using trusthub::testing::LondonTime;
using trusthub::testing::StatusIs;

constexpr CivilDay kToday(2010, 3, 16);
constexpr ActingAgency kNelft{"agencies/nelft", "MENTAL_HEALTH_TRUST"};

// A consent to early help, decided on that day of March.
events::v1::ConsentFact* Add(internal::v1::ChildFacts* facts, const std::string& name,
                             const std::string& decision, int decided_on) {
  events::v1::ConsentFact* consent = facts->add_consents();
  consent->set_consent(name);
  consent->set_decision(decision);
  consent->add_purposes(options::v1::PURPOSE_EARLY_HELP);
  *consent->mutable_decision_date() = DateToProto(CivilDay(2010, 3, decided_on));
  *consent->mutable_record_time() = TimeToProto(LondonTime(2010, 3, decided_on, 9));
  consent->set_record_order(decided_on);
  consent->set_change_order(decided_on);
  return consent;
}

absl::Status Open(const internal::v1::ChildFacts& facts,
                  const std::string& named = "consents/one") {
  return CheckConsentToOpen(named, facts, kNelft, LondonTime(2010, 3, 16, 10));
}
absl::Status Decide(const internal::v1::ChildFacts& facts) {
  return CheckConsentToDecide(facts, kNelft, LondonTime(2010, 3, 16, 10));
}

const auto kMissing =
    StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_CONSENT_MISSING);

TEST(ConsentBasis, IsAConsentThatIsGiven) {
  internal::v1::ChildFacts facts;
  EXPECT_THAT(Open(facts), kMissing) << "nothing is known of the child";
  EXPECT_THAT(Decide(facts), kMissing);
  events::v1::ConsentFact* consent = Add(&facts, "consents/one", "GIVEN", 1);
  EXPECT_THAT(Open(facts), IsOk());
  EXPECT_THAT(Decide(facts), IsOk());
  for (const char* decision : {"REFUSED", "WITHDRAWN", "NOT_SOUGHT", "NOT_REQUIRED", ""}) {
    consent->set_decision(decision);
    EXPECT_THAT(Open(facts), kMissing) << decision;
    EXPECT_THAT(Decide(facts), kMissing) << decision;
  }
}

TEST(ConsentBasis, IsForEarlyHelp) {
  internal::v1::ChildFacts facts;
  events::v1::ConsentFact* consent = Add(&facts, "consents/one", "GIVEN", 1);
  consent->set_purposes(0, options::v1::PURPOSE_HEALTH_CARE);
  EXPECT_THAT(Open(facts), kMissing);
  EXPECT_THAT(Decide(facts), kMissing);
  consent->add_purposes(options::v1::PURPOSE_EARLY_HELP);
  EXPECT_THAT(Open(facts), IsOk());
  EXPECT_THAT(Decide(facts), IsOk());
}

TEST(ConsentBasis, IsTheNewestAndToOpenTheOneNamed) {
  internal::v1::ChildFacts facts;
  Add(&facts, "consents/one", "GIVEN", 1);
  EXPECT_THAT(Open(facts, "consents/other"), kMissing);
  events::v1::ConsentFact* newer = Add(&facts, "consents/two", "REFUSED", 2);
  EXPECT_THAT(Open(facts, "consents/one"), kMissing) << "refused since";
  EXPECT_THAT(Decide(facts), kMissing);
  newer->set_decision("GIVEN");
  EXPECT_THAT(Open(facts, "consents/one"), kMissing) << "given anew since";
  EXPECT_THAT(Open(facts, "consents/two"), IsOk());
  EXPECT_THAT(Decide(facts), IsOk()) << "whichever it is";
}

TEST(ConsentBasis, LastsToItsLastDay) {
  internal::v1::ChildFacts facts;
  events::v1::ConsentFact* consent = Add(&facts, "consents/one", "GIVEN", 1);
  *consent->mutable_expiry_date() = DateToProto(kToday);
  EXPECT_THAT(Open(facts), IsOk());
  EXPECT_THAT(Decide(facts), IsOk());
  *consent->mutable_expiry_date() = DateToProto(kToday - 1);
  EXPECT_THAT(Open(facts), kMissing);
  EXPECT_THAT(Decide(facts), kMissing);
  *consent->mutable_expiry_date() = DateToProto(kToday + 365);
  consent->mutable_expiry_date()->set_day(0);
  EXPECT_THAT(Open(facts), kMissing) << "a day that is not wholly known";
}

TEST(ConsentBasis, DoesNotExcludeTheAgency) {
  internal::v1::ChildFacts facts;
  events::v1::ConsentFact* consent = Add(&facts, "consents/one", "GIVEN", 1);
  consent->add_excluded_kinds("POLICE_FORCE");
  consent->add_excluded_agencies("agencies/mayfield-school");
  EXPECT_THAT(Open(facts), IsOk());
  consent->set_excluded_kinds(0, "MENTAL_HEALTH_TRUST");
  EXPECT_THAT(Open(facts), kMissing);
  EXPECT_THAT(Decide(facts), kMissing);
  consent->set_excluded_kinds(0, "POLICE_FORCE");
  consent->add_excluded_agencies("agencies/nelft");
  EXPECT_THAT(Open(facts), kMissing);
  EXPECT_THAT(Decide(facts), kMissing);
}

TEST(ConsentBasis, OfAnAgencyThatItDoesNotNameIsEnoughToOpenButNotToDecide) {
  internal::v1::ChildFacts facts;
  Add(&facts, "consents/one", "GIVEN", 1)->add_agencies("agencies/mayfield-school");
  EXPECT_THAT(Open(facts), IsOk());
  EXPECT_THAT(Decide(facts), kMissing);
}

// Scenario 11: an old form is taken back although a newer one stands.
TEST(ConsentBasis, WhatWasTakenBackSinceStillTakesAway) {
  internal::v1::ChildFacts facts;
  Add(&facts, "consents/two", "GIVEN", 2);
  events::v1::ConsentFact* old = Add(&facts, "consents/zero", "GIVEN", 1);
  old->add_excluded_agencies("agencies/nelft");
  old->set_change_order(15);
  *old->mutable_record_time() = TimeToProto(LondonTime(2010, 3, 15, 9));
  EXPECT_THAT(Open(facts, "consents/two"), kMissing);
  EXPECT_THAT(Decide(facts), kMissing);
}

// Whoever is refused learns nothing of what the family said.
TEST(ConsentBasis, RefusesInTheSameWords) {
  const absl::Status unknown = Open(internal::v1::ChildFacts());
  internal::v1::ChildFacts facts;
  events::v1::ConsentFact* consent = Add(&facts, "consents/one", "REFUSED", 1);
  EXPECT_EQ(Open(facts), unknown);
  EXPECT_EQ(Decide(facts), unknown);
  consent->set_decision("GIVEN");
  EXPECT_EQ(Open(facts, "consents/two"), unknown);
  consent->add_excluded_agencies("agencies/nelft");
  EXPECT_EQ(Open(facts), unknown);
}

}  // namespace
}  // namespace trusthub::assessments
