// backup: copies of the services' stores, made while they work, in a repository.
#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/audit/key_list.h"
#include "common/base/status_macros.h"
#include "common/time/clock.h"
#include "deploy/hubctl/backup/making.h"
#include "deploy/hubctl/backup/verifying.h"
#include "deploy/hubctl/command/backup_options.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/moving/configured_store.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string repository;
  BackupKeyOptions keys;
  StoreOptions stores;
  std::string staging;
  std::string backup = "all";
  bool from_end_to_end = false;
  std::vector<std::string> names;
  int keep = 0;
};

// What commands work with, once it is known where.
struct Opened {
  std::shared_ptr<const crypto::KeyRing> ring;
  Signers signers;
  std::unique_ptr<Repository> repository;
};

absl::StatusOr<Opened> Open(const Invocation& invocation, const Options& options) {
  const BackupKeyOptions keys = WithDefaults(invocation, options.keys);
  Opened opened;
  TRUSTHUB_ASSIGN_OR_RETURN(opened.ring, LoadBackupRing(keys));
  TRUSTHUB_ASSIGN_OR_RETURN(opened.signers, LoadSigners(keys));
  TRUSTHUB_ASSIGN_OR_RETURN(opened.repository,
                            Repository::Open(options.repository, *opened.ring, RealDisk()));
  return opened;
}

std::string InUtc(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::UTCTimeZone());
}

// Who runs this, for whoever reads the manifest years later.
std::string MadeBy() {
  char host[256] = "";
  gethostname(host, sizeof(host) - 1);
  const passwd* const user = getpwuid(geteuid());  // NOLINT(concurrency-mt-unsafe): one thread
  return absl::StrCat(user != nullptr ? user->pw_name : absl::StrCat(geteuid()), " on ", host);
}

absl::Status Init(const Invocation& invocation, const Options& options) {
  TRUSTHUB_RETURN_IF_ERROR(MakeBackupKeys(invocation, options.keys));
  const BackupKeyOptions keys = WithDefaults(invocation, options.keys);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto ring, LoadBackupRing(keys));
  TRUSTHUB_ASSIGN_OR_RETURN(const Signers signers, LoadSigners(keys));
  TRUSTHUB_RETURN_IF_ERROR(Repository::Make(options.repository, *ring, RealDisk()));
  Table table({"repository", "wrapped with", "signed by"});
  std::string ids;
  for (const std::string& key : signers)
    absl::StrAppend(&ids, ids.empty() ? "" : " ", audit::KeyId(key));
  table.Add({options.repository, ring->current().id(), ids});
  table.Print(invocation.json);
  if (!invocation.json) {
    std::printf(
        "Keep elsewhere, on paper or in another safe: the keys of %s and, of the hub, pki/.\n"
        "Without them nothing can be restored.\n",
        keys.keys.c_str());
  }
  return absl::OkStatus();
}

absl::Status Run(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const Opened opened, Open(invocation, options));
  TRUSTHUB_ASSIGN_OR_RETURN(
      const auto key, crypto::SigningKey::Load(WithDefaults(invocation, options.keys).signing_key));
  BackupOptions run;
  run.key = key.get();
  run.trusted = opened.signers;
  run.made_by = MadeBy();
  run.staging = options.staging;
  for (const std::string& service : ServicesOf(options.stores)) {
    BackupSource source;
    source.service = service;
    TRUSTHUB_ASSIGN_OR_RETURN(source.data_folder,
                              DataFolderOf(invocation, options.stores, service));
    TRUSTHUB_ASSIGN_OR_RETURN(source.audit_key, hub->AuditKeyOf(service));
    TRUSTHUB_ASSIGN_OR_RETURN(source.database, DatabaseOf(invocation.hub, service));
    run.sources.push_back(std::move(source));
  }
  const absl::Duration began = MonotonicNow();
  TRUSTHUB_ASSIGN_OR_RETURN(const MadeBackup made, MakeBackup(*opened.repository, run));
  TRUSTHUB_RETURN_IF_ERROR(opened.repository->Rewrap(*opened.ring));
  Table table({"service", "backup", "entries", "KiB", "new KiB", "of"});
  std::int64_t added = 0;
  std::int64_t all = 0;
  for (std::size_t i = 0; i < made.manifest.services.size(); ++i) {
    const ServiceBackup& backup = made.manifest.services[i];
    added += made.added[i].bytes;
    all += backup.bytes;
    table.Add({backup.service, made.manifest.name,
               absl::StrCat(backup.head.has_value() ? backup.head->size : 0), KiB(backup.bytes),
               KiB(made.added[i].bytes), InUtc(backup.time)});
  }
  table.Print(invocation.json);
  if (!invocation.json) {
    std::printf("Backup %s: %s KiB of %s KiB are new, in %.1f s.\n", made.manifest.name.c_str(),
                KiB(added).c_str(), KiB(all).c_str(),
                absl::ToDoubleSeconds(MonotonicNow() - began));
  }
  return absl::OkStatus();
}

absl::Status List(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Opened opened, Open(invocation, options));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto names, opened.repository->List());
  Table table({"backup", "of", "services", "KiB", "made by"});
  absl::Status worst;
  for (const std::string& name : names) {
    const absl::StatusOr<Manifest> manifest = opened.repository->Read(name, opened.signers);
    if (!manifest.ok()) {
      table.Add({name, "", "", "", "cannot be read"});
      worst.Update(manifest.status());
      continue;
    }
    std::int64_t bytes = 0;
    for (const ServiceBackup& backup : manifest->services) bytes += backup.bytes;
    table.Add({name, InUtc(manifest->time), absl::StrCat(manifest->services.size()), KiB(bytes),
               manifest->made_by});
  }
  table.Print(invocation.json);
  return worst;
}

