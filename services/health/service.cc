#include "services/health/service.h"

#include <memory>
#include <utility>

#include "trusthub/health/v1/consultations_service.pb.h"
#include "trusthub/health/v1/health_records_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"

namespace trusthub::health {

rpc::Routes HealthRoutes(Attendances* domain) {
  rpc::Routes routes(v1::RegisterAttendanceRequest::descriptor()->file());
  routes.Add(&Attendances::RegisterAttendance, domain)
      .Add(&Attendances::GetAttendance, domain)
      .Add(&Attendances::ListAttendances, domain);
  return routes;
}

rpc::Routes HealthRecordsRoutes(HealthRecords* domain) {
  rpc::Routes routes(v1::AddHealthRecordRequest::descriptor()->file());
  routes.Add(&HealthRecords::AddHealthRecord, domain)
      .Add(&HealthRecords::GetHealthRecord, domain)
      .Add(&HealthRecords::ListHealthRecords, domain);
  return routes;
}

rpc::Routes ConsultationsRoutes(Consultations* domain) {
  rpc::Routes routes(v1::RecordConsultationRequest::descriptor()->file());
  routes.Add(&Consultations::RecordConsultation, domain)
      .Add(&Consultations::GetConsultation, domain)
      .Add(&Consultations::ListConsultations, domain)
      .Add(&Consultations::ReleaseConsultation, domain);
  return routes;
}

absl::StatusOr<rpc::ServiceParts> MakeHealth(const rpc::Environment& environment) {
  struct Domain {
    Attendances attendances;
    HealthRecords health_records;
    Consultations consultations;
  };
  auto domain = std::make_shared<Domain>(
      Domain{Attendances(environment.services), HealthRecords(), Consultations(environment.rules)});
  rpc::ServiceParts parts;
  parts.routes = {HealthRoutes(&domain->attendances), HealthRecordsRoutes(&domain->health_records),
                  ConsultationsRoutes(&domain->consultations)};
  parts.sources = {"directory", "children"};
  parts.domain = std::move(domain);
  return parts;
}

}  // namespace trusthub::health
