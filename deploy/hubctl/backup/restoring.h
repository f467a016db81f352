// File: restoring.h
//
// Putting a service's store back from a backup. Everything is verified beside the store that is
// there, before that is touched; then one file takes the place of the other in one step. Killed at
// any moment, the old store or the new one is there, or, where the old one was damaged already,
// none, and then the service does not start. Run again it goes on.
//
// What is put back is not quite what was backed up: keys that were destroyed since, as far as the
// repository or the replaced store know, are destroyed in it too, and the audit log has one entry
// more, which says that it was restored (restoration.h).
#ifndef TRUSTHUB_DEPLOY_HUBCTL_BACKUP_RESTORING_H_
#define TRUSTHUB_DEPLOY_HUBCTL_BACKUP_RESTORING_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/crypto/crypto.h"
#include "common/store/file_lock.h"
#include "common/store/sealed/destroyed_rows.h"
#include "common/time/clock.h"
#include "deploy/hubctl/backup/manifest.h"
#include "deploy/hubctl/backup/repository.h"
#include "deploy/hubctl/backup/restoration.h"

namespace trusthub::hubctl {

struct RestoreTarget {
  std::string service;
  std::string data_folder;
  std::string audit_key;  // file: signs the entry that tells of the restore
  std::string data_keys;  // file of the service's key ring; empty: it is not tried
};

struct RestoreOptions {
  Signers trusted;
  // Whether what was acknowledged after the backup may be lost. Without it only a store that holds
  // nothing newer is replaced.
  bool accept_loss = false;
  std::string case_reference = "restore";
  const Clock* clock = &RealClock();
};

// The restore of one service.
class Restore {
 public:
  // Verifies all and makes the new store ready beside the old one. The service cannot start until
  // this object is gone. FAILED_PRECONDITION when the service runs, when something would be lost
  // that was not accepted, or when keys are missing; DATA_LOSS when the backup is not sound. The
  // store that is there is as it was.
  static absl::StatusOr<std::unique_ptr<Restore>> Prepare(const Repository& repository,
                                                          const Manifest& manifest,
                                                          const RestoreTarget& target,
                                                          const RestoreOptions& options,
                                                          Disk& disk);

  // What was made ready and not put in place goes.
  ~Restore();
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

  // Puts the new store in place of the old one, which is put aside into `replaced()`.
  absl::Status Replace();

  std::int64_t entries() const { return entries_; }  // of the log, that of the restore included
  int keys_destroyed() const { return keys_destroyed_; }
  // Entries of the log that are lost; nothing when the store that was there could not be read.
  std::optional<std::int64_t> entries_lost() const;
  // Nothing of a log that had no entry.
  const std::optional<Restoration>& restoration() const { return restoration_; }
  // Folder of the files that were replaced; empty when there were none.
  const std::string& replaced() const { return replaced_; }

 private:
  // The store that is to be replaced.
  struct Present {
    bool exists = false;
    bool sound = false;  // and then its log is folded into its file
    std::int64_t entries = 0;
    std::string root;
    std::int64_t last_event = 0;
    std::vector<store::DestroyedRow> destroyed;
  };

  Restore(RestoreTarget target, ServiceBackup backup, Disk& disk)
      : target_(std::move(target)), backup_(std::move(backup)), disk_(disk) {}

  absl::Status Run(const Repository& repository, const Manifest& manifest,
                   const RestoreOptions& options);
  absl::Status LookAtPresent();
  absl::Status CheckLoss(const RestoreOptions& options) const;
  absl::Status TryKeys() const;
  absl::Status DestroyKeys(const Repository& repository, const RestoreOptions& options);
  absl::Status AddEntry(const crypto::SigningKey& key, const Manifest& manifest,
                        const RestoreOptions& options);
  absl::Status FinishStaged() const;
  absl::Status RemoveStaged() const;
  absl::Status PutAside();
  absl::Status GiveToOwner(const std::string& path) const;

  std::string File(const std::string& name) const { return target_.data_folder + "/" + name; }
  std::string StorePath() const { return File("store.db"); }
  std::string StagedPath() const { return File("store.db.restoring"); }

  const RestoreTarget target_;
  const ServiceBackup backup_;
  Disk& disk_;
  std::string run_;  // names what this restore leaves
  std::unique_ptr<store::FileLock> lock_;
  Present present_;
  std::int64_t entries_ = 0;
  int keys_destroyed_ = 0;
  std::optional<Restoration> restoration_;
  std::string replaced_;
};

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_BACKUP_RESTORING_H_
