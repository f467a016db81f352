#include "services/plans/service.h"

#include "trusthub/plans/v1/plans_service.pb.h"

namespace trusthub::plans {

rpc::Routes PlansRoutes(Plans* domain) {
  rpc::Routes routes(v1::RecordConferenceRequest::descriptor()->file());
  routes.Add(&Plans::RecordConference, domain)
      .Add(&Plans::GetConference, domain)
      .Add(&Plans::GetPlan, domain)
      .Add(&Plans::ListPlans, domain)
      .Add(&Plans::RecordCoreGroup, domain)
      .Add(&Plans::EndPlan, domain);
  return routes;
}

}  // namespace trusthub::plans
