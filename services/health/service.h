// File: service.h
//
// Which handler serves which method of HealthService, HealthRecordsService and
// ConsultationsService.
#ifndef TRUSTHUB_SERVICES_HEALTH_SERVICE_H_
#define TRUSTHUB_SERVICES_HEALTH_SERVICE_H_

#include "absl/status/statusor.h"
#include "common/rpc/host.h"
#include "common/rpc/routes.h"
#include "services/health/attendances.h"
#include "services/health/consultations.h"
#include "services/health/health_records.h"

namespace trusthub::health {

// `domain` outlives the routes.
rpc::Routes HealthRoutes(Attendances* domain);
rpc::Routes HealthRecordsRoutes(HealthRecords* domain);
rpc::Routes ConsultationsRoutes(Consultations* domain);

// The whole service: its domain, its routes, and the services whose events it follows (directory,
// children).
absl::StatusOr<rpc::ServiceParts> MakeHealth(const rpc::Environment& environment);

}  // namespace trusthub::health

#endif  // TRUSTHUB_SERVICES_HEALTH_SERVICE_H_
