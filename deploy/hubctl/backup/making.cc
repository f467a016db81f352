#include "deploy/hubctl/backup/making.h"

#include <memory>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/audit/head.h"
#include "common/base/status_macros.h"
#include "common/store/copy/copying.h"
#include "common/store/sealed/destroyed_rows.h"
#include "common/store/sqlite/online_copy.h"
#include "common/store/sqlite/row_store.h"

namespace trusthub::hubctl {
namespace {

constexpr std::size_t kNumberDigits = 6;

// A copy and what its view says of itself.
struct Copied {
  ServiceBackup backup;
  std::vector<store::DestroyedRow> destroyed;
  std::unique_ptr<store::OnlineCopy> copy;
};

// "000012-20261130t140102z": by number, so that names are in the order of their making whatever the
// clock says.
absl::StatusOr<std::string> NextName(const Repository& repository, absl::Time now) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> names, repository.List());
  int last = 0;
  if (!names.empty() && !absl::SimpleAtoi(names.back().substr(0, kNumberDigits), &last)) {
    return absl::FailedPreconditionError(absl::StrCat(
        repository.folder(), "/backups/", names.back(), ": is no backup; move it elsewhere"));
  }
  return absl::StrCat(absl::Dec(last + 1, absl::kZeroPad6),
                      absl::FormatTime("-%Y%m%dt%H%M%Sz", now, absl::UTCTimeZone()));
}

// The file whose pages are kept.
absl::StatusOr<std::string> FileOf(const BackupSource& source, const std::string& staging) {
  if (source.database.url.empty()) return source.data_folder + "/store.db";
  TRUSTHUB_ASSIGN_OR_RETURN(const auto rows, store::OpenPostgresRows(source.database));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto view, rows->View());
  TRUSTHUB_ASSIGN_OR_RETURN(const auto trees, view->Read(store::copy::Table::kTree, {}, 2));
  if (trees.size() != 1) {
    return absl::FailedPreconditionError(absl::StrCat(
        rows->name(), ": ", trees.empty() ? "holds no audit log" : "holds several audit logs",
        "; a backup is of a store with one: use the database's own tools"));
  }
  const std::string path = absl::StrCat(staging, "/", source.service, ".db.backup");
  TRUSTHUB_ASSIGN_OR_RETURN(const auto file, store::OpenSqliteRowFile(path, trees[0][1].bytes));
  TRUSTHUB_RETURN_IF_ERROR(store::copy::CopyView(*view, *file, {}).status());
  return path;
}

absl::StatusOr<Copied> CopyOf(const BackupSource& source, const BackupOptions& options) {
  Copied copied;
  ServiceBackup& backup = copied.backup;
  backup.service = source.service;
  backup.audit_key = source.audit_key;
  backup.time = options.clock->Now();
  const auto look = [&](store::Snapshot& view) -> absl::Status {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto head, view.Head());
    if (head != nullptr) backup.head = *head;
    TRUSTHUB_ASSIGN_OR_RETURN(backup.last_event, view.LastEventSequence());
    TRUSTHUB_ASSIGN_OR_RETURN(copied.destroyed, store::ListDestroyedRows(view));
    return absl::OkStatus();
  };
  const std::string& staging = options.staging.empty() ? source.data_folder : options.staging;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string path, FileOf(source, staging));
  TRUSTHUB_ASSIGN_OR_RETURN(copied.copy, store::OnlineCopy::Make(path, staging, look));
  backup.bytes = copied.copy->bytes();
  backup.schema = copied.copy->schema();
  if (!backup.head.has_value()) return copied;
  const absl::Status good = audit::VerifyHead(*backup.head, source.audit_key);
  if (good.ok()) return copied;
  return absl::DataLossError(absl::StrCat(source.service, ": the newest head of its audit log: ",
                                          good.message(), "; see hubctl audit verify"));
}

// Writes the chunks that are not in `known`, which gets them.
absl::StatusOr<AddedChunks> PutCopy(const store::OnlineCopy& copy, Repository& repository,
                                    std::set<std::string>* known, ServiceBackup* backup) {
  AddedChunks added;
  std::string hashes;
  backup->chunk_bytes = kChunkBytes;
  for (std::int64_t at = 0; at < copy.bytes(); at += kChunkBytes) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string bytes, copy.Read(at, kChunkBytes));
    hashes += crypto::Sha256(bytes);
    const std::string& name = backup->chunks.emplace_back(repository.NameOf(bytes));
    // A chunk without a manifest may have been torn by a crash: it is written again.
    if (known->count(name) != 0 && repository.HasChunk(name, bytes.size())) continue;
    TRUSTHUB_RETURN_IF_ERROR(repository.PutChunk(name, bytes));
    known->insert(name);
    ++added.chunks;
    added.bytes += static_cast<std::int64_t>(bytes.size());
  }
  backup->content_hash = crypto::Sha256(hashes);
  return added;
}

}  // namespace

absl::StatusOr<MadeBackup> MakeBackup(Repository& repository, const BackupOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto lock, repository.LockToChange());
  Signers trusted = options.trusted;
  trusted.push_back(options.key->public_key());
  MadeBackup made;
  made.manifest.repository = repository.id();
  made.manifest.time = options.clock->Now();
  TRUSTHUB_ASSIGN_OR_RETURN(made.manifest.name, NextName(repository, made.manifest.time));
  made.manifest.made_by = options.made_by;
  std::vector<Copied> copies;
  for (const BackupSource& source : options.sources) {
    TRUSTHUB_ASSIGN_OR_RETURN(Copied copied, CopyOf(source, options));
    copies.push_back(std::move(copied));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(std::set<std::string> known, repository.ChunksOfAll(trusted));
  for (Copied& copied : copies) {
    TRUSTHUB_ASSIGN_OR_RETURN(const AddedChunks added,
                              PutCopy(*copied.copy, repository, &known, &copied.backup));
    made.added.push_back(added);
    copied.copy.reset();  // gives its disk back
    // Before the manifest: whoever restores an earlier backup must know of them as soon as this
    // one counts.
    TRUSTHUB_RETURN_IF_ERROR(
        repository.AddDestroyed(copied.backup.service, copied.destroyed, *options.key, trusted));
    copied.backup.destroyed = static_cast<std::int64_t>(copied.destroyed.size());
    made.manifest.services.push_back(std::move(copied.backup));
  }
  TRUSTHUB_RETURN_IF_ERROR(repository.SyncChunks());
  TRUSTHUB_RETURN_IF_ERROR(repository.Write(made.manifest, *options.key));
  return made;
}

}  // namespace trusthub::hubctl
