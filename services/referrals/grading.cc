#include "services/referrals/grading.h"

#include "absl/strings/string_view.h"

namespace trusthub::referrals {
namespace {

bool IsOneOf(absl::string_view code, char first, char last) {
  return code.size() == 1 && code[0] >= first && code[0] <= last;
}

}  // namespace

std::vector<error::Violation> GradingViolations(const v1::Contact& contact) {
  if (!contact.has_grading()) {
    if (contact.kind() != v1::CONTACT_KIND_POLICE_INCIDENT) return {};
    return {{"contact.grading", "is required for a police incident: grade it 5x5x5"}};
  }
  const v1::PoliceGrading& grading = contact.grading();
  std::vector<error::Violation> violations;
  if (!IsOneOf(grading.source_evaluation(), 'A', 'E')) {
    violations.push_back({"contact.grading.source_evaluation", "must be a letter from A to E"});
  }
  if (!IsOneOf(grading.information_evaluation(), '1', '5')) {
    violations.push_back({"contact.grading.information_evaluation", "must be a digit from 1 to 5"});
  }
  if (!IsOneOf(grading.handling_code(), '1', '5')) {
    violations.push_back({"contact.grading.handling_code", "must be a digit from 1 to 5"});
  }
  return violations;
}

}  // namespace trusthub::referrals
