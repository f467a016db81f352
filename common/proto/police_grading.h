// File: police_grading.h
//
// Grading of police information: the 5x5x5 system in force in 2010 (domain.md 6.4). Source A to E,
// information 1 to 5, handling 1 to 5; it travels with the information wherever that goes.
#ifndef TRUSTHUB_COMMON_PROTO_POLICE_GRADING_H_
#define TRUSTHUB_COMMON_PROTO_POLICE_GRADING_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "common/error/error.h"
#include "trusthub/referrals/v1/referral.pb.h"

namespace trusthub::proto {

// What is wrong with a grading that stands in the request at `path`, all of it; empty when nothing
// is. Handling code 5 lets the receiver keep the information under conditions, so it must say them.
std::vector<error::Violation> PoliceGradingViolations(const referrals::v1::PoliceGrading& grading,
                                                      absl::string_view path);

}  // namespace trusthub::proto

#endif  // TRUSTHUB_COMMON_PROTO_POLICE_GRADING_H_
