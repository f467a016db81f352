// restore: the services' stores put back from a backup.
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "deploy/hubctl/backup/restoring.h"
#include "deploy/hubctl/command/backup_options.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/pki/development.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string repository;
  BackupKeyOptions keys;
  StoreOptions stores;
  std::string backup;  // empty: the newest
  std::string statements;
  bool accept_loss = false;
  std::string case_reference = "restore";
};

absl::StatusOr<Manifest> Chosen(const Repository& repository, const Options& options,
                                const Signers& signers) {
  std::string name = options.backup;
  if (name.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto names, repository.List());
    if (names.empty()) return absl::NotFoundError(options.repository + " holds no backup yet");
    name = names.back();
  }
  return repository.Read(name, signers);
}

absl::StatusOr<RestoreTarget> TargetOf(const Invocation& invocation, const Options& options,
                                       const std::string& service) {
  RestoreTarget target;
  target.service = service;
  TRUSTHUB_ASSIGN_OR_RETURN(target.data_folder, DataFolderOf(invocation, options.stores, service));
  const std::string keys = absl::StrCat(invocation.hub, "/pki/services/", service);
  target.audit_key = keys + "/audit.key";
  target.data_keys = keys + "/data_keys.yaml";
  return target;
}

// The statement for witnesses; its file's name.
absl::StatusOr<std::string> Tell(const Invocation& invocation, const Options& options,
                                 const Restoration& restoration) {
  const std::string folder =
      options.statements.empty() ? invocation.hub + "/restored" : options.statements;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return absl::UnavailableError(absl::StrCat(folder, ": ", error.message()));
  const std::string path =
      absl::StrCat(folder, "/", restoration.service, "-", RestorationId(restoration), ".json");
  TRUSTHUB_RETURN_IF_ERROR(pki::WriteFile(path, RestorationText(restoration), /*secret=*/false));
  return path;
}

absl::Status Run(const Invocation& invocation, const Options& options) {
  const BackupKeyOptions keys = WithDefaults(invocation, options.keys);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto ring, LoadBackupRing(keys));
  RestoreOptions restoring;
  TRUSTHUB_ASSIGN_OR_RETURN(restoring.trusted, LoadSigners(keys));
  restoring.accept_loss = options.accept_loss;
  restoring.case_reference = options.case_reference;
  TRUSTHUB_ASSIGN_OR_RETURN(const auto repository,
                            Repository::Open(options.repository, *ring, RealDisk()));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto lock, repository->LockToRead());
  TRUSTHUB_ASSIGN_OR_RETURN(const Manifest manifest,
                            Chosen(*repository, options, restoring.trusted));
  // All are verified before the first is replaced.
  std::vector<std::pair<std::string, std::unique_ptr<Restore>>> restores;
  for (const std::string& service : ServicesOf(options.stores)) {
    if (options.stores.service == "all" && manifest.Find(service) == nullptr) continue;
    TRUSTHUB_ASSIGN_OR_RETURN(const RestoreTarget target, TargetOf(invocation, options, service));
    TRUSTHUB_ASSIGN_OR_RETURN(
        auto restore, Restore::Prepare(*repository, manifest, target, restoring, RealDisk()));
    restores.emplace_back(service, std::move(restore));
  }
  Table table({"service", "backup", "entries", "lost", "keys destroyed", "replaced", "statement"});
  for (const auto& [service, restore] : restores) {
    std::string statement;
    if (restore->restoration().has_value()) {
      TRUSTHUB_ASSIGN_OR_RETURN(statement, Tell(invocation, options, *restore->restoration()));
    }
    TRUSTHUB_RETURN_IF_ERROR(restore->Replace());
    const std::optional<std::int64_t> lost = restore->entries_lost();
    table.Add({service, manifest.name, absl::StrCat(restore->entries()),
               lost.has_value() ? absl::StrCat(*lost) : "unknown",
               absl::StrCat(restore->keys_destroyed()), restore->replaced(), statement});
  }
  table.Print(invocation.json);
  if (!invocation.json) {
    std::printf(
        "Start the services and run hubctl audit verify. Give each statement to every witness's\n"
        "agency (hubctl witness accept). Delete the replaced files when all is as it should be.\n");
  }
  return absl::OkStatus();
}

}  // namespace

void AddRestore(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* restore = app.add_subcommand(
      "restore", "Put the stores of services that are stopped back from a backup");
  AddRepositoryOption(*restore, options->repository);
  AddBackupKeyOptions(*restore, options->keys, /*makes=*/false);
  AddStoreOptions(*restore, options->stores);
  restore->add_option("--backup", options->backup, "Its name; without it the newest one");
  restore->add_flag(
      "--accept-loss", options->accept_loss,
      "What was acknowledged after the backup may be lost; the audit log will say so");
  restore
      ->add_option("--case", options->case_reference,
                   "The operator's own reference, kept in the audit log; no personal data")
      ->capture_default_str();
  restore->add_option("--statements", options->statements,
                      "Folder for the statements to witnesses; without it restored/ of the hub");
  restore->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return Run(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
