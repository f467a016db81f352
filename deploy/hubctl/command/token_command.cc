#include <cstdio>

#include "common/base/status_macros.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"

namespace trusthub::hubctl {
namespace {

absl::Status PrintToken(const Invocation& invocation, const std::string& worker) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(worker));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string token, desk->Token());
  if (!invocation.json) {
    std::puts(token.c_str());
    return absl::OkStatus();
  }
  const rpc::TlsFiles tls = hub->TlsOf(desk->worker().agency());
  PrintJson({{"token", token},
             {"worker", desk->name()},
             {"certificate", tls.certificate},
             {"key", tls.key},
             {"server_ca", tls.server_ca}});
  return absl::OkStatus();
}

}  // namespace

void AddToken(CLI::App& app, Invocation& invocation) {
  auto worker = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "token", "Print a worker's token, good for ten minutes and one certificate");
  command->add_option("--as", *worker, "Worker, e.g. lbr-sw-01 (hubctl workers)")->required();
  command->callback([worker, &invocation] {
    invocation.run = [worker, &invocation] { return PrintToken(invocation, *worker); };
  });
}

}  // namespace trusthub::hubctl
