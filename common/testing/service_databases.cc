#include "common/testing/service_databases.h"

#include <cstdlib>

namespace trusthub::testing {

bool HubsUsePostgres() {
  const char* engine = std::getenv("TRUSTHUB_TEST_ENGINE");  // NOLINT(concurrency-mt-unsafe)
  return engine != nullptr && absl::string_view(engine) == "postgres";
}

std::string ServiceDatabases::StoreOf(absl::string_view service) {
  if (!HubsUsePostgres()) return "";
  auto& database = databases_[std::string(service)];
  if (database == nullptr) database = std::make_unique<PostgresDatabase>();
  return database->url();
}

}  // namespace trusthub::testing
