// File: backup_fixture.h
//
// For tests: the data folder and the keys of one service, as a service keeps them, a sealed store
// with an audit log in it; and a repository with keys of its own.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_BACKUP_BACKUP_FIXTURE_H_
#define TRUSTHUB_DEPLOY_HUBCTL_BACKUP_BACKUP_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/crypto/crypto.h"
#include "common/crypto/keys/key_ring.h"
#include "common/store/sealed/sealed_store.h"
#include "common/store/store.h"
#include "common/testing/temp_folder.h"
#include "deploy/hubctl/backup/making.h"
#include "deploy/hubctl/backup/restoring.h"
#include "gtest/gtest.h"

namespace trusthub::hubctl {

// Syncs nothing as a whole: what a machine's other work has to write is none of a test's.
class UnsyncedDisk : public Disk {
 public:
  absl::Status SyncAll(const std::string&) override { return absl::OkStatus(); }
  static UnsyncedDisk& Get() {
    static UnsyncedDisk disk;
    return disk;
  }
};

class ServiceStore {
 public:
  // Its files stand in `folder`; two over one folder are one service, one after the other.
  explicit ServiceStore(const std::string& folder, const std::string& service = "referrals");

  absl::Status Open();
  void Close();
  store::Store& store() { return *store_; }
  // A record about `child` that says `number`, an event, an index entry and an entry of the log.
  absl::Status Write(int number, const std::string& child);
  // A child each, many under one fsync.
  absl::Status WriteMany(int first, int end);
  absl::Status Forget(const std::string& child);
  // Whether the record `number` can be read.
  bool Has(int number);
  // Numbers from `first` on that are there without a gap.
  int CountFrom(int first);
  // Every page of the database at `path` but the first.
  static void Damage(const std::string& path);
  // Size of the log, whose every entry and tile is verified up to its head.
  absl::StatusOr<std::int64_t> VerifiedEntries();

  const std::string& data() const { return data_; }
  std::string path() const { return data_ + "/store.db"; }
  const crypto::SigningKey& audit_key() const { return *audit_key_; }
  BackupSource source() const { return {service_, data_, audit_key_->public_key()}; }
  RestoreTarget target() const {
    return {service_, data_, keys_ + "/audit.key", keys_ + "/data_keys.yaml"};
  }

 private:
  static store::WriteSet SetOf(int number, const std::string& child);

  const std::string service_, keys_, data_;
  std::unique_ptr<crypto::SigningKey> audit_key_;
  std::unique_ptr<store::LeafSequencer> tree_;
  std::unique_ptr<store::SealedStore> store_;
};

// Tests of one service and one repository.
class BackupFixture : public ::testing::Test {
 protected:
  BackupFixture();

  std::string Repo() const { return folder_.File("repo"); }
  std::unique_ptr<Repository> OpenRepository(Disk& disk = UnsyncedDisk::Get());
  absl::StatusOr<MadeBackup> Backup(Disk& disk = UnsyncedDisk::Get());
  absl::StatusOr<std::unique_ptr<Restore>> Prepare(const std::string& backup, bool accept_loss,
                                                   Disk& disk = UnsyncedDisk::Get());
  // Prepare and Replace.
  absl::Status RestoreFrom(const std::string& backup, bool accept_loss,
                           Disk& disk = UnsyncedDisk::Get());
  // Takes everything of the backup out and checks it.
  absl::Status Verify(const std::string& backup);
  Signers signers() const { return {key_->public_key()}; }

  const testing::TempFolder folder_;
  std::shared_ptr<const crypto::KeyRing> ring_;
  std::unique_ptr<crypto::SigningKey> key_;
  ServiceStore service_;
};

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_BACKUP_BACKUP_FIXTURE_H_
