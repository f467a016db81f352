// File: care_date.h
//
// The day on which care was given, the same rule for every record of it.
#ifndef TRUSTHUB_SERVICES_HEALTH_CARE_DATE_H_
#define TRUSTHUB_SERVICES_HEALTH_CARE_DATE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "trusthub/types/v1/date.pb.h"

namespace trusthub::health {

// REQUEST_INVALID, naming `field`, unless `date` is a whole day that has come.
absl::Status CheckCareDate(absl::string_view field, const types::v1::Date& date,
                           absl::CivilDay today);

}  // namespace trusthub::health

#endif  // TRUSTHUB_SERVICES_HEALTH_CARE_DATE_H_
