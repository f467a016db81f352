#include "common/auth/bounded_cache.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace trusthub::auth {
namespace {

TEST(BoundedCacheTest, FindsWhatWasPutIn) {
  BoundedCache<int> cache(4);
  EXPECT_EQ(cache.Find("a"), nullptr);
  cache.Insert("a", std::make_shared<int>(1));
  ASSERT_NE(cache.Find("a"), nullptr);
  EXPECT_EQ(*cache.Find("a"), 1);
  cache.Insert("a", std::make_shared<int>(2));
  EXPECT_EQ(*cache.Find("a"), 2);
  EXPECT_EQ(cache.size(), 1u);
}

TEST(BoundedCacheTest, NeverHoldsMoreThanItsCapacity) {
  BoundedCache<int> cache(100);
  for (int i = 0; i < 10'000; ++i) {
    cache.Insert(absl::StrCat(i), std::make_shared<int>(i));
    EXPECT_LE(cache.size(), 100u);
  }
  ASSERT_NE(cache.Find("9999"), nullptr);
  EXPECT_EQ(cache.Find("0"), nullptr);
}

TEST(BoundedCacheTest, KeepsWhatIsAskedFor) {
  BoundedCache<int> cache(10);
  cache.Insert("kept", std::make_shared<int>(7));
  for (int i = 0; i < 1000; ++i) {
    cache.Insert(absl::StrCat(i), std::make_shared<int>(i));
    ASSERT_NE(cache.Find("kept"), nullptr) << i;
  }
}

}  // namespace
}  // namespace trusthub::auth
