#include "common/rpc/witness_rules.h"

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::rpc {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsOk;

std::string Witness(const std::string& name, char digit) {
  return absl::StrCat("  - name: ", name, "\n    agency: agencies/", name, "\n    key: \"",
                      std::string(64, digit), "\"\n");
}
std::string Rules(int needed, int max_age, int stop_after, const std::string& witnesses) {
  return absl::StrCat("needed: ", needed, "\nmax_age_minutes: ", max_age,
                      "\nstop_after_minutes: ", stop_after,
                      "\nwitnesses:", witnesses.empty() ? " []" : "", "\n", witnesses);
}

TEST(WitnessRulesTest, TheBoroughsAreRead) {
  const auto rules =
      LoadWitnessRules(testing::SourcePath("deploy/config/redbridge/witnesses.yaml"));
  ASSERT_THAT(rules, IsOk());
  EXPECT_EQ(rules->needed, 0) << "until agencies make their keys";
  EXPECT_EQ(rules->max_age, absl::Minutes(5));
  EXPECT_EQ(rules->stop_after, absl::InfiniteDuration());
}

TEST(WitnessRulesTest, WitnessesAreFoundByName) {
  const testing::TempFolder folder;
  const std::string path = folder.File("witnesses.yaml");
  std::ofstream(path) << Rules(2, 5, 240,
                               Witness("a", 'a') + Witness("b", 'b') + Witness("c", 'c'));
  const auto rules = LoadWitnessRules(path);
  ASSERT_THAT(rules, IsOk());
  EXPECT_EQ(rules->stop_after, absl::Hours(4));
  ASSERT_NE(rules->Find("b"), nullptr);
  EXPECT_EQ(rules->Find("b")->agency, "agencies/b");
  EXPECT_EQ(rules->Find("b")->key, std::string(32, '\xbb'));
  EXPECT_EQ(rules->Find("d"), nullptr);
}

TEST(WitnessRulesTest, MistakesNameFileAndLine) {
  const testing::TempFolder folder;
  const std::string path = folder.File("witnesses.yaml");
  const auto error_of = [&](const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
    return std::string(LoadWitnessRules(path).status().message());
  };
  const std::string a = Witness("a", 'a');
  EXPECT_THAT(error_of(Rules(1, 5, 0, "")),
              AllOf(HasSubstr("witnesses.yaml:1"), HasSubstr("needed")));
  EXPECT_THAT(error_of(Rules(0, 5, 0, a)), HasSubstr("between 1 and 1"));
  EXPECT_THAT(error_of(Rules(2, 5, 0, a)), HasSubstr("between 1 and 1"));
  EXPECT_THAT(error_of(Rules(1, 0, 0, a)), HasSubstr("max_age_minutes"));
  EXPECT_THAT(error_of(Rules(1, 5, 4, a)), HasSubstr("stop_after_minutes"));
  EXPECT_THAT(error_of(Rules(0, 5, 60, "")), HasSubstr("stop_after_minutes"));
  EXPECT_THAT(error_of(Rules(1, 5, 0, a + Witness("a", 'b'))), HasSubstr("listed twice"));
  EXPECT_THAT(error_of(Rules(1, 5, 0, a + Witness("b", 'a'))), HasSubstr("listed twice"));
  EXPECT_THAT(error_of(Rules(1, 5, 0, Witness("a", 'x'))), HasSubstr("64 hex digits"));
  EXPECT_THAT(error_of(Rules(1, 5, 0, Witness("A", 'a'))), HasSubstr("lower case"));
  EXPECT_THAT(error_of(Rules(1, 5, 0, a) + "more: 1\n"), HasSubstr("more"));
  EXPECT_THAT(error_of("needed: 0\n"), HasSubstr("max_age_minutes"));
}

}  // namespace
}  // namespace trusthub::rpc
