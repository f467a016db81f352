// File: backup_options.h
//
// What the commands about backups share: where keys, stores and repositories are.
//
//   {hub}/pki/backup/keys.yaml    key ring that wraps the keys of repositories
//   {hub}/pki/backup/kek-1.key    its first key
//   {hub}/pki/backup/signing.key  Ed25519, signs manifests
//   {hub}/pki/backup/signers      list of the public keys whose manifests count
#ifndef TRUSTHUB_DEPLOY_HUBCTL_COMMAND_BACKUP_OPTIONS_H_
#define TRUSTHUB_DEPLOY_HUBCTL_COMMAND_BACKUP_OPTIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/crypto/keys/key_ring.h"
#include "deploy/hubctl/backup/repository.h"
#include "deploy/hubctl/backup/signed_file.h"
#include "deploy/hubctl/command/command.h"

namespace trusthub::hubctl {

struct BackupKeyOptions {
  std::string keys;         // file of the ring
  std::string signing_key;  // file
  std::string signed_by;    // file: list of public keys
};
// --keys, --signed-by and, with `makes`, --signing-key.
void AddBackupKeyOptions(CLI::App& command, BackupKeyOptions& options, bool makes);
// The folder of the repository.
void AddRepositoryOption(CLI::App& command, std::string& folder);

// Fills in where the hub's own keys are, for those that were not said.
BackupKeyOptions WithDefaults(const Invocation& invocation, BackupKeyOptions options);
// Makes those keys of the hub that were not said and do not exist.
absl::Status MakeBackupKeys(const Invocation& invocation, const BackupKeyOptions& options);

// With defaults.
absl::StatusOr<std::shared_ptr<const crypto::KeyRing>> LoadBackupRing(
    const BackupKeyOptions& options);
absl::StatusOr<Signers> LoadSigners(const BackupKeyOptions& options);

// Which services, and where their data are.
struct StoreOptions {
  std::string service = "all";
  std::vector<std::string> data;  // SERVICE=FOLDER
};
void AddStoreOptions(CLI::App& command, StoreOptions& options);
// Those that were asked for.
std::vector<std::string> ServicesOf(const StoreOptions& options);
absl::StatusOr<std::string> DataFolderOf(const Invocation& invocation, const StoreOptions& options,
                                         absl::string_view service);

// "1234" KiB, rounded up.
std::string KiB(std::int64_t bytes);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_COMMAND_BACKUP_OPTIONS_H_
