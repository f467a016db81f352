#include "services/directory/service.h"

#include <memory>
#include <utility>

namespace trusthub::directory {

rpc::Routes DirectoryRoutes(Directory* directory) {
  rpc::Routes routes(v1::CreateAgencyRequest::descriptor()->file());
  routes.Add(&Directory::CreateAgency, directory)
      .Add(&Directory::GetAgency, directory)
      .Add(&Directory::ListAgencies, directory)
      .Add(&Directory::CreateWorker, directory)
      .Add(&Directory::EndWorker, directory)
      .Add(&Directory::GetWorker, directory)
      .Add(&Directory::ListWorkers, directory);
  return routes;
}

absl::StatusOr<rpc::ServiceParts> MakeDirectory(const rpc::Environment&) {
  auto domain = std::make_shared<Directory>();
  rpc::ServiceParts parts;
  parts.routes = {DirectoryRoutes(domain.get())};
  parts.sources = {};
  parts.domain = std::move(domain);
  return parts;
}

}  // namespace trusthub::directory
