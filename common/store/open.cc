#include "common/store/open.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/store/postgres/address.h"
#include "common/store/postgres/postgres_store.h"
#include "common/store/sqlite/sqlite_store.h"

namespace trusthub::store {
namespace {

std::string FileIn(const std::string& folder) { return absl::StrCat(folder, "/store.db"); }

}  // namespace

std::string StoreName(const OpenOptions& options) {
  if (options.url.empty()) return FileIn(options.folder);
  const auto address = postgres::ParseAddress(options.url, options.url_folder, options.sandbox);
  return address.ok() ? address->name : "postgresql://";
}

bool HoldsStore(const std::string& folder) { return std::filesystem::exists(FileIn(folder)); }

absl::StatusOr<std::unique_ptr<Store>> OpenStore(const OpenOptions& options) {
  if (options.url.empty()) {
    SqliteOptions sqlite;
    sqlite.path = FileIn(options.folder);
    sqlite.sequencer = options.sequencer;
    sqlite.clock = options.clock;
    sqlite.create = options.create;
    return OpenSqlite(sqlite);
  }
  if (HoldsStore(options.folder)) {
    return absl::FailedPreconditionError(
        absl::StrCat("store: ", options.folder, " holds a store of its own, which ",
                     StoreName(options), " would hide; move it away, or take the setting out"));
  }
  PostgresOptions postgres;
  postgres.url = options.url;
  postgres.folder = options.url_folder;
  postgres.service = options.service;
  postgres.tree = options.tree;
  postgres.lock_file = absl::StrCat(options.folder, "/store.lock");
  postgres.sequencer = options.sequencer;
  postgres.clock = options.clock;
  postgres.create = options.create;
  postgres.allow_plain = options.sandbox;
  return OpenPostgres(postgres);
}

}  // namespace trusthub::store
