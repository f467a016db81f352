#include "common/crypto/secret.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "common/testing/sanitized.h"

namespace trusthub::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);

// What the kernel says of the mapping that `address` lies in; "" when it lies in none.
std::string MappingOf(const void* address, const std::string& field) {
  std::ifstream file("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    const std::size_t dash = line.find('-');
    const std::size_t blank = line.find(' ');
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    if (dash < blank && absl::SimpleHexAtoi(line.substr(0, dash), &from) &&
        absl::SimpleHexAtoi(line.substr(dash + 1, blank - dash - 1), &to)) {
      inside = from <= wanted && wanted < to;
    } else if (inside && absl::StartsWith(line, field)) {
      return std::string(absl::StripAsciiWhitespace(line.substr(field.size())));
    }
  }
  return "";
}

TEST(SecretTest, HoldsBytesAndMoves) {
  Secret first(std::string("one\0two", 7));
  EXPECT_EQ(first.view(), absl::string_view("one\0two", 7));
  const char* const place = first.view().data();
  Secret second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): what it promises
  EXPECT_EQ(second.view().data(), place) << "moved, not copied";
  EXPECT_EQ(second.Copy().view(), second.view());
  EXPECT_NE(second.Copy().view().data(), place);
  EXPECT_TRUE(Secret().empty());
  EXPECT_EQ(Secret::OfSize(3).view(), absl::string_view("\0\0\0", 3));
}

TEST(SecretTest, TakingWipesWhatItTakesFrom) {
  std::string bytes(64, 'k');
  const char* const place = bytes.data();
  const Secret secret = Secret::Take(std::move(bytes));
  EXPECT_EQ(secret.view(), std::string(64, 'k'));
  EXPECT_TRUE(bytes.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(bytes.data(), place);
  EXPECT_EQ(std::string(place, 64), std::string(64, '\0'));
}

TEST(SecretTest, CleanseWipesTheUnusedPartOfTheBufferToo) {
  std::string bytes(200, 'k');
  bytes.resize(100);
  const char* const place = bytes.data();
  Cleanse(bytes);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(std::string(place, 200), std::string(200, '\0'));
}

TEST(SecretTest, IsWipedWhenItGoes) {
  const char* place = nullptr;
  {
    const Secret secret(std::string(64, 'k'));
    place = secret.view().data();
    EXPECT_EQ(*place, 'k');
  }
  // The slot is still ours, free for the next secret.
  EXPECT_EQ(std::string(place, 64), std::string(64, '\0'));
}

TEST(SecretTest, StandsInMemoryThatIsLockedAndNotDumped) {
  if (testing::IsSanitized()) GTEST_SKIP() << "a sanitizer has replaced mlock";
  std::vector<Secret> many;
  for (int i = 0; i < 1000; ++i) many.push_back(Secret::Random(32));
  for (const Secret& secret : {std::cref(many.front()), std::cref(many.back())}) {
    EXPECT_NE(MappingOf(secret.view().data(), "Locked:"), "0 kB");
    EXPECT_TRUE(absl::StrContains(MappingOf(secret.view().data(), "VmFlags:"), "lo"));
    EXPECT_TRUE(absl::StrContains(MappingOf(secret.view().data(), "VmFlags:"), "dd"));
  }
}

TEST(SecretTest, RandomOnesDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.emplace(Secret::Random(32).view());
  EXPECT_EQ(seen.size(), 1000u);
}

// Exits with 7 when it is refused as it should be.
[[noreturn]] void LockWhereNothingMayBeLocked() {
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_MEMLOCK, &none);
  // Root may lock in any case.
  if (geteuid() == 0 && setuid(65534) != 0) std::exit(2);
  const absl::Status status = LockMemoryForSecrets(1024);
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(status.code() == absl::StatusCode::kResourceExhausted ? 7 : 1);
}

TEST(SecretDeathTest, MemoryThatCannotBeLockedIsRefusedInOneLine) {
  if (testing::IsSanitized()) GTEST_SKIP() << "a sanitizer has replaced mlock";
  EXPECT_EXIT(LockWhereNothingMayBeLocked(), ::testing::ExitedWithCode(7),
              "cannot lock 64 KiB of memory for keys");
}

TEST(SecretDeathTest, MoreThanItHoldsEndsTheProcess) {
  EXPECT_DEATH(Secret(std::string(65, 'x')), "length check of a secret");
}

}  // namespace
}  // namespace trusthub::crypto
