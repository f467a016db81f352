#include "common/testing/patience.h"

namespace trusthub::testing {

absl::Duration Patience(absl::Duration mark) { return mark * TRUSTHUB_TEST_PATIENCE; }

}  // namespace trusthub::testing
