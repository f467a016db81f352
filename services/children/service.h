// File: service.h
//
// Which method of trusthub.children.v1.ChildrenService is served by what.
#ifndef TRUSTHUB_SERVICES_CHILDREN_SERVICE_H_
#define TRUSTHUB_SERVICES_CHILDREN_SERVICE_H_

#include "absl/status/statusor.h"
#include "common/rpc/host.h"
#include "common/rpc/routes.h"
#include "services/children/children.h"

namespace trusthub::children {

// `children` outlives the routes.
rpc::Routes ChildrenRoutes(Children* children);

// The whole service: its domain, its routes, and the services whose events it follows (directory,
// referrals, assessments, plans, health).
absl::StatusOr<rpc::ServiceParts> MakeChildren(const rpc::Environment& environment);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_SERVICE_H_
