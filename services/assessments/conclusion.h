// File: conclusion.h
//
// The states of a section 47 enquiry and the rule of its one change: IN_PROGRESS -> CONCLUDED, with
// the child seen and heard.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_CONCLUSION_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_CONCLUSION_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"

namespace trusthub::assessments {

// Makes `enquiry` concluded at `now`. `earliest` is the first day on which the child can have been
// seen for it: the day of the discussion that decided on it. Leaves `enquiry` alone on error.
absl::Status Conclude(const v1::ConcludeEnquiryRequest& request, absl::Time now,
                      absl::CivilDay earliest, v1::Enquiry* enquiry);

// "SUBSTANTIATED_CONFERENCE"; empty for UNSPECIFIED. What facts carry.
std::string OutcomeName(v1::EnquiryOutcome outcome);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_CONCLUSION_H_
