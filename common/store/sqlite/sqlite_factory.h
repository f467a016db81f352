// File: sqlite_factory.h
//
// A store in a temporary folder of its own, for tests.
#ifndef TRUSTHUB_COMMON_STORE_SQLITE_SQLITE_FACTORY_H_
#define TRUSTHUB_COMMON_STORE_SQLITE_SQLITE_FACTORY_H_

#include <memory>
#include <string>

#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/store_suite.h"
#include "common/testing/temp_folder.h"

namespace trusthub::testing {

class SqliteFactory : public StoreFactory {
 public:
  absl::StatusOr<std::unique_ptr<store::Store>> Open(store::LeafSequencer* sequencer,
                                                     int queued_sets_max) override {
    store::SqliteOptions options;
    options.path = folder_.File("store.db");
    options.sequencer = sequencer;
    options.queued_sets_max = queued_sets_max;
    return store::OpenSqlite(options);
  }

 private:
  TempFolder folder_;
};

inline std::unique_ptr<StoreFactory> MakeSqliteFactory() {
  return std::make_unique<SqliteFactory>();
}

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_STORE_SQLITE_SQLITE_FACTORY_H_
