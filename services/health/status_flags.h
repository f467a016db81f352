// File: status_flags.h
//
// What the children service says of a child, as the flags of an attendance. A pure function.
#ifndef TRUSTHUB_SERVICES_HEALTH_STATUS_FLAGS_H_
#define TRUSTHUB_SERVICES_HEALTH_STATUS_FLAGS_H_

#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/health/v1/attendance.pb.h"

namespace trusthub::health {

// One flag a status, in the order given. Kinds by their published name without prefix, e.g.
// `CHILD_PROTECTION_PLAN`; the record behind a status stays behind.
v1::AttendanceFlags FlagsFrom(const children::v1::ChildStatus& status);

}  // namespace trusthub::health

#endif  // TRUSTHUB_SERVICES_HEALTH_STATUS_FLAGS_H_
