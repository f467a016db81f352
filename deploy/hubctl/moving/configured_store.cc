#include "deploy/hubctl/moving/configured_store.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"

namespace trusthub::hubctl {

absl::StatusOr<store::PostgresRowOptions> DatabaseOf(const std::string& hub_folder,
                                                     absl::string_view service) {
  store::PostgresRowOptions database;
  database.service = std::string(service);
  const std::string path = absl::StrCat(hub_folder, "/config/", service, ".yaml");
  if (!std::filesystem::exists(path)) return database;
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Config config, config::Load(path));
  database.url = config.store;
  database.folder = config.folder;
  database.allow_plain = config.sandbox;
  return database;
}

}  // namespace trusthub::hubctl
