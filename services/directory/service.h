// File: service.h
//
// Which method of trusthub.directory.v1.DirectoryService is served by what.
#ifndef TRUSTHUB_SERVICES_DIRECTORY_SERVICE_H_
#define TRUSTHUB_SERVICES_DIRECTORY_SERVICE_H_

#include "common/rpc/routes.h"
#include "services/directory/directory.h"

namespace trusthub::directory {

// `directory` outlives the routes.
rpc::Routes DirectoryRoutes(Directory* directory);

}  // namespace trusthub::directory

#endif  // TRUSTHUB_SERVICES_DIRECTORY_SERVICE_H_
