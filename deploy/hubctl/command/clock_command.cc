#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/instant.h"
#include "deploy/hubctl/command/output.h"

namespace trusthub::hubctl {
namespace {

absl::Status Show(const Invocation& invocation) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Time now, hub->DomainNow());
  if (invocation.json) {
    PrintJson({{"domain_time", absl::FormatTime(absl::RFC3339_sec, now, London())}});
  } else {
    std::puts(absl::FormatTime("%A %Y-%m-%d %H:%M:%S %Z", now, London()).c_str());
  }
  return absl::OkStatus();
}

absl::Status Set(const Invocation& invocation, const std::string& instant) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::Time time, ParseInstant(instant));
  TRUSTHUB_RETURN_IF_ERROR(hub->SetClock(time));
  return Show(invocation);
}

}  // namespace

absl::StatusOr<absl::Time> ParseInstant(absl::string_view text) {
  absl::Time instant;
  std::string error;
  for (const char* format : {"%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"}) {
    if (absl::ParseTime(format, text, London(), &instant, &error)) return instant;
  }
  if (absl::ParseTime("%Y-%m-%d", text, London(), &instant, &error)) {
    return instant + absl::Hours(9);
  }
  if (absl::ParseTime(absl::RFC3339_full, text, &instant, &error)) return instant;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no instant: write 2010-01-19T09:10, which is London's time"));
}

void AddClock(CLI::App& app, Invocation& invocation) {
  CLI::App* clock = app.add_subcommand("clock", "The domain clock of a sandbox");
  clock->require_subcommand(1);
  clock->add_subcommand("show", "What day it is for the services")->callback([&invocation] {
    invocation.run = [&invocation] { return Show(invocation); };
  });
  auto instant = std::make_shared<std::string>();
  CLI::App* set = clock->add_subcommand("set", "Set it, e.g. clock set 2010-01-19T09:10");
  set->add_option("instant", *instant, "Instant")->required();
  set->callback([instant, &invocation] {
    invocation.run = [instant, &invocation] { return Set(invocation, *instant); };
  });
}

}  // namespace trusthub::hubctl
