#include "common/store/sqlite/sqlite_factory.h"

namespace trusthub::testing {

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreSuite, ::testing::Values(&MakeSqliteFactory));

}  // namespace trusthub::testing
