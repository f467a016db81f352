#include "services/directory/service.h"

#include <memory>
#include <utility>
#include <vector>

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

rpc::Routes AgreementSetsRoutes(AgreementSets* sets) {
  rpc::Routes routes(policy::v1::ProposeAgreementSetRequest::descriptor()->file());
  routes.Add(&AgreementSets::ProposeAgreementSet, sets)
      .Add(&AgreementSets::SignAgreementSet, sets)
      .Add(&AgreementSets::ActivateAgreementSet, sets)
      .Add(&AgreementSets::GetAgreementSet, sets)
      .Add(&AgreementSets::ListAgreementSets, sets);
  return routes;
}

namespace {

// What the routes point into.
struct Domain {
  explicit Domain(std::vector<policy::AgreementText> folder) : sets(std::move(folder)) {}
  Directory directory;
  AgreementSets sets;
};

}  // namespace

absl::StatusOr<rpc::ServiceParts> MakeDirectory(const rpc::Environment& environment) {
  // A folder that cannot be read stops the service only while it is in force, which its host
  // checks; a set that was activated has its files in the store.
  absl::StatusOr<std::vector<policy::AgreementText>> folder =
      policy::ReadAgreementTexts(environment.config.agreements_folder);
  auto domain = std::make_shared<Domain>(folder.ok() ? *std::move(folder)
                                                     : std::vector<policy::AgreementText>());
  rpc::ServiceParts parts;
  parts.routes = {DirectoryRoutes(&domain->directory), AgreementSetsRoutes(&domain->sets)};
  parts.sources = {};
  parts.domain = std::move(domain);
  return parts;
}

}  // namespace trusthub::directory
