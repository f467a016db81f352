#include "services/directory/service.h"

namespace trusthub::directory {

rpc::Routes DirectoryRoutes(Directory* directory) {
  rpc::Routes routes(v1::CreateAgencyRequest::descriptor()->file());
  routes.Add(&Directory::CreateAgency, directory)
      .Add(&Directory::GetAgency, directory)
      .Add(&Directory::ListAgencies, directory)
      .Add(&Directory::CreateWorker, directory)
      .Add(&Directory::GetWorker, directory)
      .Add(&Directory::ListWorkers, directory);
  return routes;
}

}  // namespace trusthub::directory
