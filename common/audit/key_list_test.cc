#include "common/audit/key_list.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/crypto/crypto.h"
#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::audit {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

const std::string& HexOf(int number) {
  static const auto& keys = *new std::vector<std::string>{
      std::string(64, 'a'), std::string(64, 'b'), std::string(64, 'c')};
  return keys[static_cast<std::size_t>(number)];
}

TEST(KeyListTest, ReadsWhatItWrites) {
  const auto keys = ParseKeyList(
      absl::StrCat("# The hub's keys\n\n", HexOf(0), " auditTrees/one\n", HexOf(1), "\n"));
  ASSERT_THAT(keys, IsOk());
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ(KeysFor(*keys, "auditTrees/one").size(), 2u);
  EXPECT_EQ(KeysFor(*keys, "auditTrees/two").size(), 1u);
  const auto again = ParseKeyList(KeyListText(*keys));
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ((*again)[0].key, (*keys)[0].key);
  EXPECT_EQ((*again)[0].name, "auditTrees/one");
  EXPECT_EQ((*again)[1].name, "");
  EXPECT_EQ(KeyId((*keys)[0].key).size(), 16u);
}

TEST(KeyListTest, RefusesTheRestNamingTheLine) {
  for (const std::string& line :
       {std::string("abc"), std::string(64, 'A'), std::string(63, 'a') + "g", HexOf(0) + "  two",
        HexOf(0) + " ", HexOf(0) + "\tname", HexOf(0) + " a name", HexOf(0) + "\r"}) {
    const auto refused = ParseKeyList(absl::StrCat(HexOf(1), "\n", line, "\n"));
    EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument)) << line;
    EXPECT_THAT(refused.status().message(), HasSubstr("line 2")) << line;
  }
  EXPECT_THAT(ParseKeyList("# nothing\n"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(KeyListTest, WitnessesAreNamedOnceAndHaveTheirOwnKeys) {
  EXPECT_THAT(ParseWitnessList(absl::StrCat(HexOf(0), " a\n", HexOf(1), " b\n")), IsOk());
  const auto refused = StatusIs(absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(ParseWitnessList(absl::StrCat(HexOf(0), " a\n", HexOf(1), "\n")), refused);
  EXPECT_THAT(ParseWitnessList(absl::StrCat(HexOf(0), " a\n", HexOf(1), " a\n")), refused);
  EXPECT_THAT(ParseWitnessList(absl::StrCat(HexOf(0), " a\n", HexOf(0), " b\n")), refused);
}

}  // namespace
}  // namespace trusthub::audit
