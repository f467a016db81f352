#include "common/proto/police_grading.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace trusthub::proto {
namespace {

// Handling code of information that stays with its receiver, under conditions.
constexpr char kUnderConditions[] = "5";

bool IsOneOf(absl::string_view code, char first, char last) {
  return code.size() == 1 && code[0] >= first && code[0] <= last;
}

}  // namespace

std::vector<error::Violation> PoliceGradingViolations(const referrals::v1::PoliceGrading& grading,
                                                      absl::string_view path) {
  std::vector<error::Violation> violations;
  const auto tell = [&](absl::string_view field, absl::string_view rule) {
    violations.push_back({absl::StrCat(path, ".", field), std::string(rule)});
  };
  if (!IsOneOf(grading.source_evaluation(), 'A', 'E')) {
    tell("source_evaluation", "must be a letter from A to E");
  }
  if (!IsOneOf(grading.information_evaluation(), '1', '5')) {
    tell("information_evaluation", "must be a digit from 1 to 5");
  }
  if (!IsOneOf(grading.handling_code(), '1', '5')) {
    tell("handling_code", "must be a digit from 1 to 5");
  }
  if (grading.handling_code() == kUnderConditions &&
      absl::StripAsciiWhitespace(grading.handling_conditions()).empty()) {
    tell("handling_conditions", "is required with handling code 5: say the conditions");
  }
  return violations;
}

}  // namespace trusthub::proto
