// health, wait and status: whether the hub answers.
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/readiness.h"

namespace trusthub::hubctl {
namespace {

constexpr absl::Duration kCheckLimit = absl::Seconds(2);

struct Which {
  std::string config;
  std::string service;
};

absl::Status Report(const Invocation& invocation, const std::string& service,
                    const absl::Status& status) {
  if (!status.ok()) return status;
  if (invocation.json) {
    PrintJson({{"service", service}, {"serving", true}});
  } else {
    std::printf("%s is serving\n", service.c_str());
  }
  return status;
}

absl::Status Health(const Invocation& invocation, const Which& which) {
  if (!which.config.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const config::Config config, config::Load(which.config));
    return Report(invocation, config.service, CheckServing(config, kCheckLimit));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  if (!which.service.empty()) {
    return Report(invocation, which.service, CheckServing(*hub, which.service, kCheckLimit));
  }
  Table table({"service", "address", "serving"});
  absl::Status worst;
  for (const char* service : kServices) {
    const absl::Status status = CheckServing(*hub, service, kCheckLimit);
    table.Add({service, hub->addresses().at(service), status.ok() ? "yes" : "no"});
    worst.Update(status);
  }
  table.Print(invocation.json);
  return worst;
}

absl::Status Wait(const Invocation& invocation, int seconds) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_RETURN_IF_ERROR(WaitUntilFresh(*hub, absl::Seconds(seconds)));
  if (invocation.json) {
    PrintJson({{"ready", true}});
  } else {
    std::puts("All six services serve and know of each other.");
  }
  return absl::OkStatus();
}

absl::Status Status(const Invocation& invocation) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  Table table({"service", "address", "process", "serving", "fresh"});
  int serving = 0;
  for (const char* service : kServices) {
    const bool serves = CheckServing(*hub, service, kCheckLimit).ok();
    const bool fresh = serves && CheckFresh(*hub, service).ok();
    serving += serves ? 1 : 0;
    table.Add({service, hub->addresses().at(service), ProcessOf(*hub, service),
               serves ? "yes" : "no", fresh ? "yes" : "no"});
  }
  table.Print(invocation.json);
  if (!invocation.json) {
    TRUSTHUB_ASSIGN_OR_RETURN(const absl::Time now, hub->DomainNow());
    std::printf("\nThe domain clock says %s in London.\n",
                absl::FormatTime("%A %Y-%m-%d %H:%M", now, London()).c_str());
  }
  if (serving == static_cast<int>(kServices.size())) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(kServices.size() - static_cast<std::size_t>(serving),
                                             " of ", kServices.size(),
                                             " services do not serve: run deploy/demo"));
}

}  // namespace

void AddHealth(CLI::App& app, Invocation& invocation) {
  auto which = std::make_shared<Which>();
  CLI::App* command = app.add_subcommand("health", "Whether services say that they serve");
  CLI::Option* config =
      command->add_option("--config", which->config, "The service of this file, on this machine");
  command->add_option("--service", which->service, "One service of the hub")
      ->check(CLI::IsMember(std::vector<std::string>(kServices.begin(), kServices.end())))
      ->excludes(config);
  command->callback([which, &invocation] {
    invocation.run = [which, &invocation] { return Health(invocation, *which); };
  });
}

void AddWait(CLI::App& app, Invocation& invocation) {
  auto seconds = std::make_shared<int>(30);
  CLI::App* command = app.add_subcommand("wait", "Wait until all services serve and are fresh");
  command->add_option("--seconds", *seconds, "Time limit")->capture_default_str();
  command->callback([seconds, &invocation] {
    invocation.run = [seconds, &invocation] { return Wait(invocation, *seconds); };
  });
}

void AddStatus(CLI::App& app, Invocation& invocation) {
  app.add_subcommand("status", "The hub at a glance")->callback([&invocation] {
    invocation.run = [&invocation] { return Status(invocation); };
  });
}

}  // namespace trusthub::hubctl
