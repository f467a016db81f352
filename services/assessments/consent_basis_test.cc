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

events::v1::ConsentFact* Add(internal::v1::ChildFacts* facts, const std::string& name,
                             const std::string& decision, int recorded_on) {
  events::v1::ConsentFact* consent = facts->add_consents();
  consent->set_consent(name);
  consent->set_decision(decision);
  consent->add_purposes(options::v1::PURPOSE_EARLY_HELP);
  *consent->mutable_record_time() = TimeToProto(LondonTime(2010, 3, recorded_on, 9));
  return consent;
}

absl::Status Check(const internal::v1::ChildFacts& facts,
                   const std::string& named = "consents/one") {
  return CheckConsentNamed(named, facts, "agencies/nelft", "MENTAL_HEALTH_TRUST", kToday);
}

const auto kMissing =
    StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_CONSENT_MISSING);

TEST(ConsentBasis, IsAConsentThatIsGiven) {
  internal::v1::ChildFacts facts;
  EXPECT_THAT(Check(facts), kMissing) << "nothing is known of the child";
  events::v1::ConsentFact* consent = Add(&facts, "consents/one", "GIVEN", 1);
  EXPECT_THAT(Check(facts), IsOk());
  for (const char* decision : {"REFUSED", "WITHDRAWN", "NOT_SOUGHT", "NOT_REQUIRED", ""}) {
    consent->set_decision(decision);
    EXPECT_THAT(Check(facts), kMissing) << decision;
  }
}

TEST(ConsentBasis, IsForEarlyHelp) {
  internal::v1::ChildFacts facts;
  events::v1::ConsentFact* consent = Add(&facts, "consents/one", "GIVEN", 1);
  consent->set_purposes(0, options::v1::PURPOSE_HEALTH_CARE);
  EXPECT_THAT(Check(facts), kMissing);
  consent->add_purposes(options::v1::PURPOSE_EARLY_HELP);
  EXPECT_THAT(Check(facts), IsOk());
}

TEST(ConsentBasis, IsTheOneNamedAndTheNewest) {
  internal::v1::ChildFacts facts;
  Add(&facts, "consents/one", "GIVEN", 1);
  EXPECT_THAT(Check(facts, "consents/other"), kMissing);
  events::v1::ConsentFact* newer = Add(&facts, "consents/two", "REFUSED", 2);
  EXPECT_THAT(Check(facts, "consents/one"), kMissing) << "refused since";
  newer->set_decision("GIVEN");
  EXPECT_THAT(Check(facts, "consents/one"), kMissing) << "given anew since";
  EXPECT_THAT(Check(facts, "consents/two"), IsOk());
  EXPECT_THAT(CheckConsentToEarlyHelp(facts, "agencies/nelft", "MENTAL_HEALTH_TRUST", kToday),
              IsOk());
}

TEST(ConsentBasis, LastsToItsLastDay) {
  internal::v1::ChildFacts facts;
  events::v1::ConsentFact* consent = Add(&facts, "consents/one", "GIVEN", 1);
  *consent->mutable_expiry_date() = DateToProto(kToday);
  EXPECT_THAT(Check(facts), IsOk());
  *consent->mutable_expiry_date() = DateToProto(kToday - 1);
  EXPECT_THAT(Check(facts), kMissing);
  *consent->mutable_expiry_date() = DateToProto(kToday + 365);
  consent->mutable_expiry_date()->set_day(0);
  EXPECT_THAT(Check(facts), kMissing) << "a day that is not wholly known";
}

TEST(ConsentBasis, DoesNotExcludeTheAgency) {
  internal::v1::ChildFacts facts;
  events::v1::ConsentFact* consent = Add(&facts, "consents/one", "GIVEN", 1);
  consent->add_excluded_kinds("POLICE_FORCE");
  consent->add_excluded_agencies("agencies/mayfield-school");
  EXPECT_THAT(Check(facts), IsOk());
  consent->set_excluded_kinds(0, "MENTAL_HEALTH_TRUST");
  EXPECT_THAT(Check(facts), kMissing);
  consent->set_excluded_kinds(0, "POLICE_FORCE");
  consent->add_excluded_agencies("agencies/nelft");
  EXPECT_THAT(Check(facts), kMissing);
}

// Whoever is refused learns nothing of what the family said.
TEST(ConsentBasis, RefusesInTheSameWords) {
  const absl::Status unknown = Check(internal::v1::ChildFacts());
  internal::v1::ChildFacts facts;
  events::v1::ConsentFact* consent = Add(&facts, "consents/one", "REFUSED", 1);
  EXPECT_EQ(Check(facts), unknown);
  consent->set_decision("GIVEN");
  EXPECT_EQ(Check(facts, "consents/two"), unknown);
  consent->add_excluded_agencies("agencies/nelft");
  EXPECT_EQ(Check(facts), unknown);
}

}  // namespace
}  // namespace trusthub::assessments
