#include "deploy/hubctl/backup/repository.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/auth/strict_json.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kFormat[] = "trusthub/backup/v1";
constexpr char kManifestKind[] = "manifest";
constexpr char kDestroyedKind[] = "destroyed";
constexpr char kHexDigits[] = "0123456789abcdef";
// Of the keyed hash, in a chunk's name: as many as keep two chunks from meeting by accident.
constexpr std::size_t kChunkNameBytes = 16;

absl::Status In(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

std::string UseOf(absl::string_view id) { return absl::StrCat("trusthub/backup-key/v1 ", id); }

std::string AssociatedWith(absl::string_view chunk) {
  return absl::StrCat("trusthub/backup-chunk/v1 ", chunk);
}

// Names of files in a folder, in order.
absl::StatusOr<std::vector<std::string>> FilesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) return absl::NotFoundError(absl::StrCat(folder, ": ", error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

RepositoryLock::~RepositoryLock() { close(fd_); }

// --- The repository -----------------------------------------------------------------------------

absl::Status Repository::Make(const std::string& folder, const crypto::KeyRing& ring, Disk& disk) {
  if (fs::exists(folder + "/repository.json")) {
    return absl::AlreadyExistsError(absl::StrCat(folder, " holds a backup repository already"));
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return absl::UnavailableError(absl::StrCat(folder, ": ", error.message()));
  for (const char* part : {"/chunks", "/backups", "/destroyed"}) {
    TRUSTHUB_RETURN_IF_ERROR(disk.MakeFolder(folder + part));
  }
  for (const char high : absl::string_view(kHexDigits)) {
    for (const char low : absl::string_view(kHexDigits)) {
      fs::create_directory(absl::StrCat(folder, "/chunks/", std::string{high, low}), error);
      if (error) return absl::UnavailableError(absl::StrCat(folder, ": ", error.message()));
    }
  }
  TRUSTHUB_RETURN_IF_ERROR(disk.Write(folder + "/lock", ""));
  TRUSTHUB_RETURN_IF_ERROR(disk.SyncAll(folder));
  Repository made(folder, disk);
  made.id_ = RandomId();
  // Last: a folder with it is whole.
  return made.WriteKey(ring, crypto::Secret::Random(crypto::kKeyBytes));
}

absl::Status Repository::WriteKey(const crypto::KeyRing& ring, const crypto::Secret& root) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string wrapped, ring.current().Wrap(root, UseOf(id_)));
  const nlohmann::ordered_json value = {{"format", kFormat},
                                        {"id", id_},
                                        {"ring_key", ring.current().id()},
                                        {"wrapped_key", crypto::HexEncode(wrapped)}};
  return disk_.WriteForGood(folder_ + "/repository.json", value.dump(1) + "\n");
}

absl::StatusOr<std::unique_ptr<Repository>> Repository::Open(const std::string& folder,
                                                             const crypto::KeyRing& ring,
                                                             Disk& disk) {
  if (!fs::exists(folder + "/repository.json")) {
    return absl::NotFoundError(
        absl::StrCat(folder, " holds no backup repository: hubctl backup init ", folder));
  }
  std::unique_ptr<Repository> opened(new Repository(folder, disk));
  const absl::Status loaded = opened->Load(ring);
  if (!loaded.ok()) return In(folder + "/repository.json", loaded);
  return opened;
}

absl::Status Repository::Load(const crypto::KeyRing& ring) {
  std::string text;
  TRUSTHUB_RETURN_IF_ERROR(ReadFile(folder_ + "/repository.json", &text));
  const std::optional<json> value = auth::ParseStrictObject(text);
  const auto format = value.has_value() ? auth::StringMember(*value, "format") : std::nullopt;
  if (format.has_value() && *format != kFormat) {
    return absl::FailedPreconditionError(absl::StrCat("made by another version of hubctl (format ",
                                                      *format, ", this one knows ", kFormat,
                                                      "): use that version"));
  }
  const auto id = value.has_value() ? auth::StringMember(*value, "id") : std::nullopt;
  const auto ring_key = value.has_value() ? auth::StringMember(*value, "ring_key") : std::nullopt;
  const auto hex = value.has_value() ? auth::StringMember(*value, "wrapped_key") : std::nullopt;
  const auto wrapped = crypto::HexDecode(hex.value_or("-"));
  if (!format || !id || !ring_key || !wrapped.ok()) {
    return absl::DataLossError("damaged; put back a copy of this file");
  }
  id_ = *id;
  ring_key_ = *ring_key;
  crypto::KeyWrapper* const wrapper = ring.Find(ring_key_);
  if (wrapper == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(
        "its key is wrapped with ", ring_key_,
        ", which the key ring does not name: say with --keys where the ring of backups is"));
  }
  absl::StatusOr<crypto::Secret> root = wrapper->Unwrap(*wrapped, UseOf(id_));
  if (absl::IsUnauthenticated(root.status())) {
    return absl::DataLossError(absl::StrCat("key ", ring_key_,
                                            " of the ring does not open it: it is another key of "
                                            "that name, or the file is damaged"));
  }
  TRUSTHUB_RETURN_IF_ERROR(root.status());
  TakeRoot(*root);
  return absl::OkStatus();
}

