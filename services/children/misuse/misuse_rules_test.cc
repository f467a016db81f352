#include "services/children/misuse/misuse_rules.h"

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::children {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;

std::string ShippedPath() { return testing::SourcePath("deploy/config/redbridge/misuse.yaml"); }

TEST(MisuseRulesTest, TheShippedFileIsRead) {
  const auto rules = LoadMisuseRules(ShippedPath());
  ASSERT_THAT(rules, IsOk());
  EXPECT_EQ(rules->read_every, absl::Minutes(1));
  EXPECT_EQ(rules->refusals.threshold.window, absl::Minutes(60));
  EXPECT_EQ(rules->refusals.reasons.count("RECORD_NOT_FOUND"), 1u);
  EXPECT_EQ(rules->no_allocation.threshold.window, absl::Hours(24 * 7));
  // Whatever a caseworker says a child is read for, but what is done before anyone is allocated.
  for (const auto purpose :
       {options::v1::PURPOSE_ASSESSMENT, options::v1::PURPOSE_CHILD_PROTECTION_ENQUIRY,
        options::v1::PURPOSE_CHILD_PROTECTION_PLANNING, options::v1::PURPOSE_LOOKED_AFTER_CARE}) {
    EXPECT_EQ(rules->no_allocation.purposes.count(purpose), 1u) << purpose;
  }
  EXPECT_EQ(rules->no_allocation.purposes.count(options::v1::PURPOSE_SCREENING), 0u);
  EXPECT_EQ(rules->searches.searches.count("children.register"), 1u);
  for (int pattern = 1; pattern < v1::MisusePattern_ARRAYSIZE; ++pattern) {
    EXPECT_GE(rules->ThresholdOf(static_cast<v1::MisusePattern>(pattern)).count, 1) << pattern;
  }
}

struct Mistake {
  const char* name;
  const char* before;
  const char* after;
  const char* said;
};
class MistakeTest : public ::testing::TestWithParam<Mistake> {};

TEST_P(MistakeTest, IsNamedWithFileAndLine) {
  std::ifstream shipped(ShippedPath());
  const std::string text((std::istreambuf_iterator<char>(shipped)), {});
  const std::string changed = absl::StrReplaceAll(text, {{GetParam().before, GetParam().after}});
  ASSERT_NE(changed, text);
  testing::TempFolder folder;
  const std::string path = folder.File("misuse.yaml");
  std::ofstream(path) << changed;
  const absl::Status status = LoadMisuseRules(path).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("misuse.yaml:"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, MistakeTest,
    ::testing::Values(
        Mistake{"UnknownKey", "conflict:", "conflicts:", "conflict"},
        Mistake{"NoThreshold", "leaver: {accesses: 1, within_days: 28}",
                "leaver: {accesses: 0, within_days: 28}", "between"},
        Mistake{"NoWindow", "same_address: {accesses: 1, within_days: 28}",
                "same_address: {accesses: 1}", "within_days"},
        Mistake{"TwoWindows", "within_minutes: 60", "within_minutes: 60\n  within_days: 1", "both"},
        Mistake{"UnknownRole", "- housing_officer", "- housing_offizer", "housing_offizer"},
        Mistake{"RoleTwice", "- housing_officer", "- team_manager", "twice"},
        Mistake{"UnknownPurpose", "looked_after_care]", "looked_after]", "looked_after"},
        Mistake{"UnknownReason", "- record_not_found", "- not_found", "not_found"},
        Mistake{"NotAnAction", "children.get]", "get]", "`get`"},
        Mistake{"NoRoles", "roles: [social_worker]", "roles: []", "none"},
        Mistake{"TooSlow", "read_every_seconds: 60", "read_every_seconds: 86400", "between"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace trusthub::children
