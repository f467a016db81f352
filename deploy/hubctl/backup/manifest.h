// File: manifest.h
//
// What a backup says of itself. It holds no personal data and no key: names of services, sizes,
// keyed hashes, signed heads of audit logs.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_BACKUP_MANIFEST_H_
#define TRUSTHUB_DEPLOY_HUBCTL_BACKUP_MANIFEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/store/sealed/destroyed_rows.h"
#include "common/store/store.h"

namespace trusthub::hubctl {

// What made the copies: PostgreSQL's would come of its own tools, under another name.
inline constexpr char kSqliteEngine[] = "sqlite";

struct ServiceBackup {
  std::string service;
  std::string engine = kSqliteEngine;
  absl::Time time;          // what was acknowledged before is in it
  std::int64_t schema = 0;  // version of the engine's tables
  std::int64_t bytes = 0;
  std::string content_hash;               // SHA-256 of the SHA-256 of each chunk, in order
  std::int64_t chunk_bytes = 0;           // of every chunk but the last
  std::vector<std::string> chunks;        // names, in order
  std::optional<store::SealedHead> head;  // of its audit log; nothing: no entry yet
  std::string audit_key;                  // public, 32 bytes: signs its heads
  std::int64_t last_event = 0;            // sequence
  std::int64_t destroyed = 0;             // rows of destroyed keys that were known then
};

struct Manifest {
  std::string repository;
  std::string name;  // "000012-20261130t140102z": in the order of their making
  absl::Time time;   // the earliest of its services
  std::string made_by;
  std::vector<ServiceBackup> services;

  const ServiceBackup* Find(absl::string_view service) const;
};

std::string ManifestText(const Manifest& manifest);
// DATA_LOSS unless it is what ManifestText gives for it.
absl::StatusOr<Manifest> ParseManifest(absl::string_view text);

std::string DestroyedText(const std::vector<store::DestroyedRow>& rows);
absl::StatusOr<std::vector<store::DestroyedRow>> ParseDestroyed(absl::string_view text);

// Whether `name` can be the name of a backup or of a chunk: of nothing that leads out of a folder.
bool IsBackupName(absl::string_view name);
bool IsChunkName(absl::string_view name);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_BACKUP_MANIFEST_H_
