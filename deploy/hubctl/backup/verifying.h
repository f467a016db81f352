// File: verifying.h
//
// A backup taken out of its repository and looked at from end to end, with nothing trusted but the
// keys that are given.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_BACKUP_VERIFYING_H_
#define TRUSTHUB_DEPLOY_HUBCTL_BACKUP_VERIFYING_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "deploy/hubctl/backup/manifest.h"
#include "deploy/hubctl/backup/repository.h"

namespace trusthub::hubctl {

// SHA-256 of what is in each chunk that was looked at, by its name.
using KnownChunks = std::map<std::string, std::string>;

// Whether all chunks of a copy are there and what was written, and the whole is what the manifest
// says. Those in `known`, which gets the others, are not read again: so all backups of a repository
// are checked with each chunk read once. Errors as of TakeOut.
absl::Status CheckChunks(const Repository& repository, const ServiceBackup& backup,
                         KnownChunks* known);

// Puts the copy of a service's store together in a new file at `path`, of its owner alone. Every
// chunk and the whole are what the manifest says. DATA_LOSS naming the file of a chunk that is not;
// FAILED_PRECONDITION for an engine or a schema that this program does not know.
absl::Status TakeOut(const Repository& repository, const ServiceBackup& backup,
                     const std::string& path);

// Whether the store at `path`, which TakeOut made, is sound: its pages and indexes, each entry of
// its audit log up to the signed head of the manifest, the tiles, the last event. Leaves the file
// with its content as it is. Gives the number of entries. DATA_LOSS or FAILED_PRECONDITION that
// says what is wrong with what.
absl::StatusOr<std::int64_t> CheckStore(const ServiceBackup& backup, const std::string& path);

// Whether the repository holds a list of destroyed keys as long as this backup knew it.
absl::Status CheckDestroyed(const Repository& repository, const ServiceBackup& backup,
                            const Signers& trusted);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_BACKUP_VERIFYING_H_
