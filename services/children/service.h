// File: service.h
//
// Which methods of trusthub.children.v1 are served by what.
#ifndef TRUSTHUB_SERVICES_CHILDREN_SERVICE_H_
#define TRUSTHUB_SERVICES_CHILDREN_SERVICE_H_

#include "absl/status/statusor.h"
#include "common/rpc/host.h"
#include "common/rpc/routes.h"
#include "services/children/access_reviews.h"
#include "services/children/allocations.h"
#include "services/children/break_glass.h"
#include "services/children/children.h"
#include "services/children/conflicts.h"
#include "services/children/consents.h"
#include "services/children/retention/destructions.h"
#include "services/children/retention/legal_holds.h"
#include "services/children/sharing_decisions.h"

namespace trusthub::children {

// The domain outlives the routes.
rpc::Routes ChildrenRoutes(Children* children);
rpc::Routes AccessReviewsRoutes(AccessReviews* access_reviews);
rpc::Routes BreakGlassRoutes(BreakGlasses* break_glasses);
rpc::Routes SharingDecisionsRoutes(SharingDecisions* sharing_decisions);
rpc::Routes ConsentsRoutes(Consents* consents);
rpc::Routes AllocationsRoutes(Allocations* allocations, Conflicts* conflicts);
rpc::Routes RetentionRoutes(Destructions* destructions, LegalHolds* legal_holds);

// The whole service: its domain, its routes, and the services whose events it follows (directory,
// referrals, assessments, plans, health). Beside its calls it reads the audit logs of all services
// and looks for misuse. Stops at its start when a retention schedule is unusable.
absl::StatusOr<rpc::ServiceParts> MakeChildren(const rpc::Environment& environment);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_SERVICE_H_
