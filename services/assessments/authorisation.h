// File: authorisation.h
//
// The states of an assessment and the rule of its one change: IN_PROGRESS -> AUTHORISED, by a
// manager who does not lead it, with the child seen and heard, by the due date or with a reason.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_AUTHORISATION_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_AUTHORISATION_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"

namespace trusthub::assessments {

// Makes `assessment` authorised by `worker` at `now`. `earliest` is the first day on which the
// child can have been seen for it: the day the referral was received. Leaves `assessment` alone on
// error.
absl::Status Authorise(const v1::AuthoriseAssessmentRequest& request, absl::string_view worker,
                       absl::Time now, absl::CivilDay earliest, v1::Assessment* assessment);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_AUTHORISATION_H_