// A folder that is gone, with what is in it, when this is.
class Staging {
 public:
  static absl::StatusOr<std::unique_ptr<Staging>> Make(const std::string& in) {
    std::error_code error;
    const fs::path parent = in.empty() ? fs::temp_directory_path(error) : fs::path(in);
    std::string path = (parent / "hubctl-backup-XXXXXX").string();
    if (error || mkdtemp(path.data()) == nullptr) {
      return absl::UnavailableError(
          absl::StrCat(parent.string(), ": no folder can be made here; see --staging"));
    }
    return std::make_unique<Staging>(path);
  }
  explicit Staging(std::string path) : path_(std::move(path)) {}
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

absl::StatusOr<std::int64_t> VerifyOne(const Opened& opened, const ServiceBackup& backup,
                                       const std::string& staging) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto folder, Staging::Make(staging));
  const std::string path = folder->path() + "/store.db";
  TRUSTHUB_RETURN_IF_ERROR(TakeOut(*opened.repository, backup, path));
  return CheckStore(backup, path);
}

// One service of one backup: its chunks, or all that is in it as well.
absl::StatusOr<std::string> ResultOf(const Opened& opened, const ServiceBackup& backup,
                                     const Options& options, bool from_end_to_end,
                                     KnownChunks* known) {
  TRUSTHUB_RETURN_IF_ERROR(CheckDestroyed(*opened.repository, backup, opened.signers));
  if (!from_end_to_end) {
    TRUSTHUB_RETURN_IF_ERROR(CheckChunks(*opened.repository, backup, known));
    return std::string("all chunks verified");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t entries, VerifyOne(opened, backup, options.staging));
  return absl::StrCat("verified with ", entries, " entries");
}

absl::Status Verify(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Opened opened, Open(invocation, options));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto lock, opened.repository->LockToRead());
  std::vector<std::string> names = {options.backup};
  if (options.backup == "all") {
    TRUSTHUB_ASSIGN_OR_RETURN(names, opened.repository->List());
    if (names.empty()) return absl::NotFoundError(options.repository + " holds no backup yet");
  }
  Table table({"backup", "service", "result"});
  absl::Status worst;
  KnownChunks known;
  for (const std::string& name : names) {
    const absl::StatusOr<Manifest> manifest = opened.repository->Read(name, opened.signers);
    if (!manifest.ok()) {
      table.Add({name, "", std::string(manifest.status().message())});
      worst.Update(manifest.status());
      continue;
    }
    for (const ServiceBackup& backup : manifest->services) {
      const auto result = ResultOf(opened, backup, options,
                                   options.from_end_to_end || name == names.back(), &known);
      table.Add(
          {name, backup.service, result.ok() ? *result : std::string(result.status().message())});
      worst.Update(result.status());
    }
  }
  table.Print(invocation.json);
  return worst;
}

absl::Status Drop(const Invocation& invocation, const Options& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Opened opened, Open(invocation, options));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto lock, opened.repository->LockToChange());
  std::vector<std::string> names = options.names;
  if (options.keep > 0) {
    TRUSTHUB_ASSIGN_OR_RETURN(names, opened.repository->List());
    names.resize(names.size() - std::min(names.size(), static_cast<std::size_t>(options.keep)));
  }
  for (const std::string& name : names) {
    TRUSTHUB_RETURN_IF_ERROR(opened.repository->Drop(name));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t freed, opened.repository->Collect(opened.signers));
  Table table({"dropped", "freed KiB"});
  table.Add({absl::StrCat(names.size()), KiB(freed)});
  table.Print(invocation.json);
  return absl::OkStatus();
}

}  // namespace

void AddBackup(CLI::App& app, Invocation& invocation) {
  CLI::App* backup = app.add_subcommand("backup", "Backups of the services' stores");
  backup->require_subcommand(1);
  auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* help, bool makes, auto run) {
    CLI::App* command = backup->add_subcommand(name, help);
    AddRepositoryOption(*command, options->repository);
    AddBackupKeyOptions(*command, options->keys, makes);
    command->callback([options, run, &invocation] {
      invocation.run = [options, run, &invocation] { return run(invocation, *options); };
    });
    return command;
  };
  add("init", "Make an empty repository, and keys for it where there are none", true, Init);
  CLI::App* run = add("run", "Back up the stores, while the services work", true, Run);
  AddStoreOptions(*run, options->stores);
  run->add_option("--staging", options->staging,
                  "Folder for copies while it runs; without it beside the stores");
  add("list", "The backups of a repository", false, List);
  CLI::App* verify =
      add("verify", "Check each chunk of all backups once, and the newest backup from end to end",
          false, Verify);
  verify->add_flag("--from-end-to-end", options->from_end_to_end,
                   "Take every backup out, not the newest alone");
  verify->add_option("--backup", options->backup, "One backup, which is taken out, or all")
      ->capture_default_str();
  verify->add_option("--staging", options->staging, "Folder for what is taken out meanwhile");
  CLI::App* drop =
      add("drop", "Remove backups, and the chunks that no other one needs", false, Drop);
  CLI::Option* names = drop->add_option("backups", options->names, "Their names");
  CLI::Option* keep = drop->add_option("--keep", options->keep, "All but so many of the newest");
  keep->check(CLI::PositiveNumber)->excludes(names);
}

}  // namespace trusthub::hubctl
