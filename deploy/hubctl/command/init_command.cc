#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/instant.h"
#include "deploy/hubctl/command/output.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;

struct Options {
  int base_port = InitOptions().base_port;
  bool container = false;
  std::string config_folder;
  std::string clock;
};

bool HoldsConfiguration(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "redbridge" / "directory.yaml", ignored);
}

// Where the borough's files are: as told, in a source tree, beside this program, or installed.
absl::StatusOr<std::string> FindConfiguration(const std::string& told) {
  if (!told.empty()) {
    if (HoldsConfiguration(told)) return fs::absolute(told).lexically_normal().string();
    return absl::NotFoundError(absl::StrCat(told, " holds no redbridge/directory.yaml"));
  }
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  for (const fs::path& folder :
       {fs::path("deploy/config"), program.parent_path() / "../../../deploy/config",
        fs::path("/usr/share/trusthub/config")}) {
    if (HoldsConfiguration(folder)) return fs::absolute(folder).lexically_normal().string();
  }
  return absl::NotFoundError("cannot find the configuration: say --config deploy/config");
}

absl::Status Init(const Invocation& invocation, const Options& options) {
  InitOptions init;
  init.folder = fs::absolute(invocation.hub).lexically_normal().string();
  init.base_port = options.base_port;
  init.container = options.container;
  TRUSTHUB_ASSIGN_OR_RETURN(init.config_folder, FindConfiguration(options.config_folder));
  if (!options.clock.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(init.domain_now, ParseInstant(options.clock));
  }
  TRUSTHUB_RETURN_IF_ERROR(InitHub(init));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, Hub::Open(init.folder));
  if (!invocation.json) {
    std::printf("Made a hub in %s: keys, certificates and configuration of six services.\n",
                init.folder.c_str());
  }
  Table table({"service", "address", "config"});
  for (const auto& [service, address] : hub->addresses()) {
    table.Add({service, address, absl::StrCat(init.folder, "/config/", service, ".yaml")});
  }
  table.Print(invocation.json);
  return absl::OkStatus();
}

}  // namespace

void AddInit(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("init", "Make a hub: keys, certificates, configuration");
  command->alias("pki");
  command->add_option("--base-port", options->base_port, "First of six ports; 0 takes free ones")
      ->capture_default_str()
      ->check(CLI::Range(0, 65530));
  command->add_flag("--container", options->container, "Services find each other by name");
  command->add_option("--config", options->config_folder, "Configuration (deploy/config)");
  command->add_option("--clock", options->clock, "Where the domain clock starts: 2010-01-04T09:00");
  command->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return Init(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
