// hubctl: makes, fills, asks and checks a hub.
#include <cstdio>
#include <cstdlib>

#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"

namespace {

constexpr int kExitUsage = 64;

}  // namespace

int main(int argc, char** argv) {
  using namespace trusthub::hubctl;  // NOLINT: all of main is of this room
  CLI::App app("Makes, fills, asks and checks a Trust Hub.", "hubctl");
  Invocation invocation;
  if (const char* hub = std::getenv("TRUSTHUB_HUB"); hub != nullptr && *hub != '\0') {
    invocation.hub = hub;
  }
  app.add_option("--hub", invocation.hub, "Folder of the hub (or TRUSTHUB_HUB)")
      ->capture_default_str();
  app.add_flag("--json", invocation.json, "Print one JSON document");
  app.require_subcommand(1);
  app.fallthrough();
  for (const auto add :
       {AddInit,   AddToken,   AddAgencies, AddWorkers, AddLoad,   AddRefer,    AddGet,   AddWatch,
        AddAudit,  AddReceipt, AddWitness,  AddKeys,    AddBackup, AddRestore,  AddStore, AddClock,
        AddHealth, AddWait,    AddStatus,   AddStory,   AddPolicy, AddRetention}) {
    add(app, invocation);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  const absl::Status status = invocation.run();
  if (status.ok()) return 0;
  std::fflush(stdout);
  PrintError(status, invocation.json);
  return invocation.exit_refused;
}
