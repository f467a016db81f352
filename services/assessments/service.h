// File: service.h
//
// Every method of AssessmentsService, CommonAssessmentsService, ChecksService and
// AllegationsService, and the handler that serves it.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_SERVICE_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_SERVICE_H_

#include "absl/status/statusor.h"
#include "common/rpc/host.h"
#include "common/rpc/routes.h"
#include "services/assessments/allegations.h"
#include "services/assessments/assessments.h"
#include "services/assessments/checks.h"
#include "services/assessments/common_assessments.h"

namespace trusthub::assessments {

// `domain` outlives the routes.
rpc::Routes AssessmentsRoutes(Assessments* domain);
rpc::Routes CommonAssessmentsRoutes(CommonAssessments* domain);
rpc::Routes ChecksRoutes(Checks* domain);
rpc::Routes AllegationsRoutes(Allegations* domain);

// The whole service: its domain, its routes, and the services whose events it follows (directory,
// children, referrals).
absl::StatusOr<rpc::ServiceParts> MakeAssessments(const rpc::Environment& environment);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_SERVICE_H_
