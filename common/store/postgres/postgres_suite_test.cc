#include "common/store/postgres/postgres_factory.h"
#include "common/store/sealed/sealed_factory.h"

namespace trusthub::testing {

std::unique_ptr<StoreFactory> MakeSealedPostgresFactory() {
  return std::make_unique<SealedFactory<PostgresFactory>>();
}

INSTANTIATE_TEST_SUITE_P(Postgres, StoreSuite, ::testing::Values(&MakePostgresFactory));
INSTANTIATE_TEST_SUITE_P(SealedPostgres, StoreSuite, ::testing::Values(&MakeSealedPostgresFactory));

}  // namespace trusthub::testing
