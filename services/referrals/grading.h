// File: grading.h
//
// Which contacts are graded; how is in common/proto/police_grading.h.
#ifndef TRUSTHUB_SERVICES_REFERRALS_GRADING_H_
#define TRUSTHUB_SERVICES_REFERRALS_GRADING_H_

#include <vector>

#include "common/error/error.h"
#include "trusthub/referrals/v1/referral.pb.h"

namespace trusthub::referrals {

// What is wrong with the grading of `contact`, all of it, with paths below "contact"; empty when
// nothing is. A police incident must have one; whatever has one must have a valid one.
std::vector<error::Violation> GradingViolations(const v1::Contact& contact);

}  // namespace trusthub::referrals

#endif  // TRUSTHUB_SERVICES_REFERRALS_GRADING_H_
