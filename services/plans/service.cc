#include "services/plans/service.h"

#include <memory>
#include <utility>

#include "trusthub/plans/v1/placements_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"

namespace trusthub::plans {

rpc::Routes PlansRoutes(Plans* domain) {
  rpc::Routes routes(v1::RecordConferenceRequest::descriptor()->file());
  routes.Add(&Plans::RecordConference, domain)
      .Add(&Plans::GetConference, domain)
      .Add(&Plans::GetPlan, domain)
      .Add(&Plans::ListPlans, domain)
      .Add(&Plans::RecordCoreGroup, domain)
      .Add(&Plans::ListOwnActions, domain)
      .Add(&Plans::EndPlan, domain);
  return routes;
}

rpc::Routes PlacementsRoutes(Placements* domain) {
  rpc::Routes routes(v1::RecordPlacementRequest::descriptor()->file());
  routes.Add(&Placements::RecordPlacement, domain)
      .Add(&Placements::GetPlacement, domain)
      .Add(&Placements::ListPlacements, domain);
  return routes;
}

absl::StatusOr<rpc::ServiceParts> MakePlans(const rpc::Environment& environment) {
  struct Domain {
    Plans plans;
    Placements placements;
  };
  auto domain = std::make_shared<Domain>(Domain{Plans(environment.rules), Placements()});
  rpc::ServiceParts parts;
  parts.routes = {PlansRoutes(&domain->plans), PlacementsRoutes(&domain->placements)};
  parts.sources = {"directory", "children", "assessments"};
  parts.domain = std::move(domain);
  return parts;
}

}  // namespace trusthub::plans
