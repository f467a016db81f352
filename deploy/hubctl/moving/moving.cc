#include "deploy/hubctl/moving/moving.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/audit/spool.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/rpc/restored_file.h"
#include "common/store/postgres/row_store.h"
#include "common/store/sqlite/files.h"
#include "common/store/sqlite/row_store.h"
#include "deploy/hubctl/backup/disk.h"

namespace trusthub::hubctl {
namespace {

namespace fs = std::filesystem;
using store::copy::CopyOptions;
using store::copy::RowSource;
using store::copy::RowTarget;

constexpr char kTreeFile[] = "/audit-tree";
constexpr char kSpoolFile[] = "/refusals.spool";

absl::Status Refused(absl::string_view place, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(place, ": ", why));
}

// Empty when the folder names none.
absl::StatusOr<std::string> TreeIn(const std::string& folder) {
  const std::string path = folder + kTreeFile;
  std::string name;
  if (std::ifstream file(path); !file || !std::getline(file, name)) return std::string();
  if (IsNameIn("auditTrees", name)) return name;
  return absl::DataLossError(absl::StrCat(path, ": names no audit tree; restore it from a backup"));
}

absl::StatusOr<std::unique_ptr<RowSource>> OpenSource(const MoveOptions& options) {
  if (!options.from.url.empty()) {
    return store::OpenPostgresRows(
        {options.from.url, fs::current_path().string(), options.service, options.allow_plain});
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string tree, TreeIn(options.from.folder));
  if (tree.empty()) {
    return Refused(options.from.folder,
                   "holds no file audit-tree: it is the data folder of no service");
  }
  return store::OpenSqliteRows(options.from.folder, tree);
}

absl::StatusOr<std::unique_ptr<RowTarget>> OpenTarget(const MoveOptions& options,
                                                      const std::string& tree) {
  if (!options.to.url.empty()) {
    return store::OpenPostgresRowTarget(
        {options.to.url, fs::current_path().string(), options.service, options.allow_plain});
  }
  return store::OpenSqliteRowTarget(options.to.folder, tree);
}

// --- The data folder ----------------------------------------------------------------------------

bool IsOneFolder(const MoveOptions& options) {
  std::error_code error;
  return options.from.folder == options.to.folder ||
         fs::equivalent(options.from.folder, options.to.folder, error);
}

absl::Status PutFile(const std::string& path, const std::string& bytes) {
  TRUSTHUB_RETURN_IF_ERROR(RealDisk().WriteForGood(path, bytes));
  return store::sqlite::GiveToOwnerOfFolder(path);
}

// Takes a file along, unless the new folder has it as it is. One with something else in it is
// somebody's.
absl::Status TakeFile(const std::string& from, const std::string& to) {
  if (!fs::exists(from)) return absl::OkStatus();
  std::string bytes;
  TRUSTHUB_RETURN_IF_ERROR(ReadFile(from, &bytes));
  std::string present;
  if (fs::exists(to)) TRUSTHUB_RETURN_IF_ERROR(ReadFile(to, &present));
  if (!present.empty() && present != bytes) {
    return Refused(to, absl::StrCat("is not what ", from,
                                    " is, and both are needed; start the "
                                    "service over one of the folders until its refusals are in "
                                    "the log"));
  }
  return PutFile(to, bytes);
}

// Where a spool stands a service does not begin an empty store, and by the tree's name it finds its
// log again.
absl::Status BringAlong(const MoveOptions& options, const std::string& tree) {
  std::error_code error;
  fs::create_directories(options.to.folder, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat(options.to.folder, ": cannot be made: ", error.message()));
  }
  if (!IsOneFolder(options)) {
    for (const std::string& name :
         {std::string(kSpoolFile), absl::StrCat("/", rpc::kRestoredFile)}) {
      TRUSTHUB_RETURN_IF_ERROR(TakeFile(options.from.folder + name, options.to.folder + name));
    }
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string present, TreeIn(options.to.folder));
  if (present.empty())
    TRUSTHUB_RETURN_IF_ERROR(PutFile(options.to.folder + kTreeFile, tree + "\n"));
  const std::string spool = options.to.folder + kSpoolFile;
  if (fs::exists(spool)) return absl::OkStatus();
  TRUSTHUB_RETURN_IF_ERROR(audit::OpenSpool(spool).status());
  return store::sqlite::GiveToOwnerOfFolder(spool);
}

// The tree that the service over the new store goes on with.
absl::StatusOr<std::string> OwnTree(const MoveOptions& options, const RowSource& source,
                                    const std::vector<std::string>& trees) {
  if (trees.empty()) {
    return Refused(source.name(), "holds no audit tree: no service has worked with it yet");
  }
  if (options.to.url.empty() && trees.size() > 1) {
    return Refused(source.name(),
                   absl::StrCat("holds the audit logs of ", trees.size(),
                                " processes; SQLite files are for one process, with one log"));
  }
  std::string own;
  for (const std::string& folder : {options.from.folder, options.to.folder}) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string tree, TreeIn(folder));
    if (tree.empty()) continue;
    const bool held = std::find(trees.begin(), trees.end(), tree) != trees.end();
    if (!held || (!own.empty() && own != tree)) {
      return Refused(folder, absl::StrCat("belongs to ", tree, ", which is not the audit log of ",
                                          source.name(), "; name the service's data folder"));
    }
    own = tree;
  }
  if (!own.empty()) return own;
  if (trees.size() == 1) return trees[0];
  return Refused(options.to.folder,
                 "does not say which of several audit logs is its own; name the data folder of one "
                 "of the processes");
}

}  // namespace

absl::StatusOr<StorePlace> ParsePlace(const std::string& text) {
  absl::string_view rest = text;
  if (absl::StartsWith(rest, "postgresql://") || absl::StartsWith(rest, "postgres://")) {
    return StorePlace{text, ""};
  }
  if (absl::ConsumePrefix(&rest, "sqlite:") && !rest.empty()) {
    return StorePlace{"", fs::absolute(std::string(rest)).lexically_normal().string()};
  }
  return absl::InvalidArgumentError(
      "a store is sqlite:DATA_FOLDER or postgresql://[user@]host[:port]/database[?name=value]");
}

absl::StatusOr<Moved> MoveStore(const MoveOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<RowSource> source, OpenSource(options));
  std::vector<std::string> trees;
  {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto view, source->View());
    TRUSTHUB_ASSIGN_OR_RETURN(trees, store::copy::TreeNames(*view));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string tree, OwnTree(options, *source, trees));
  // Before the target is touched: a copy that is refused leaves nothing.
  if (!options.follow) TRUSTHUB_RETURN_IF_ERROR(store::copy::KeepOut(*source));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<RowTarget> target, OpenTarget(options, tree));
  Moved moved;
  moved.from = source->name();
  moved.to = target->name();
  CopyOptions copy;
  copy.follow = options.follow;
  copy.progress = options.progress;
  copy.pause = options.pause;
  copy.check = [&](store::copy::RowView& copied) -> absl::Status {
    TRUSTHUB_ASSIGN_OR_RETURN(moved.trees, CheckTrees(copied, options.audit_key));
    return WorstOf(moved.trees);
  };
  copy.bring_along = [&] { return BringAlong(options, tree); };
  TRUSTHUB_ASSIGN_OR_RETURN(moved.copied, store::copy::CopyStore(*source, *target, copy));
  return moved;
}

}  // namespace trusthub::hubctl
