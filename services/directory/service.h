// File: service.h
//
// Which method of trusthub.directory.v1.DirectoryService and
// trusthub.policy.v1.AgreementSetsService is served by what.
#ifndef TRUSTHUB_SERVICES_DIRECTORY_SERVICE_H_
#define TRUSTHUB_SERVICES_DIRECTORY_SERVICE_H_

#include "absl/status/statusor.h"
#include "common/rpc/host.h"
#include "common/rpc/routes.h"
#include "services/directory/agreement_sets.h"
#include "services/directory/directory.h"

namespace trusthub::directory {

// The domain outlives the routes.
rpc::Routes DirectoryRoutes(Directory* directory);
rpc::Routes AgreementSetsRoutes(AgreementSets* sets);

// The whole service: its domain, its routes, and the services whose events it follows (no other
// service).
absl::StatusOr<rpc::ServiceParts> MakeDirectory(const rpc::Environment& environment);

}  // namespace trusthub::directory

#endif  // TRUSTHUB_SERVICES_DIRECTORY_SERVICE_H_
