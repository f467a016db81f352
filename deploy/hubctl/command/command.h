// File: command.h
//
// What the commands of hubctl share. Each command adds itself to the command line and, when chosen,
// sets what is to be run.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_COMMAND_COMMAND_H_
#define TRUSTHUB_DEPLOY_HUBCTL_COMMAND_COMMAND_H_

#include <functional>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "deploy/hubctl/hub_folder.h"
#include "deploy/hubctl/receipt_file.h"

namespace trusthub::hubctl {

// The command line as a whole.
struct Invocation {
  std::string hub = "out/hub";  // --hub
  bool json = false;            // --json: one JSON document on standard output
  int exit_refused = 1;         // exit code when run fails; a command may say another
  std::function<absl::Status()> run;

  absl::StatusOr<std::unique_ptr<Hub>> OpenHub() const { return Hub::Open(hub); }
};

// Who asks, and what for.
struct Asker {
  std::string worker;
  std::string purpose;
  std::string case_reference = "hubctl";
};
// --as, --purpose and --case.
void AddAskerOptions(CLI::App& command, Asker& asker);

// --receipt: keeps the answer as a receipt file (receipt_file.h), readable by its owner alone.
void AddReceiptOption(CLI::App& command, std::string& path);
// Does nothing when `path` is empty.
absl::Status KeepReceipt(const std::string& path, const rpc::ReceivedAnswer& answer);

// --keys, --witnesses and --need: whom to believe, for receipts and logs.
struct TrustOptions {
  std::string keys;
  std::string witnesses;
  int needed = 0;
};
void AddTrustOptions(CLI::App& command, TrustOptions& options);
// Without --keys, the audit keys of the hub.
absl::StatusOr<Trusted> TrustedBy(const Invocation& invocation, const TrustOptions& options);

void AddInit(CLI::App& app, Invocation& invocation);
void AddToken(CLI::App& app, Invocation& invocation);
void AddAgencies(CLI::App& app, Invocation& invocation);
void AddWorkers(CLI::App& app, Invocation& invocation);
void AddLoad(CLI::App& app, Invocation& invocation);
void AddRefer(CLI::App& app, Invocation& invocation);
void AddGet(CLI::App& app, Invocation& invocation);
void AddWatch(CLI::App& app, Invocation& invocation);
void AddAudit(CLI::App& app, Invocation& invocation);
void AddReceipt(CLI::App& app, Invocation& invocation);
void AddWitness(CLI::App& app, Invocation& invocation);
void AddKeys(CLI::App& app, Invocation& invocation);
void AddBackup(CLI::App& app, Invocation& invocation);
void AddRestore(CLI::App& app, Invocation& invocation);
void AddStore(CLI::App& app, Invocation& invocation);
void AddClock(CLI::App& app, Invocation& invocation);
void AddHealth(CLI::App& app, Invocation& invocation);
void AddWait(CLI::App& app, Invocation& invocation);
void AddStatus(CLI::App& app, Invocation& invocation);
void AddStory(CLI::App& app, Invocation& invocation);
void AddPolicy(CLI::App& app, Invocation& invocation);
void AddRetention(CLI::App& app, Invocation& invocation);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_COMMAND_COMMAND_H_
