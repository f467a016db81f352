#include "services/health/service.h"

#include "trusthub/health/v1/health_service.pb.h"

namespace trusthub::health {

rpc::Routes HealthRoutes(Attendances* domain) {
  rpc::Routes routes(v1::RegisterAttendanceRequest::descriptor()->file());
  routes.Add(&Attendances::RegisterAttendance, domain)
      .Add(&Attendances::GetAttendance, domain)
      .Add(&Attendances::ListAttendances, domain);
  return routes;
}

}  // namespace trusthub::health
