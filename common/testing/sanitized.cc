#include "common/testing/sanitized.h"

namespace trusthub::testing {

bool IsSanitized() { return TRUSTHUB_SANITIZED != 0; }

absl::Duration Patience(absl::Duration mark) { return IsSanitized() ? 6 * mark : mark; }

}  // namespace trusthub::testing
