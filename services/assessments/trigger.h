// File: trigger.h
//
// The day from which the time of an assessment runs (domain.md 1.4; Framework for Assessment 2000).
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_TRIGGER_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_TRIGGER_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "trusthub/assessments/v1/assessment.pb.h"

namespace trusthub::assessments {

// Rule of the timescales for assessments of `kind`: "ASSESS.INITIAL" or "ASSESS.CORE".
absl::string_view TimescaleOf(v1::AssessmentKind kind);

// A core assessment runs from the earliest of: the day the initial assessment ended, the day a
// strategy discussion decided on enquiries, or, with neither, the day it starts, because new
// information on an open case called for it. `events` are the days of the first two kinds; those
// before `since` (the referral, or the last core assessment) or after `start` do not count.
absl::CivilDay CoreTrigger(const std::vector<absl::CivilDay>& events, absl::CivilDay since,
                           absl::CivilDay start);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_TRIGGER_H_