void Repository::TakeRoot(const crypto::Secret& root) {
  root_ = root.Copy();
  seal_key_ = crypto::DeriveKey(root.view(), "trusthub/backup/seal/v1");
  name_key_ = crypto::DeriveKey(root.view(), "trusthub/backup/name/v1");
}

absl::Status Repository::Rewrap(const crypto::KeyRing& ring) {
  if (ring.current().id() == ring_key_) return absl::OkStatus();
  TRUSTHUB_RETURN_IF_ERROR(WriteKey(ring, root_));
  ring_key_ = ring.current().id();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RepositoryLock>> Repository::Lock(int operation) const {
  const std::string path = folder_ + "/lock";
  // Read-only: a repository may be mounted so when it is restored from.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::UnavailableError(absl::StrCat(path, ": cannot be opened"));
  if (flock(fd, operation | LOCK_NB) != 0) {
    close(fd);
    return absl::UnavailableError(
        absl::StrCat(folder_, ": in use by another hubctl; wait until it is done"));
  }
  return std::make_unique<RepositoryLock>(fd);
}

absl::StatusOr<std::unique_ptr<RepositoryLock>> Repository::LockToChange() const {
  return Lock(LOCK_EX);
}
absl::StatusOr<std::unique_ptr<RepositoryLock>> Repository::LockToRead() const {
  return Lock(LOCK_SH);
}

// --- Chunks -------------------------------------------------------------------------------------

std::string Repository::PathOfChunk(absl::string_view name) const {
  return absl::StrCat(folder_, "/chunks/", name.substr(0, 2), "/", name);
}

std::string Repository::NameOf(absl::string_view bytes) const {
  return crypto::HexEncode(crypto::HmacSha256(name_key_.view(), bytes).substr(0, kChunkNameBytes));
}

bool Repository::HasChunk(absl::string_view name, std::size_t bytes) const {
  struct stat info;
  return stat(PathOfChunk(name).c_str(), &info) == 0 &&
         info.st_size == static_cast<off_t>(bytes + crypto::kSealOverheadBytes);
}

absl::Status Repository::PutChunk(absl::string_view name, absl::string_view bytes) {
  return disk_.Write(PathOfChunk(name),
                     crypto::Seal(seal_key_.view(), bytes, AssociatedWith(name)));
}

absl::StatusOr<std::string> Repository::GetChunk(absl::string_view name, std::size_t bytes) const {
  const std::string path = PathOfChunk(name);
  std::string sealed;
  if (!ReadFile(path, &sealed).ok()) {
    return absl::DataLossError(
        absl::StrCat(path, ": missing or unreadable; another copy of the repository may have it"));
  }
  absl::StatusOr<std::string> opened = crypto::Open(seal_key_.view(), sealed, AssociatedWith(name));
  if (!opened.ok() || opened->size() != bytes || NameOf(*opened) != name) {
    return absl::DataLossError(
        absl::StrCat(path,
                     ": damaged: it is not what was written; remove it, and the next backup "
                     "writes it anew if the hub still has it"));
  }
  return opened;
}

// --- Backups ------------------------------------------------------------------------------------

std::string Repository::PathOfBackup(absl::string_view name) const {
  return absl::StrCat(folder_, "/backups/", name);
}

absl::StatusOr<std::vector<std::string>> Repository::List() const {
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<std::string> names, FilesIn(folder_ + "/backups"));
  // What a run left that did not come to its end has a dot in its name.
  names.erase(std::remove_if(names.begin(), names.end(),
                             [](const std::string& name) { return !IsBackupName(name); }),
              names.end());
  return names;
}

absl::StatusOr<Manifest> Repository::Read(absl::string_view name, const Signers& trusted) const {
  if (!IsBackupName(name)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " is no name of a backup: see hubctl backup list ", folder_));
  }
  const std::string path = PathOfBackup(name);
  std::string file;
  if (!ReadFile(path, &file).ok()) {
    return absl::NotFoundError(
        absl::StrCat(folder_, " has no backup ", name, ": see hubctl backup list ", folder_));
  }
  const absl::StatusOr<std::string> text = OpenSigned(kManifestKind, file, trusted);
  if (!text.ok()) return In(path, text.status());
  absl::StatusOr<Manifest> manifest = ParseManifest(*text);
  if (!manifest.ok()) return In(path, manifest.status());
  if (manifest->repository != id_ || manifest->name != name) {
    return absl::DataLossError(absl::StrCat(path, ": is the manifest of another backup"));
  }
  return manifest;
}

