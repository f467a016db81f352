#include "deploy/hubctl/backup/restoring.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/audit/proof.h"
#include "common/audit/spool.h"
#include "common/audit/tiles.h"
#include "common/audit/tree.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/crypto/keys/key_ring.h"
#include "common/rpc/restored_file.h"
#include "common/store/sealed/sealed_store.h"
#include "common/store/sqlite/sqlite_store.h"
#include "deploy/hubctl/backup/verifying.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;

constexpr char kTreeFile[] = "audit-tree";
constexpr char kSpoolFile[] = "refusals.spool";

bool HoldsSomething(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

store::SqliteOptions ExistingStore(const std::string& path, bool check) {
  store::SqliteOptions options;
  options.path = path;
  options.create = false;
  options.check = check;
  return options;
}

std::string InUtc(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Restore>> Restore::Prepare(const Repository& repository,
                                                          const Manifest& manifest,
                                                          const RestoreTarget& target,
                                                          const RestoreOptions& options,
                                                          Disk& disk) {
  const ServiceBackup* const backup = manifest.Find(target.service);
  if (backup == nullptr) {
    return absl::NotFoundError(absl::StrCat("backup ", manifest.name, " has no store of ",
                                            target.service,
                                            ": name one that has, or leave the service out"));
  }
  std::unique_ptr<Restore> restore(new Restore(target, *backup, disk));
  const absl::Status status = restore->Run(repository, manifest, options);
  if (status.ok()) return restore;
  return absl::Status(status.code(), absl::StrCat(target.service, ": ", status.message()));
}

absl::Status Restore::Run(const Repository& repository, const Manifest& manifest,
                          const RestoreOptions& options) {
  run_ = absl::StrCat(manifest.name, "-", RandomId().substr(0, 6));
  std::error_code error;
  fs::create_directories(target_.data_folder, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat(target_.data_folder, ": cannot be made: ", error.message()));
  }
  TRUSTHUB_RETURN_IF_ERROR(LookAtPresent());
  TRUSTHUB_RETURN_IF_ERROR(CheckLoss(options));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto key, crypto::SigningKey::Load(target_.audit_key));
  if (key->public_key() != backup_.audit_key) {
    return absl::FailedPreconditionError(
        absl::StrCat(target_.audit_key,
                     ": is not the key that signed the log in the backup: put "
                     "the audit key of that time in its place"));
  }
  TRUSTHUB_RETURN_IF_ERROR(RemoveStaged());  // of one that was killed
  TRUSTHUB_RETURN_IF_ERROR(CheckDestroyed(repository, backup_, options.trusted));
  TRUSTHUB_RETURN_IF_ERROR(TakeOut(repository, backup_, StagedPath()));
  TRUSTHUB_ASSIGN_OR_RETURN(entries_, CheckStore(backup_, StagedPath()));
  TRUSTHUB_RETURN_IF_ERROR(TryKeys());
  TRUSTHUB_RETURN_IF_ERROR(DestroyKeys(repository, options));
  TRUSTHUB_RETURN_IF_ERROR(AddEntry(*key, manifest, options));
  return FinishStaged();
}

Restore::~Restore() {
  // Nothing stands there once it is in place.
  RemoveStaged().IgnoreError();
}

absl::Status Restore::RemoveStaged() const {
  for (const char* part : {"", "-wal", "-shm", ".lock"}) {
    TRUSTHUB_RETURN_IF_ERROR(disk_.Remove(StagedPath() + part));
  }
  return absl::OkStatus();
}

// --- The store that is there --------------------------------------------------------------------

