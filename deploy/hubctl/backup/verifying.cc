#include "deploy/hubctl/backup/verifying.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/log_check.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/store/sqlite/online_copy.h"
#include "common/store/sqlite/sqlite_store.h"

namespace trusthub::hubctl {
namespace {

absl::Status Failed(const std::string& path) {
  return absl::UnavailableError(absl::StrCat(path, ": cannot be written: ", std::strerror(errno)));
}

// `hashes` are those of all chunks, in order.
absl::Status CheckWhole(const ServiceBackup& backup, const std::string& hashes) {
  if (crypto::Sha256(hashes) == backup.content_hash) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the backup of ", backup.service, " is not what its manifest says"));
}

absl::Status WriteChunks(const Repository& repository, const ServiceBackup& backup, int fd,
                         const std::string& path) {
  std::string hashes;
  std::int64_t at = 0;
  for (const std::string& name : backup.chunks) {
    const std::int64_t count = std::min(backup.chunk_bytes, backup.bytes - at);
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string bytes,
                              repository.GetChunk(name, static_cast<std::size_t>(count)));
    hashes += crypto::Sha256(bytes);
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t wrote = write(fd, bytes.data() + done, bytes.size() - done);
      if (wrote < 0) return Failed(path);
      done += static_cast<std::size_t>(wrote);
    }
    at += count;
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckWhole(backup, hashes));
  return fsync(fd) == 0 ? absl::OkStatus() : Failed(path);
}

// Entries, tiles and head, and the last event.
absl::StatusOr<std::int64_t> CheckLog(const ServiceBackup& backup, store::Store& store) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<store::Snapshot> view,
                            store.Open(absl::InfiniteFuture()));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t last_event, view->LastEventSequence());
  TRUSTHUB_ASSIGN_OR_RETURN(const auto head, view->Head());
  const bool same_head =
      head == nullptr ? !backup.head.has_value()
                      : backup.head.has_value() && head->tree == backup.head->tree &&
                            head->size == backup.head->size && head->root == backup.head->root;
  if (!same_head || last_event != backup.last_event) {
    return absl::DataLossError("its audit log or its events are not those of the manifest");
  }
  if (head == nullptr) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t leaves, view->LeafCount());
    if (leaves == 0) return 0;
    return absl::DataLossError("its audit log has entries and no head");
  }
  audit::Witness known{{*head, *backup.head}};
  known.tiles = [&view](int level, std::int64_t first, int limit) {
    return view->ReadTiles(level, first, limit);
  };
  const audit::LogCheck check = audit::VerifyLog(
      [&view](std::int64_t first, int limit) { return view->ReadLeaves(first, limit); }, known,
      backup.audit_key);
  TRUSTHUB_RETURN_IF_ERROR(check.status);
  return check.checked;
}

}  // namespace

absl::Status CheckChunks(const Repository& repository, const ServiceBackup& backup,
                         KnownChunks* known) {
  std::string hashes;
  std::int64_t at = 0;
  for (const std::string& name : backup.chunks) {
    const std::int64_t count = std::min(backup.chunk_bytes, backup.bytes - at);
    auto found = known->find(name);
    if (found == known->end()) {
      TRUSTHUB_ASSIGN_OR_RETURN(const std::string bytes,
                                repository.GetChunk(name, static_cast<std::size_t>(count)));
      found = known->emplace(name, crypto::Sha256(bytes)).first;
    }
    hashes += found->second;
    at += count;
  }
  return CheckWhole(backup, hashes);
}

absl::Status TakeOut(const Repository& repository, const ServiceBackup& backup,
                     const std::string& path) {
  if (backup.engine != kSqliteEngine) {
    return absl::FailedPreconditionError(absl::StrCat("the backup of ", backup.service,
                                                      " was made of ", backup.engine,
                                                      "; this hubctl knows ", kSqliteEngine));
  }
  if (backup.schema != store::KnownSqliteSchema()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the backup of ", backup.service, " was made by another version of the hub (schema ",
        backup.schema, ", this one knows ", store::KnownSqliteSchema(),
        "): restore it with that version, then upgrade"));
  }
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Failed(path);
  const absl::Status written = WriteChunks(repository, backup, fd, path);
  close(fd);
  return written;
}

absl::StatusOr<std::int64_t> CheckStore(const ServiceBackup& backup, const std::string& path) {
  TRUSTHUB_RETURN_IF_ERROR(store::CheckStoreFile(path));
  store::SqliteOptions options;
  options.path = path;
  options.create = false;
  options.check = false;  // it was
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<store::Store> store, store::OpenSqlite(options));
  absl::StatusOr<std::int64_t> checked = CheckLog(backup, *store);
  if (checked.ok()) return checked;
  return absl::Status(checked.status().code(), absl::StrCat("the backup of ", backup.service, ": ",
                                                            checked.status().message()));
}

absl::Status CheckDestroyed(const Repository& repository, const ServiceBackup& backup,
                            const Signers& trusted) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto rows, repository.Destroyed(backup.service, trusted));
  if (static_cast<std::int64_t>(rows.size()) >= backup.destroyed) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      repository.folder(), "/destroyed/", backup.service, ": lists ", rows.size(),
      " rows of destroyed keys, but a backup knew ", backup.destroyed,
      ": put back a copy of this file; without it children who were forgotten would come back"));
}

}  // namespace trusthub::hubctl
