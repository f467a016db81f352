// File: service.h
//
// Which handler serves which method of PlansService and PlacementsService.
#ifndef TRUSTHUB_SERVICES_PLANS_SERVICE_H_
#define TRUSTHUB_SERVICES_PLANS_SERVICE_H_

#include "absl/status/statusor.h"
#include "common/rpc/host.h"
#include "common/rpc/routes.h"
#include "services/plans/placements.h"
#include "services/plans/plans.h"

namespace trusthub::plans {

// `domain` outlives the routes.
rpc::Routes PlansRoutes(Plans* domain);
rpc::Routes PlacementsRoutes(Placements* domain);

// The whole service: its domain, its routes, and the services whose events it follows (directory,
// children, assessments).
absl::StatusOr<rpc::ServiceParts> MakePlans(const rpc::Environment& environment);

}  // namespace trusthub::plans

#endif  // TRUSTHUB_SERVICES_PLANS_SERVICE_H_