absl::Status Restore::LookAtPresent() {
  const std::string lock = StorePath() + ".lock";
  TRUSTHUB_ASSIGN_OR_RETURN(lock_, store::FileLock::Take(lock));
  present_.exists = fs::exists(StorePath());
  if (!present_.exists) return absl::OkStatus();
  // A store takes the lock for itself.
  lock_.reset();
  if (auto opened = store::OpenSqlite(ExistingStore(StorePath(), /*check=*/true)); opened.ok()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto view, (*opened)->Open(absl::InfiniteFuture()));
    const auto head = view->Head();
    const auto last_event = view->LastEventSequence();
    auto destroyed = store::ListDestroyedRows(*view);
    if (head.ok() && last_event.ok() && destroyed.ok()) {
      present_.sound = true;
      present_.entries = *head == nullptr ? 0 : (*head)->size;
      present_.root = *head == nullptr ? "" : (*head)->root;
      present_.last_event = *last_event;
      present_.destroyed = *std::move(destroyed);
    }
  }
  TRUSTHUB_ASSIGN_OR_RETURN(lock_, store::FileLock::Take(lock));
  // Whoever closes a store last moves its log into its file, unless somebody reads.
  if (present_.sound && HoldsSomething(StorePath() + "-wal")) {
    return absl::UnavailableError(
        absl::StrCat(StorePath(), ": somebody reads it, a backup perhaps; wait until it is done"));
  }
  return absl::OkStatus();
}

std::optional<std::int64_t> Restore::entries_lost() const {
  if (!present_.sound) return std::nullopt;
  const std::int64_t kept = backup_.head.has_value() ? backup_.head->size : 0;
  return std::max<std::int64_t>(0, present_.entries - kept);
}

absl::Status Restore::CheckLoss(const RestoreOptions& options) const {
  const bool same = present_.sound && present_.last_event == backup_.last_event &&
                    backup_.head.has_value() && present_.entries == backup_.head->size &&
                    present_.root == backup_.head->root;
  if (options.accept_loss || same) return absl::OkStatus();
  const std::optional<std::int64_t> lost = entries_lost();
  return absl::FailedPreconditionError(
      absl::StrCat("what was acknowledged after ", InUtc(backup_.time), " would be lost",
                   lost.has_value() ? absl::StrCat(" (", *lost, " entries of its audit log)") : "",
                   ": say --accept-loss when no newer copy exists, and tell the witnesses"));
}

// --- The new one --------------------------------------------------------------------------------

absl::Status Restore::TryKeys() const {
  if (target_.data_keys.empty()) return absl::OkStatus();
  store::SealedOptions options;
  options.service = target_.service;
  TRUSTHUB_ASSIGN_OR_RETURN(options.ring, crypto::KeyRing::Load(target_.data_keys));
  TRUSTHUB_ASSIGN_OR_RETURN(auto engine,
                            store::OpenSqlite(ExistingStore(StagedPath(), /*check=*/false)));
  const absl::Status opened =
      store::SealedStore::Over(std::move(engine), std::move(options)).status();
  if (opened.ok()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the store in the backup ", opened.message(), ": add the key of that time to ",
                   target_.data_keys, " behind the current one (kek-<n>.key.retired)"));
}

absl::Status Restore::DestroyKeys(const Repository& repository, const RestoreOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<store::DestroyedRow> rows,
                            repository.Destroyed(target_.service, options.trusted));
  rows.insert(rows.end(), present_.destroyed.begin(), present_.destroyed.end());
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end(),
                         [](const auto& a, const auto& b) { return !(a < b) && !(b < a); }),
             rows.end());
  TRUSTHUB_ASSIGN_OR_RETURN(const auto engine,
                            store::OpenSqlite(ExistingStore(StagedPath(), /*check=*/false)));
  TRUSTHUB_ASSIGN_OR_RETURN(keys_destroyed_, store::DestroyAgain(*engine, rows, *options.clock));
  return absl::OkStatus();
}

absl::Status Restore::AddEntry(const crypto::SigningKey& key, const Manifest& manifest,
                               const RestoreOptions& options) {
  if (!backup_.head.has_value()) return absl::OkStatus();
  const auto tree = audit::MakeTree(backup_.head->tree, &key, options.clock);
  store::SqliteOptions sqlite = ExistingStore(StagedPath(), /*check=*/false);
  sqlite.sequencer = tree.get();
  TRUSTHUB_ASSIGN_OR_RETURN(const auto store, store::OpenSqlite(sqlite));
  audit::v1::AuditEntry entry =
      RestoredEntry(target_.service, manifest.name, options.case_reference, options.clock->Now());
  Restoration restoration;
  restoration.service = target_.service;
  restoration.backup = manifest.name;
  restoration.restored = *backup_.head;
  store::WriteSet set;
  set.leaves.push_back(audit::MakeLeaf(entry));
  restoration.entry = set.leaves.back().bytes;
  TRUSTHUB_ASSIGN_OR_RETURN(store::Committed committed,
                            store::CommitAndWait(*store, std::move(set)));
  restoration.after = *committed.head;
  restoration.inclusion_proof = audit::HashesIn(committed.leaves[0].inclusion_proof);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto view, store->Open(absl::InfiniteFuture()));
  TRUSTHUB_ASSIGN_OR_RETURN(
      restoration.consistency_proof,
      audit::ConsistencyProof(restoration.restored.size, restoration.after.size,
                              audit::NodesOfLog(view.get())));
  entries_ = restoration.after.size;
  restoration_ = std::move(restoration);
  return absl::OkStatus();
}

