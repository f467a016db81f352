// File: quorum.h
//
// Who must be at a strategy discussion: children's services, police and health (Working Together;
// domain.md 1.5 S47.STRATEGY).
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_QUORUM_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_QUORUM_H_

#include <set>
#include <string>

#include "absl/status/status.h"

namespace trusthub::assessments {

// QUORUM_MISSING, naming the disciplines that lack, unless `kinds` (of agencies, as in their facts:
// "COUNCIL") hold a council, a police force and a health body.
absl::Status CheckQuorum(const std::set<std::string>& kinds);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_QUORUM_H_
