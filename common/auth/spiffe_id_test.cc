#include "common/auth/spiffe_id.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace trusthub::auth {
namespace {

TEST(SpiffeIdTest, SplitsGoodOnes) {
  const auto id = ParseSpiffeId("spiffe://council.redbridge.example/system/case-management");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->trust_domain, "council.redbridge.example");
  EXPECT_EQ(id->path, "/system/case-management");
  EXPECT_TRUE(ParseSpiffeId("spiffe://a/b").has_value());
  EXPECT_TRUE(ParseSpiffeId("spiffe://a_1.b-c/B_1.x-y/...").has_value());
  EXPECT_TRUE(ParseSpiffeId(absl::StrCat("spiffe://a/", std::string(2048 - 11, 'x'))).has_value());
  EXPECT_TRUE(ParseSpiffeId(absl::StrCat("spiffe://", std::string(255, 'a'), "/b")).has_value());
}

TEST(SpiffeIdTest, RefusesTheRest) {
  for (const std::string& uri : {std::string(),
                                 std::string("spiffe://"),
                                 std::string("spiffe:///b"),
                                 std::string("spiffe://a"),
                                 std::string("spiffe://a/"),
                                 std::string("spiffe://a//b"),
                                 std::string("spiffe://a/b/"),
                                 std::string("spiffe://a/."),
                                 std::string("spiffe://a/.."),
                                 std::string("spiffe://a/b/../c"),
                                 std::string("spiffe://a/%62"),
                                 std::string("spiffe://a/b c"),
                                 std::string("spiffe://a/b?c"),
                                 std::string("spiffe://a/b#c"),
                                 std::string("spiffe://a/b:c"),
                                 std::string("spiffe://A/b"),
                                 std::string("spiffe://./b"),
                                 std::string("spiffe://../b"),
                                 std::string("spiffe://.a/b"),
                                 std::string("spiffe://a./b"),
                                 std::string("spiffe://a..c/b"),
                                 std::string("spiffe://a:1/b"),
                                 std::string("spiffe://u@a/b"),
                                 std::string("spiffe://[::1]/b"),
                                 std::string("Spiffe://a/b"),
                                 std::string("spiffe:/a/b"),
                                 std::string("http://a/b"),
                                 std::string("a/b"),
                                 std::string(" spiffe://a/b"),
                                 std::string("spiffe://a/b\n"),
                                 std::string("spiffe://a/b\0", 13),
                                 std::string("spiffe://\xc3\xa9/b"),
                                 absl::StrCat("spiffe://a/", std::string(2048 - 10, 'x')),
                                 absl::StrCat("spiffe://", std::string(256, 'a'), "/b")}) {
    EXPECT_FALSE(ParseSpiffeId(uri).has_value()) << uri;
  }
}

}  // namespace
}  // namespace trusthub::auth
