#include "common/rpc/standing_rules.h"

#include <fstream>
#include <string>

#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::rpc {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(StandingRulesTest, TheBoroughsAreRead) {
  const auto rules = LoadStandingRules(testing::SourcePath("deploy/config/redbridge/policy.yaml"));
  ASSERT_THAT(rules, testing::IsOk());
  EXPECT_EQ(rules->closing_window, absl::Hours(14 * 24));
}

TEST(StandingRulesTest, MistakesNameFileAndLine) {
  const testing::TempFolder folder;
  const std::string path = folder.File("policy.yaml");
  const auto error_of = [&](const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
    return std::string(LoadStandingRules(path).status().message());
  };
  EXPECT_THAT(error_of("closing_window_days: 14\nother: 1\n"),
              AllOf(HasSubstr("policy.yaml:2"), HasSubstr("other")));
  EXPECT_THAT(error_of("{}\n"), HasSubstr("closing_window_days"));
  EXPECT_THAT(error_of("closing_window_days: -1\n"), HasSubstr("policy.yaml:1"));
  EXPECT_THAT(error_of("closing_window_days: 91\n"), HasSubstr("between 0 and 90"));
  EXPECT_THAT(error_of("closing_window_days: a week\n"), HasSubstr("policy.yaml:1"));
  EXPECT_TRUE(absl::IsNotFound(LoadStandingRules(folder.File("none.yaml")).status()));
  std::ofstream(path, std::ios::trunc) << "closing_window_days: 0\n";
  EXPECT_EQ(LoadStandingRules(path)->closing_window, absl::ZeroDuration());
}

}  // namespace
}  // namespace trusthub::rpc
