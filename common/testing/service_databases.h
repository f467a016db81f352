// File: service_databases.h
//
// What services under test keep their stores in: SQLite files, or, when the
// environment says TRUSTHUB_TEST_ENGINE=postgres, a database each. So one test runs on either
// engine.
#ifndef TRUSTHUB_COMMON_TESTING_SERVICE_DATABASES_H_
#define TRUSTHUB_COMMON_TESTING_SERVICE_DATABASES_H_

#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "common/testing/postgres_server.h"

namespace trusthub::testing {

// Whether tests of services and of hubs run on PostgreSQL.
bool HubsUsePostgres();

// Not thread-safe. The databases go with it.
class ServiceDatabases {
 public:
  // The setting `store` of the service, the same at each call; empty: files.
  std::string StoreOf(absl::string_view service);

 private:
  std::map<std::string, std::unique_ptr<PostgresDatabase>, std::less<>> databases_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_SERVICE_DATABASES_H_
