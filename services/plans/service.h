// File: service.h
//
// Which handler serves which method of PlansService.
#ifndef TRUSTHUB_SERVICES_PLANS_SERVICE_H_
#define TRUSTHUB_SERVICES_PLANS_SERVICE_H_

#include "common/rpc/routes.h"
#include "services/plans/plans.h"

namespace trusthub::plans {

// `domain` outlives the routes.
rpc::Routes PlansRoutes(Plans* domain);

}  // namespace trusthub::plans

#endif  // TRUSTHUB_SERVICES_PLANS_SERVICE_H_
