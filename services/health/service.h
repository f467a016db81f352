// File: service.h
//
// Which handler serves which method of HealthService.
#ifndef TRUSTHUB_SERVICES_HEALTH_SERVICE_H_
#define TRUSTHUB_SERVICES_HEALTH_SERVICE_H_

#include "common/rpc/routes.h"
#include "services/health/attendances.h"

namespace trusthub::health {

// `domain` outlives the routes.
rpc::Routes HealthRoutes(Attendances* domain);

}  // namespace trusthub::health

#endif  // TRUSTHUB_SERVICES_HEALTH_SERVICE_H_
