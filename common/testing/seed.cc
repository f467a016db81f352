#include "common/testing/seed.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"

namespace trusthub::testing {
namespace {

constexpr std::uint64_t kUsualSeed = 20100316;

std::uint64_t ReadSeed() {
  std::uint64_t seed = kUsualSeed;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of a test sets variables.
  const char* text = std::getenv("TRUSTHUB_TEST_SEED");
  if (text != nullptr && !absl::SimpleAtoi(text, &seed)) std::abort();
  std::printf("TRUSTHUB_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return seed;
}

}  // namespace

std::uint64_t TestSeed() {
  static const std::uint64_t seed = ReadSeed();
  return seed;
}

}  // namespace trusthub::testing
