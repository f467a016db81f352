#include "common/auth/strict_json.h"

#include <gtest/gtest.h>

namespace trusthub::auth {
namespace {

TEST(StrictJsonTest, ReadsObjects) {
  const auto object = ParseStrictObject(R"({"a":"x","b":[{"a":1},{"a":2}],"c":{"a":null}} )");
  ASSERT_TRUE(object.has_value());
  EXPECT_EQ(StringMember(*object, "a"), "x");
  EXPECT_EQ(StringMember(*object, "b"), std::nullopt);
  EXPECT_EQ(StringMember(*object, "d"), std::nullopt);
}

TEST(StrictJsonTest, CountsLevels) {
  EXPECT_TRUE(ParseStrictObject(R"({"a":[[[[[[[1]]]]]]]})").has_value());     // eight
  EXPECT_FALSE(ParseStrictObject(R"({"a":[[[[[[[[1]]]]]]]]})").has_value());  // nine
}

TEST(StrictJsonTest, RefusesMembersNamedTwice) {
  for (const char* text : {R"({"a":1,"a":1})", R"({"a":{"b":1,"b":1}})", R"({"a":[{"b":1,"b":2}]})",
                           R"({"a":1,"\u0061":2})", R"({"":1,"":2})"}) {
    EXPECT_FALSE(ParseStrictObject(text).has_value()) << text;
  }
}

TEST(StrictJsonTest, RefusesWhatIsNoObject) {
  for (const char* text : {"", "{", "[]", "1", "\"a\"", "null", "{}x", "{}{}", "\xef\xbb\xbf{}",
                           " {}", "{'a':1}", "{a:1}", R"({"a":1,})", R"({"a":01})", R"({"a":+1})",
                           R"({"a":1e999})", "{\"a\":\"\xff\"}", "{\"a\":\"\n\"}", "{/**/}"}) {
    EXPECT_FALSE(ParseStrictObject(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseStrictObject(absl::string_view("{}\0", 3)).has_value());
  EXPECT_FALSE(ParseStrictObject(absl::string_view("{}\0{}", 5)).has_value());
}

}  // namespace
}  // namespace trusthub::auth
