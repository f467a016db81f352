#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/proto/field_rules.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "gtest/gtest.h"

namespace trusthub::proto {
namespace {

using absl::CivilDay;

TEST(ShippedCodeSetsTest, HoldThePublishedCodes) {
  const auto sets = LoadCodeSets(testing::SourcePath("deploy/config/code_sets"));
  ASSERT_THAT(sets, testing::IsOk());
  const std::vector<std::pair<const char*, std::vector<const char*>>> published = {
      {"referral_source", {"1A", "1B", "1C", "1D", "2A", "2B", "3A", "3B", "3C", "3D", "3E",
                           "3F", "4",  "5A", "5B", "5C", "5D", "6",  "7",  "8",  "9",  "10"}},
      {"primary_need", {"N0", "N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N9"}},
      {"abuse_category", {"NEG", "PHY", "SAB", "EMO", "MUL"}},
      {"ethnicity",
       {"WBRI", "WIRI", "WIRT", "WROM", "WOTH", "MWBC", "MWBA", "MWAS", "MOTH", "AIND",
        "APKN", "ABAN", "AOTH", "CHNE", "BCRB", "BAFR", "BOTH", "OOTH", "REFU", "NOBT"}},
      {"disability",
       {"NONE", "MOB", "HAND", "PC", "INC", "COMM", "LD", "HEAR", "VIS", "BEH", "CON", "AUT",
        "DDA"}},
      {"reason_for_closure", {"RC1", "RC2", "RC3", "RC4", "RC5", "RC6", "RC7", "RC8", "RC9"}},
      {"care_setting", {"ED", "WIC", "OOH", "MIU", "WARD", "MAT", "AMB"}},
      {"attendance_reason",
       {"INJURY", "ILLNESS", "SELF_HARM", "SUBSTANCE", "MENTAL_HEALTH", "OTHER"}},
  };
  for (const auto& [set, codes] : published) {
    EXPECT_TRUE((*sets)->HasSet(set)) << set;
    for (const char* code : codes) {
      EXPECT_TRUE((*sets)->HasCode(set, code)) << set << " " << code;
      EXPECT_FALSE((*sets)->LabelOf(set, code).empty()) << set << " " << code;
      EXPECT_TRUE((*sets)->InForceOn(set, code, CivilDay(2010, 3, 16))) << set << " " << code;
    }
    EXPECT_FALSE((*sets)->HasCode(set, "NAS")) << set;
    EXPECT_FALSE((*sets)->HasCode(set, "")) << set;
  }
  EXPECT_FALSE((*sets)->HasSet("no_such_set"));
  EXPECT_FALSE((*sets)->HasCode("no_such_set", "N1"));
  EXPECT_EQ((*sets)->LabelOf("referral_source", "2A"), "Schools");
  EXPECT_EQ((*sets)->LabelOf("referral_source", "2Z"), "");
}

class CodeSetFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "codesXXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& file, const std::string& codes, const std::string& set = "sample") {
    std::ofstream(folder_ / file) << "code_set: " << set << "\nsource: s\ncodes:\n" << codes;
  }
  std::string Fault() {
    const auto sets = LoadCodeSets(folder_.string());
    return sets.ok() ? "" : std::string(sets.status().message());
  }

  std::filesystem::path folder_;
};

TEST_F(CodeSetFilesTest, DatesDecideWhatIsInForce) {
  Write("a.yaml", "  - {code: A, label: l, valid: {from: 2006-01-01, to: 2009-12-31}}\n");
  const auto sets = LoadCodeSets(folder_.string());
  ASSERT_THAT(sets, testing::IsOk());
  EXPECT_FALSE((*sets)->InForceOn("sample", "A", CivilDay(2005, 12, 31)));
  EXPECT_TRUE((*sets)->InForceOn("sample", "A", CivilDay(2006, 1, 1)));
  EXPECT_TRUE((*sets)->InForceOn("sample", "A", CivilDay(2009, 12, 31)));
  EXPECT_FALSE((*sets)->InForceOn("sample", "A", CivilDay(2010, 1, 1)));
  EXPECT_TRUE((*sets)->HasCode("sample", "A"));  // records of 2009 stay good
  EXPECT_FALSE((*sets)->InForceOn("sample", "B", CivilDay(2009, 1, 1)));
}

TEST_F(CodeSetFilesTest, MistakesNameFileAndLine) {
  const std::string good = "  - {code: A, label: l, valid: {from: 2006-01-01}}\n";
  Write("a.yaml", good + good);
  EXPECT_EQ(Fault(), "a.yaml:5: code A stands twice");
  Write("a.yaml", "  - {code: a, label: l, valid: {from: 2006-01-01}}\n");
  EXPECT_EQ(Fault(), "a.yaml:4: a code is upper case letters, digits and underscores");
  Write("a.yaml", "  - {code: A, label: l}\n");
  EXPECT_EQ(Fault(), "a.yaml:4: key 'valid' is missing");
  Write("a.yaml", "  - {code: A, label: l, colour: red, valid: {from: 2006-01-01}}\n");
  EXPECT_EQ(Fault(), "a.yaml:4: unknown key 'colour'");
  Write("a.yaml", "  - {code: A, label: l, valid: {from: 2006-01-01, to: 2005-01-01}}\n");
  EXPECT_EQ(Fault(), "a.yaml:4: ends before it begins");
  Write("a.yaml", "  []\n");
  EXPECT_EQ(Fault(), "a.yaml:4: holds no code");
  Write("a.yaml", good);
  Write("b.yaml", good);
  EXPECT_EQ(Fault(), "b.yaml:1: code set sample stands in another file already");
}

}  // namespace
}  // namespace trusthub::proto
