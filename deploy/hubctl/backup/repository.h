// File: repository.h
//
// A folder of backups, which may lie on another machine's disk. Copies are cut into chunks of four
// pages; a chunk is named by a keyed hash of what is in it, so that it is kept once however many
// backups have it, and sealed (AES-256-GCM). The key of the repository stands in it, wrapped by a
// key ring that lies elsewhere.
//
//   repository.json         format, id, wrapped key
//   chunks/<2>/<32 hex>     sealed chunks
//   backups/<name>          manifests, signed (signed_file.h, manifest.h)
//   destroyed/<service>     rows of destroyed keys that any backup saw, signed; never shortened
//   lock                    held while something changes, and while something is restored
//
// Promises. (1) A backup counts from the moment its manifest is there, and every chunk of it was on
// disk before; a run that ends half-way leaves the earlier backups as they were. (2) A chunk that
// no manifest names is taken for nothing: it may be torn. (3) What is changed, swapped, cut or
// missing is an error that names the file, never an answer.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_BACKUP_REPOSITORY_H_
#define TRUSTHUB_DEPLOY_HUBCTL_BACKUP_REPOSITORY_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/crypto.h"
#include "common/crypto/keys/key_ring.h"
#include "common/store/sealed/destroyed_rows.h"
#include "deploy/hubctl/backup/disk.h"
#include "deploy/hubctl/backup/manifest.h"
#include "deploy/hubctl/backup/signed_file.h"

namespace trusthub::hubctl {

inline constexpr std::int64_t kChunkBytes = 16 * 1024;

// The lock of a repository, held until destroyed; the kernel lets go when the process dies.
class RepositoryLock {
 public:
  explicit RepositoryLock(int fd) : fd_(fd) {}
  ~RepositoryLock();
  RepositoryLock(const RepositoryLock&) = delete;
  RepositoryLock& operator=(const RepositoryLock&) = delete;

 private:
  const int fd_;
};

class Repository {
 public:
  // Makes an empty one. ALREADY_EXISTS when the folder holds one.
  static absl::Status Make(const std::string& folder, const crypto::KeyRing& ring, Disk& disk);
  // NOT_FOUND saying how to make one, when there is none; FAILED_PRECONDITION when it is of another
  // format or the ring lacks its key. `disk` outlives it.
  static absl::StatusOr<std::unique_ptr<Repository>> Open(const std::string& folder,
                                                          const crypto::KeyRing& ring, Disk& disk);

  const std::string& id() const { return id_; }
  const std::string& folder() const { return folder_; }
  // Id of the ring's key that wraps the key of the repository.
  const std::string& ring_key() const { return ring_key_; }
  // Wraps its key with the current key of `ring`; nothing to do when it is.
  absl::Status Rewrap(const crypto::KeyRing& ring);

  // UNAVAILABLE when somebody changes it now or, to change it, somebody reads.
  absl::StatusOr<std::unique_ptr<RepositoryLock>> LockToChange() const;
  absl::StatusOr<std::unique_ptr<RepositoryLock>> LockToRead() const;

  // --- Chunks ---
  std::string NameOf(absl::string_view bytes) const;
  // Whether a file of a chunk of `bytes` bytes stands under the name.
  bool HasChunk(absl::string_view name, std::size_t bytes) const;
  absl::Status PutChunk(absl::string_view name, absl::string_view bytes);
  absl::StatusOr<std::string> GetChunk(absl::string_view name, std::size_t bytes) const;
  absl::Status SyncChunks() { return disk_.SyncAll(folder_); }

  // --- Backups ---
  // Oldest first; whatever their manifests are worth.
  absl::StatusOr<std::vector<std::string>> List() const;
  absl::StatusOr<Manifest> Read(absl::string_view name, const Signers& trusted) const;
  absl::Status Write(const Manifest& manifest, const crypto::SigningKey& key);
  // Removes the manifest; its chunks stay until Collect.
  absl::Status Drop(absl::string_view name);
  // Removes chunks that no manifest names. Refuses, removing nothing, when a manifest cannot be
  // read. Gives how many bytes were freed.
  absl::StatusOr<std::int64_t> Collect(const Signers& trusted);
  // Names of chunks of all manifests that can be read.
  absl::StatusOr<std::set<std::string>> ChunksOfAll(const Signers& trusted) const;

  // --- Destroyed keys ---
  // Empty when none was ever kept.
  absl::StatusOr<std::vector<store::DestroyedRow>> Destroyed(absl::string_view service,
                                                             const Signers& trusted) const;
  // Adds rows to those that are kept.
  absl::Status AddDestroyed(absl::string_view service, const std::vector<store::DestroyedRow>& rows,
                            const crypto::SigningKey& key, const Signers& trusted);

 private:
  Repository(std::string folder, Disk& disk) : folder_(std::move(folder)), disk_(disk) {}
  absl::Status Load(const crypto::KeyRing& ring);
  void TakeRoot(const crypto::Secret& root);
  absl::Status WriteKey(const crypto::KeyRing& ring, const crypto::Secret& root);
  absl::StatusOr<std::unique_ptr<RepositoryLock>> Lock(int operation) const;
  std::string PathOfChunk(absl::string_view name) const;
  std::string PathOfBackup(absl::string_view name) const;
  std::string PathOfDestroyed(absl::string_view service) const;

  const std::string folder_;
  Disk& disk_;
  std::string id_;
  std::string ring_key_;
  crypto::Secret root_, seal_key_, name_key_;
};

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_BACKUP_REPOSITORY_H_
