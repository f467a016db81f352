// File: postgres_factory.h
//
// A store in a database of its own, for tests.
#ifndef TRUSTHUB_COMMON_STORE_POSTGRES_POSTGRES_FACTORY_H_
#define TRUSTHUB_COMMON_STORE_POSTGRES_POSTGRES_FACTORY_H_

#include <memory>
#include <string>

#include "common/store/postgres/postgres_store.h"
#include "common/testing/postgres_server.h"
#include "common/testing/store_suite.h"

namespace trusthub::testing {

class PostgresFactory : public StoreFactory {
 public:
  absl::StatusOr<std::unique_ptr<store::Store>> Open(store::LeafSequencer* sequencer,
                                                     int queued_sets_max) override {
    store::PostgresOptions options;
    options.url = database_.url();
    options.service = "test";
    options.tree = "auditTrees/fake";
    options.sequencer = sequencer;
    options.queued_sets_max = queued_sets_max;
    return store::OpenPostgres(options);
  }

 private:
  PostgresDatabase database_;
};

inline std::unique_ptr<StoreFactory> MakePostgresFactory() {
  return std::make_unique<PostgresFactory>();
}

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_STORE_POSTGRES_POSTGRES_FACTORY_H_
