#include "services/referrals/grading.h"

#include "common/proto/police_grading.h"

namespace trusthub::referrals {

std::vector<error::Violation> GradingViolations(const v1::Contact& contact) {
  if (contact.has_grading()) {
    return proto::PoliceGradingViolations(contact.grading(), "contact.grading");
  }
  if (contact.kind() != v1::CONTACT_KIND_POLICE_INCIDENT) return {};
  return {{"contact.grading", "is required for a police incident: grade it 5x5x5"}};
}

}  // namespace trusthub::referrals