absl::Status Repository::Write(const Manifest& manifest, const crypto::SigningKey& key) {
  return disk_.WriteForGood(PathOfBackup(manifest.name),
                            SignText(kManifestKind, ManifestText(manifest), key));
}

absl::Status Repository::Drop(absl::string_view name) {
  const std::string path = PathOfBackup(name);
  if (!IsBackupName(name) || !fs::exists(path)) {
    return absl::NotFoundError(
        absl::StrCat(folder_, " has no backup ", name, ": see hubctl backup list ", folder_));
  }
  TRUSTHUB_RETURN_IF_ERROR(disk_.Remove(path));
  // Before a chunk goes.
  return disk_.SyncAll(folder_);
}

absl::StatusOr<std::set<std::string>> Repository::ChunksOfAll(const Signers& trusted) const {
  std::set<std::string> chunks;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> names, List());
  for (const std::string& name : names) {
    const absl::StatusOr<Manifest> manifest = Read(name, trusted);
    if (!manifest.ok()) continue;
    for (const ServiceBackup& backup : manifest->services) {
      chunks.insert(backup.chunks.begin(), backup.chunks.end());
    }
  }
  return chunks;
}

absl::StatusOr<std::int64_t> Repository::Collect(const Signers& trusted) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> names, List());
  for (const std::string& name : names) {
    const absl::Status readable = Read(name, trusted).status();
    if (!readable.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat("nothing was freed, for it is not known which chunks this backup needs: ",
                       readable.message()));
    }
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::set<std::string> needed, ChunksOfAll(trusted));
  std::int64_t freed = 0;
  // Manifests that did not come to be.
  TRUSTHUB_ASSIGN_OR_RETURN(const auto manifests, FilesIn(folder_ + "/backups"));
  for (const std::string& file : manifests) {
    if (IsBackupName(file)) continue;
    TRUSTHUB_RETURN_IF_ERROR(disk_.Remove(absl::StrCat(folder_, "/backups/", file)));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const auto parts, FilesIn(folder_ + "/chunks"));
  for (const std::string& part : parts) {
    const std::string folder = absl::StrCat(folder_, "/chunks/", part);
    TRUSTHUB_ASSIGN_OR_RETURN(const auto files, FilesIn(folder));
    for (const std::string& file : files) {
      if (needed.count(file) != 0) continue;
      const std::string path = absl::StrCat(folder, "/", file);
      struct stat info;
      if (stat(path.c_str(), &info) == 0) freed += info.st_size;
      TRUSTHUB_RETURN_IF_ERROR(disk_.Remove(path));
    }
  }
  return freed;
}

// --- Destroyed keys -----------------------------------------------------------------------------

std::string Repository::PathOfDestroyed(absl::string_view service) const {
  return absl::StrCat(folder_, "/destroyed/", service);
}

absl::StatusOr<std::vector<store::DestroyedRow>> Repository::Destroyed(
    absl::string_view service, const Signers& trusted) const {
  const std::string path = PathOfDestroyed(service);
  if (!fs::exists(path)) return std::vector<store::DestroyedRow>();
  std::string file;
  TRUSTHUB_RETURN_IF_ERROR(ReadFile(path, &file));
  const std::string kind = absl::StrCat(kDestroyedKind, "/", id_, "/", service);
  const absl::StatusOr<std::string> text = OpenSigned(kind, file, trusted);
  if (!text.ok()) return In(path, text.status());
  auto rows = ParseDestroyed(*text);
  if (!rows.ok()) return In(path, rows.status());
  return rows;
}

absl::Status Repository::AddDestroyed(absl::string_view service,
                                      const std::vector<store::DestroyedRow>& rows,
                                      const crypto::SigningKey& key, const Signers& trusted) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<store::DestroyedRow> kept, Destroyed(service, trusted));
  std::set<store::DestroyedRow> all(kept.begin(), kept.end());
  all.insert(rows.begin(), rows.end());
  if (all.size() == kept.size()) return absl::OkStatus();
  const std::string kind = absl::StrCat(kDestroyedKind, "/", id_, "/", service);
  return disk_.WriteForGood(PathOfDestroyed(service),
                            SignText(kind, DestroyedText({all.begin(), all.end()}), key));
}

}  // namespace trusthub::hubctl
