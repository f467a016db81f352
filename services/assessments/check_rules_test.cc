#include "services/assessments/check_rules.h"

#include <string>
#include <vector>

#include "absl/strings/strip.h"
#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trusthub/directory/v1/directory.pb.h"

namespace trusthub::assessments {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using trusthub::testing::StatusIs;

// Kinds of agencies of the directory that may be asked under `kind`.
std::vector<std::string> AskedUnder(v1::CheckKind kind) {
  std::vector<std::string> asked;
  const auto* kinds = directory::v1::AgencyKind_descriptor();
  for (int i = 1; i < kinds->value_count(); ++i) {
    const std::string name(absl::StripPrefix(kinds->value(i)->name(), "AGENCY_KIND_"));
    const absl::Status may = CheckMayBeAsked(kind, name);
    if (may.ok()) {
      asked.push_back(name);
      continue;
    }
    EXPECT_THAT(may, StatusIs(absl::StatusCode::kFailedPrecondition,
                              errors::v1::ERROR_REASON_BASIS_MISSING));
  }
  return asked;
}

TEST(CheckRules, EachDutyBindsItsAgencies) {
  for (const auto kind : {v1::CHECK_KIND_SECTION_47_ASSIST, v1::CHECK_KIND_SECTION_27_HELP}) {
    EXPECT_THAT(AskedUnder(kind), UnorderedElementsAre("COUNCIL", "HOUSING", "ACUTE_TRUST",
                                                       "COMMUNITY_HEALTH", "MENTAL_HEALTH_TRUST"));
  }
  EXPECT_THAT(AskedUnder(v1::CHECK_KIND_CO_OPERATION),
              UnorderedElementsAre("POLICE_FORCE", "SCHOOL", "CONNEXIONS", "VOLUNTARY"));
}

TEST(CheckRules, RefusalNamesTheRightGround) {
  const absl::Status police = CheckMayBeAsked(v1::CHECK_KIND_SECTION_47_ASSIST, "POLICE_FORCE");
  EXPECT_THAT(police.message(), ::testing::HasSubstr("sections 10 and 11 of the Children Act"));
  EXPECT_THAT(error::Explain(police), ::testing::Contains(::testing::HasSubstr("CO_OPERATION")));
  const absl::Status health = CheckMayBeAsked(v1::CHECK_KIND_CO_OPERATION, "ACUTE_TRUST");
  EXPECT_THAT(error::Explain(health),
              ::testing::Contains(::testing::HasSubstr("SECTION_47_ASSIST")));
}

TEST(CheckRules, EnquiryIsNamedWhereItIsTheBasis) {
  v1::Check check;
  for (const auto kind : {v1::CHECK_KIND_SECTION_47_ASSIST, v1::CHECK_KIND_CO_OPERATION}) {
    check.set_kind(kind);
    check.clear_enquiry();
    EXPECT_THAT(EnquiryViolations(check),
                ElementsAre(Field(&error::Violation::field, "check.enquiry")));
    check.set_enquiry("enquiries/one");
    EXPECT_THAT(EnquiryViolations(check), IsEmpty());
  }
  check.set_kind(v1::CHECK_KIND_SECTION_27_HELP);
  EXPECT_THAT(EnquiryViolations(check),
              ElementsAre(Field(&error::Violation::field, "check.enquiry")));
  check.clear_enquiry();
  EXPECT_THAT(EnquiryViolations(check), IsEmpty());
}

TEST(CheckRules, IntelligenceIsThePolicesAndGraded) {
  v1::AnswerCheckRequest request;
  EXPECT_THAT(IntelligenceViolations(request, "SCHOOL"), IsEmpty());
  request.mutable_intelligence()->set_summary("Two call-outs");
  EXPECT_THAT(IntelligenceViolations(request, "SCHOOL"),
              ElementsAre(Field(&error::Violation::field, "intelligence")));
  EXPECT_THAT(
      IntelligenceViolations(request, "POLICE_FORCE"),
      ElementsAre(Field(&error::Violation::field, "intelligence.grading.source_evaluation"),
                  Field(&error::Violation::field, "intelligence.grading.information_evaluation"),
                  Field(&error::Violation::field, "intelligence.grading.handling_code")));
  referrals::v1::PoliceGrading* grading = request.mutable_intelligence()->mutable_grading();
  grading->set_source_evaluation("B");
  grading->set_information_evaluation("2");
  grading->set_handling_code("5");
  EXPECT_THAT(
      IntelligenceViolations(request, "POLICE_FORCE"),
      ElementsAre(Field(&error::Violation::field, "intelligence.grading.handling_conditions")));
  grading->set_handling_conditions("Not to the family");
  EXPECT_THAT(IntelligenceViolations(request, "POLICE_FORCE"), IsEmpty());
}

}  // namespace
}  // namespace trusthub::assessments
