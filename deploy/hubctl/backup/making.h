// File: making.h
//
// One run of a backup: copies of services' stores, made while the services work, put into a
// repository.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_BACKUP_MAKING_H_
#define TRUSTHUB_DEPLOY_HUBCTL_BACKUP_MAKING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/crypto/crypto.h"
#include "common/store/postgres/row_store.h"
#include "common/time/clock.h"
#include "deploy/hubctl/backup/manifest.h"
#include "deploy/hubctl/backup/repository.h"

namespace trusthub::hubctl {

struct BackupSource {
  std::string service;
  std::string data_folder;
  std::string audit_key;  // public half, 32 bytes, of the key that signs its heads
  // Where its store is when it is no file of the data folder; no URL: it is one. It is copied into
  // such a file first, SERVICE.db.backup where copies stand, which stays: so what did not change
  // until the next run keeps its pages, and is not written to the repository again.
  store::PostgresRowOptions database = {};
};

struct BackupOptions {
  std::vector<BackupSource> sources;
  const crypto::SigningKey* key;  // signs the manifest
  Signers trusted;                // whose earlier manifests count beside its own
  std::string made_by;
  // Where copies stand until they are in the repository, as long as the run lasts; empty: beside
  // the stores, where what is in them stands anyway.
  std::string staging;
  const Clock* clock = &RealClock();
};

struct AddedChunks {
  std::int64_t chunks = 0;
  std::int64_t bytes = 0;
};

struct MadeBackup {
  Manifest manifest;
  std::vector<AddedChunks> added;  // by service: what the repository did not have
};

// All of the stores are copied first, one right after the other, so that they are of nearly one
// moment; then what is new of them is written. Nothing counts until all is on disk. Errors are one
// line; the backups made before are as they were.
absl::StatusOr<MadeBackup> MakeBackup(Repository& repository, const BackupOptions& options);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_BACKUP_MAKING_H_