// All of it in the one file that will be put in place, on disk.
absl::Status Restore::FinishStaged() const {
  if (HoldsSomething(StagedPath() + "-wal")) {
    return absl::UnavailableError(
        absl::StrCat(StagedPath(), ": somebody reads it; end that, and run this again"));
  }
  for (const char* beside : {"-wal", "-shm", ".lock"}) {
    TRUSTHUB_RETURN_IF_ERROR(disk_.Remove(StagedPath() + beside));
  }
  return GiveToOwner(StagedPath());
}

// Owned by whom the folder is: in containers the service's user.
absl::Status Restore::GiveToOwner(const std::string& path) const {
  struct stat folder;
  if (stat(target_.data_folder.c_str(), &folder) != 0) {
    return absl::NotFoundError(absl::StrCat(target_.data_folder, ": cannot be read"));
  }
  if (folder.st_uid == geteuid()) return absl::OkStatus();
  if (chown(path.c_str(), folder.st_uid, folder.st_gid) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat(path, ": cannot be given to its service; run this as root or as its user"));
}

// --- In place -----------------------------------------------------------------------------------

absl::Status Restore::Replace() {
  // Where a spool stands, a service does not begin an empty store.
  const std::string spool = File(kSpoolFile);
  if (!fs::exists(spool)) {
    TRUSTHUB_RETURN_IF_ERROR(audit::OpenSpool(spool).status());
    TRUSTHUB_RETURN_IF_ERROR(GiveToOwner(spool));
  }
  // Cursors that were given before lead into events that are gone: none counts any more.
  const std::string mark = File(rpc::kRestoredFile);
  TRUSTHUB_RETURN_IF_ERROR(disk_.WriteForGood(mark, run_ + "\n"));
  TRUSTHUB_RETURN_IF_ERROR(GiveToOwner(mark));
  if (backup_.head.has_value()) {
    const std::string tree = File(kTreeFile);
    TRUSTHUB_RETURN_IF_ERROR(disk_.WriteForGood(tree, backup_.head->tree + "\n"));
    TRUSTHUB_RETURN_IF_ERROR(GiveToOwner(tree));
  }
  TRUSTHUB_RETURN_IF_ERROR(PutAside());
  return disk_.Rename(StagedPath(), StorePath());
}

absl::Status Restore::PutAside() {
  const std::string aside = File("replaced-" + run_);
  bool logs = false;
  for (const char* beside : {"-wal", "-shm"}) logs = logs || fs::exists(StorePath() + beside);
  if (!present_.exists && !logs) return absl::OkStatus();
  TRUSTHUB_RETURN_IF_ERROR(disk_.MakeFolder(aside));
  TRUSTHUB_RETURN_IF_ERROR(GiveToOwner(aside));
  replaced_ = aside;
  if (present_.sound) {
    // All of it is in one file: it keeps its place until the new one takes it.
    TRUSTHUB_RETURN_IF_ERROR(disk_.Link(StorePath(), aside + "/store.db"));
  } else if (present_.exists) {
    // First, so that nobody opens it without its log.
    TRUSTHUB_RETURN_IF_ERROR(disk_.Rename(StorePath(), aside + "/store.db"));
  }
  for (const char* beside : {"-wal", "-shm"}) {
    if (!fs::exists(StorePath() + beside)) continue;
    TRUSTHUB_RETURN_IF_ERROR(
        disk_.Rename(StorePath() + beside, absl::StrCat(aside, "/store.db", beside)));
  }
  return absl::OkStatus();
}

}  // namespace trusthub::hubctl
