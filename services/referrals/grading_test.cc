#include "services/referrals/grading.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::referrals {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

v1::Contact Graded(v1::ContactKind kind, const std::string& source, const std::string& information,
                   const std::string& handling) {
  v1::Contact contact;
  contact.set_kind(kind);
  contact.mutable_grading()->set_source_evaluation(source);
  contact.mutable_grading()->set_information_evaluation(information);
  contact.mutable_grading()->set_handling_code(handling);
  return contact;
}

TEST(GradingViolations, TakesEveryCodeOfTheSystem) {
  for (char source = 'A'; source <= 'E'; ++source) {
    for (char digit = '1'; digit <= '5'; ++digit) {
      EXPECT_THAT(
          GradingViolations(Graded(v1::CONTACT_KIND_POLICE_INCIDENT, {source}, {digit}, {digit})),
          IsEmpty());
    }
  }
}

TEST(GradingViolations, PoliceIncidentNeedsOne) {
  v1::Contact contact;
  contact.set_kind(v1::CONTACT_KIND_POLICE_INCIDENT);
  EXPECT_THAT(GradingViolations(contact),
              ElementsAre(Field(&error::Violation::field, "contact.grading")));
  contact.set_kind(v1::CONTACT_KIND_INFORMATION);
  EXPECT_THAT(GradingViolations(contact), IsEmpty());
}

TEST(GradingViolations, NamesEveryWrongCode) {
  for (const char* wrong : {"", "F", "a", "0", "6", "AB", "11"}) {
    EXPECT_THAT(
        GradingViolations(Graded(v1::CONTACT_KIND_POLICE_INCIDENT, wrong, wrong, wrong)),
        ElementsAre(Field(&error::Violation::field, "contact.grading.source_evaluation"),
                    Field(&error::Violation::field, "contact.grading.information_evaluation"),
                    Field(&error::Violation::field, "contact.grading.handling_code")))
        << wrong;
  }
}

TEST(GradingViolations, AGradingThatNobodyAskedForMustBeValidToo) {
  EXPECT_THAT(GradingViolations(Graded(v1::CONTACT_KIND_INFORMATION, "B", "2", "9")),
              ElementsAre(Field(&error::Violation::field, "contact.grading.handling_code")));
}

}  // namespace
}  // namespace trusthub::referrals
