// File: service.h
//
// Which method of trusthub.children.v1.ChildrenService is served by what.
#ifndef TRUSTHUB_SERVICES_CHILDREN_SERVICE_H_
#define TRUSTHUB_SERVICES_CHILDREN_SERVICE_H_

#include "common/rpc/routes.h"
#include "services/children/children.h"

namespace trusthub::children {

// `children` outlives the routes.
rpc::Routes ChildrenRoutes(Children* children);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_SERVICE_H_
