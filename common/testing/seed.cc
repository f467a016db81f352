#include "common/testing/seed.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"

namespace trusthub::testing {

std::uint64_t TestSeed() {
  std::uint64_t seed = 20100316;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of a test sets variables.
  const char* text = std::getenv("TRUSTHUB_TEST_SEED");
  if (text != nullptr && !absl::SimpleAtoi(text, &seed)) std::abort();
  std::printf("TRUSTHUB_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace trusthub::testing
