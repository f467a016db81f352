// File: release.h
//
// The release of confidential advice to an agency on significant harm (domain.md 6.3 and scenario
// 12): a named approver, a reason of substance, a review within one working day. Pure functions.
#ifndef TRUSTHUB_SERVICES_HEALTH_RELEASE_H_
#define TRUSTHUB_SERVICES_HEALTH_RELEASE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/error/error.h"
#include "trusthub/health/v1/consultations_service.pb.h"

namespace trusthub::health {

// Every violation of the request: a reason below 20 characters, or the author's own agency, to
// which nothing needs releasing.
std::vector<error::Violation> ReleaseViolations(const v1::ReleaseConsultationRequest& request,
                                                absl::string_view own_agency);

// Whether the advice was released to `agency`.
bool IsReleasedTo(const v1::Consultation& consultation, absl::string_view agency);

// Adds the release, by `approver` at `now`. RECORD_EXISTS when that agency has it already,
// STATE_FORBIDS when the record holds as many as it may.
absl::Status AddRelease(const v1::ReleaseConsultationRequest& request, absl::string_view approver,
                        absl::Time now, absl::CivilDay review_due, v1::Consultation* consultation);

}  // namespace trusthub::health

#endif  // TRUSTHUB_SERVICES_HEALTH_RELEASE_H_
