#include "common/store/sealed/sealed_factory.h"

namespace trusthub::testing {

INSTANTIATE_TEST_SUITE_P(Sealed, StoreSuite, ::testing::Values(&MakeSealedFactory));

}  // namespace trusthub::testing
