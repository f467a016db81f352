#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/time/clock.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/loading.h"

namespace trusthub::hubctl {
namespace {

constexpr int kThreads = 8;

absl::Status Load(const Invocation& invocation, const std::string& what, int threads) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  nlohmann::ordered_json told;
  const auto tell = [&](const char* name, const Loaded& loaded, absl::Duration took) {
    told[name] = {{"rows", loaded.rows},
                  {"children", loaded.children},
                  {"milliseconds", absl::ToInt64Milliseconds(took)}};
    if (invocation.json) return;
    const std::string children =
        loaded.children == 0 ? "" : absl::StrCat(" of ", loaded.children, " children");
    std::printf("Loaded the %s: %d rows%s in %.1f s.\n", name, loaded.rows, children.c_str(),
                absl::ToDoubleSeconds(took));
  };
  if (what != "population") {
    const absl::Duration start = MonotonicNow();
    TRUSTHUB_ASSIGN_OR_RETURN(const Loaded loaded, LoadDirectory(*hub, ProgressLine("directory")));
    tell("directory", loaded, MonotonicNow() - start);
  }
  if (what != "directory") {
    const absl::Duration start = MonotonicNow();
    TRUSTHUB_ASSIGN_OR_RETURN(const Loaded loaded,
                              LoadPopulation(*hub, threads, ProgressLine("population")));
    tell("population", loaded, MonotonicNow() - start);
  }
  if (invocation.json) PrintJson(told);
  return absl::OkStatus();
}

}  // namespace

void AddLoad(CLI::App& app, Invocation& invocation) {
  auto what = std::make_shared<std::string>("all");
  auto threads = std::make_shared<int>(kThreads);
  CLI::App* command =
      app.add_subcommand("load", "Load the borough's files; twice is the same as once");
  command->add_option("what", *what, "directory, population or all")
      ->check(CLI::IsMember({"directory", "population", "all"}))
      ->capture_default_str();
  command->add_option("--threads", *threads, "Registrations at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->callback([what, threads, &invocation] {
    invocation.run = [what, threads, &invocation] { return Load(invocation, *what, *threads); };
  });
}

}  // namespace trusthub::hubctl
