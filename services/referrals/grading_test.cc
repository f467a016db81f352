#include "services/referrals/grading.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::referrals {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

v1::Contact Graded(v1::ContactKind kind, const std::string& handling) {
  v1::Contact contact;
  contact.set_kind(kind);
  contact.mutable_grading()->set_source_evaluation("B");
  contact.mutable_grading()->set_information_evaluation("2");
  contact.mutable_grading()->set_handling_code(handling);
  return contact;
}

TEST(GradingViolations, PoliceIncidentNeedsOne) {
  v1::Contact contact;
  contact.set_kind(v1::CONTACT_KIND_POLICE_INCIDENT);
  EXPECT_THAT(GradingViolations(contact),
              ElementsAre(Field(&error::Violation::field, "contact.grading")));
  contact.set_kind(v1::CONTACT_KIND_INFORMATION);
  EXPECT_THAT(GradingViolations(contact), IsEmpty());
}

TEST(GradingViolations, EveryGradingMustBeValidAlsoOneThatNobodyAskedFor) {
  for (const auto kind : {v1::CONTACT_KIND_POLICE_INCIDENT, v1::CONTACT_KIND_INFORMATION}) {
    EXPECT_THAT(GradingViolations(Graded(kind, "3")), IsEmpty());
    EXPECT_THAT(GradingViolations(Graded(kind, "9")),
                ElementsAre(Field(&error::Violation::field, "contact.grading.handling_code")));
    EXPECT_THAT(
        GradingViolations(Graded(kind, "5")),
        ElementsAre(Field(&error::Violation::field, "contact.grading.handling_conditions")));
  }
}

}  // namespace
}  // namespace trusthub::referrals
