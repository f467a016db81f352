#include "services/health/service.h"

#include <memory>
#include <utility>

#include "trusthub/health/v1/health_service.pb.h"

namespace trusthub::health {

rpc::Routes HealthRoutes(Attendances* domain) {
  rpc::Routes routes(v1::RegisterAttendanceRequest::descriptor()->file());
  routes.Add(&Attendances::RegisterAttendance, domain)
      .Add(&Attendances::GetAttendance, domain)
      .Add(&Attendances::ListAttendances, domain);
  return routes;
}

absl::StatusOr<rpc::ServiceParts> MakeHealth(const rpc::Environment& environment) {
  auto domain = std::make_shared<Attendances>(environment.services);
  rpc::ServiceParts parts;
  parts.routes = {HealthRoutes(domain.get())};
  parts.sources = {"directory", "children"};
  parts.domain = std::move(domain);
  return parts;
}

}  // namespace trusthub::health
