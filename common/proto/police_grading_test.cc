#include "common/proto/police_grading.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::proto {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

referrals::v1::PoliceGrading Graded(const std::string& source, const std::string& information,
                                    const std::string& handling,
                                    const std::string& conditions = "") {
  referrals::v1::PoliceGrading grading;
  grading.set_source_evaluation(source);
  grading.set_information_evaluation(information);
  grading.set_handling_code(handling);
  grading.set_handling_conditions(conditions);
  return grading;
}

TEST(PoliceGradingViolations, TakesEveryCodeOfTheSystem) {
  for (char source = 'A'; source <= 'E'; ++source) {
    for (char digit = '1'; digit <= '5'; ++digit) {
      EXPECT_THAT(PoliceGradingViolations(Graded({source}, {digit}, {digit}, "Not to the family"),
                                          "grading"),
                  IsEmpty());
    }
  }
}

TEST(PoliceGradingViolations, NamesEveryWrongCode) {
  for (const char* wrong : {"", "F", "a", "0", "6", "AB", "11"}) {
    EXPECT_THAT(
        PoliceGradingViolations(Graded(wrong, wrong, wrong), "intelligence.grading"),
        ElementsAre(Field(&error::Violation::field, "intelligence.grading.source_evaluation"),
                    Field(&error::Violation::field, "intelligence.grading.information_evaluation"),
                    Field(&error::Violation::field, "intelligence.grading.handling_code")))
        << wrong;
  }
}

TEST(PoliceGradingViolations, OnlyHandlingCodeFiveNeedsConditions) {
  for (const char* without : {"", " ", "\n"}) {
    EXPECT_THAT(PoliceGradingViolations(Graded("B", "2", "5", without), "grading"),
                ElementsAre(Field(&error::Violation::field, "grading.handling_conditions")));
  }
  for (const char* other : {"1", "2", "3", "4"}) {
    EXPECT_THAT(PoliceGradingViolations(Graded("B", "2", other), "grading"), IsEmpty());
  }
}

}  // namespace
}  // namespace trusthub::proto
