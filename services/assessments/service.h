// File: service.h
//
// Every method of AssessmentsService and the handler that serves it.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_SERVICE_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_SERVICE_H_

#include "common/rpc/routes.h"
#include "services/assessments/assessments.h"

namespace trusthub::assessments {

// `domain` outlives the routes.
rpc::Routes AssessmentsRoutes(Assessments* domain);

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_SERVICE_H_
