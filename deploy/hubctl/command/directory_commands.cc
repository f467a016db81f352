// Agencies and workers, as the running directory has them.
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "trusthub/directory/v1/directory_service.pb.h"

namespace trusthub::hubctl {
namespace {

using directory::v1::Agency;
using directory::v1::ListAgenciesRequest;
using directory::v1::ListAgenciesResponse;
using directory::v1::ListWorkersRequest;
using directory::v1::ListWorkersResponse;
using directory::v1::Worker;

constexpr char kReader[] = "hub-admin-01";
constexpr char kPurpose[] = "directory_administration";

absl::StatusOr<std::vector<Agency>> AllAgencies(Desk& desk) {
  std::vector<Agency> agencies;
  ListAgenciesRequest request;
  do {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto page,
                              desk.Call<ListAgenciesResponse>(request, kPurpose, "hubctl"));
    agencies.insert(agencies.end(), page.agencies().begin(), page.agencies().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return agencies;
}

absl::Status AddWorkersOf(Desk& desk, const std::string& agency, Table& table) {
  ListWorkersRequest request;
  request.set_agency(agency);
  do {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto page,
                              desk.Call<ListWorkersResponse>(request, kPurpose, "hubctl"));
    for (const Worker& worker : page.workers()) {
      table.Add({std::string(IdOf(worker.name())), std::string(IdOf(worker.agency())),
                 std::string(absl::StripPrefix(options::v1::Role_Name(worker.role()), "ROLE_")),
                 worker.display_name(), worker.team()});
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

absl::Status PrintAgencies(const Invocation& invocation) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(kReader));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Agency> agencies, AllAgencies(*desk));
  Table table({"agency", "kind", "title", "office", "emergency"});
  for (const Agency& agency : agencies) {
    table.Add({std::string(IdOf(agency.name())),
               std::string(absl::StripPrefix(directory::v1::AgencyKind_Name(agency.kind()),
                                             "AGENCY_KIND_")),
               agency.title(), agency.office_telephone(), agency.emergency_telephone()});
  }
  table.Print(invocation.json);
  return absl::OkStatus();
}

absl::Status PrintWorkers(const Invocation& invocation, const std::string& agency) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(kReader));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Agency> agencies, AllAgencies(*desk));
  Table table({"worker", "agency", "role", "name", "team"});
  for (const Agency& one : agencies) {
    if (!agency.empty() && IdOf(one.name()) != absl::StripPrefix(agency, "agencies/")) continue;
    TRUSTHUB_RETURN_IF_ERROR(AddWorkersOf(*desk, one.name(), table));
  }
  table.Print(invocation.json);
  return absl::OkStatus();
}

}  // namespace

void AddAgencies(CLI::App& app, Invocation& invocation) {
  app.add_subcommand("agencies", "List the agencies")->callback([&invocation] {
    invocation.run = [&invocation] { return PrintAgencies(invocation); };
  });
}

void AddWorkers(CLI::App& app, Invocation& invocation) {
  auto agency = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("workers", "List the workers: who --as can be");
  command->add_option("--agency", *agency, "Only of this agency");
  command->callback([agency, &invocation] {
    invocation.run = [agency, &invocation] { return PrintWorkers(invocation, *agency); };
  });
}

}  // namespace trusthub::hubctl
