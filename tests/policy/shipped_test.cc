// The agreements that ship: what they share is kept in access.baseline beside them, so that sharing
// does not grow unsigned; and `hubctl policy check` has nothing to say of them.
#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/policy/policy.h"
#include "common/policy/tools/baseline.h"
#include "common/policy/tools/lint.h"
#include "common/policy/tools/schema.h"
#include "common/testing/paths.h"
#include "deploy/hubctl/directory_file.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

const std::string& kFolder =
    *new std::string(testing::SourcePath("deploy/config/redbridge/agreements"));
const std::string& kBaselineFile =
    *new std::string(testing::SourcePath("deploy/config/redbridge/access.baseline"));
constexpr char kHowToWrite[] = "`hubctl policy baseline deploy/config/redbridge/agreements`";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Said(const std::vector<Widening>& widened) {
  std::string said;
  for (const Widening& each : widened) {
    absl::StrAppend(&said, each.agreement, " ", each.version, " gives more than was signed:\n");
    for (const std::string& row : each.rows) absl::StrAppend(&said, "  ", row, "\n");
  }
  return said;
}

// Of the set that ships, with `from` in `file` replaced.
Baseline BaselineWith(absl::string_view file, absl::string_view from, absl::string_view to) {
  absl::StatusOr<std::vector<AgreementText>> texts = ReadAgreementTexts(kFolder);
  EXPECT_TRUE(texts.ok()) << texts.status().message();
  for (AgreementText& each : *texts) {
    if (each.file != file) continue;
    EXPECT_TRUE(absl::StrContains(each.text, from)) << from;
    each.text = absl::StrReplaceAll(each.text, {{from, to}});
  }
  const auto agreements = CompileAgreements(*texts);
  EXPECT_TRUE(agreements.ok()) << agreements.status().message();
  return BaselineOf(**agreements, SchemaOf(ContractFiles()));
}

Baseline Shipped() { return BaselineWith("", "", ""); }

TEST(ShippedAgreementsTest, ShareWhatTheirBaselineSays) {
  const absl::StatusOr<Baseline> kept = ParseBaseline(ReadAll(kBaselineFile));
  ASSERT_TRUE(kept.ok()) << kept.status().message();
  const Baseline now = Shipped();
  EXPECT_EQ(Said(WidenedUnsigned(*kept, now)), "")
      << "have the change signed and raise `version` of these agreements, or take it back";
  EXPECT_TRUE(BaselineText(now) == ReadAll(kBaselineFile))
      << "access.baseline is out of date; write it with " << kHowToWrite;
}

// The check would be green for ever if it saw nothing.
TEST(ShippedAgreementsTest, AWiderAgreementNeedsANewVersion) {
  const std::vector<Widening> widened =
      WidenedUnsigned(Shipped(), BaselineWith("unscheduled-care.yaml", "relations: [presenting]",
                                              "relations: [presenting, holding]"));
  ASSERT_EQ(widened.size(), 1u) << Said(widened);
  EXPECT_EQ(widened[0].agreement, "unscheduled-care");
  EXPECT_FALSE(widened[0].rows.empty());
}

TEST(ShippedAgreementsTest, ANewFieldNeedsANewVersionOfWhatGivesIt) {
  const Baseline now = Shipped();
  Baseline before = now;
  auto& fields = before.fields[options::v1::RECORD_KIND_CHECK];
  ASSERT_EQ(fields.erase("trusthub.assessments.v1.Check.answer"), 1u);
  const std::vector<Widening> widened = WidenedUnsigned(before, now);
  ASSERT_FALSE(widened.empty());
  EXPECT_TRUE(std::any_of(widened.begin(), widened.end(), [](const Widening& each) {
    return each.agreement == "checks" && absl::StrContains(each.rows[0], "Check.answer");
  })) << Said(widened);
}

// --- hubctl policy check -----------------------------------------------------------------------

// Warnings that stand, each with its reason: "file rule item", and why.
const std::map<std::string, std::string>& StandingWarnings() {
  static const auto& standing = *new std::map<std::string, std::string>{
      {"inspection.yaml never-matches sampled-cases",
       "The inspectorate's part was agreed with the rest. It gives nothing until a method lets "
       "inspectors ask, and the baseline then asks for a new version of the agreement."},
      {"inspection.yaml never-matches indicators",
       "The same, for those who count: indicators come with the insight service."},
  };
  return standing;
}

LintOptions OptionsFor(absl::CivilDay today) {
  LintOptions options;
  options.today = today;
  options.schema = SchemaOf(ContractFiles());
  const auto directory =
      hubctl::ReadDirectoryFile(testing::SourcePath("deploy/config/redbridge/directory.yaml"));
  EXPECT_TRUE(directory.ok()) << directory.status();
  if (!directory.ok()) return options;
  for (const auto& each : directory->agencies) {
    options.agencies[absl::StrCat("agencies/", each.id)] = each.agency.kind();
  }
  for (const auto& each : directory->workers) {
    const auto at = options.agencies.find(each.worker.agency());
    if (at != options.agencies.end()) options.staff.emplace(at->second, each.worker.role());
  }
  return options;
}

TEST(ShippedAgreementsTest, TheLintHasNothingToSay) {
  const auto texts = ReadAgreementTexts(kFolder);
  ASSERT_TRUE(texts.ok()) << texts.status().message();
  // In the days of the case, and years later.
  for (const absl::CivilDay today : {absl::CivilDay(2010, 4, 1), absl::CivilDay(2026, 6, 1)}) {
    std::map<std::string, std::string> standing = StandingWarnings();
    for (const Finding& finding : Lint(*texts, OptionsFor(today))) {
      EXPECT_EQ(finding.severity, Severity::kWarning)
          << finding.file << ":" << finding.line << ": " << finding.what;
      const auto at = std::find_if(standing.begin(), standing.end(), [&](const auto& each) {
        const std::vector<std::string> words = absl::StrSplit(each.first, ' ');
        return words[0] == finding.file && words[1] == finding.rule &&
               absl::StrContains(finding.what, absl::StrCat("`", words[2], "`"));
      });
      if (at != standing.end()) {
        standing.erase(at);
        continue;
      }
      ADD_FAILURE() << finding.file << ":" << finding.line << ": " << finding.what << " ["
                    << finding.rule << "]\n  > " << finding.action;
    }
    for (const auto& [warning, reason] : standing) {
      ADD_FAILURE() << warning << " is gone; take it off the list";
    }
  }
}

}  // namespace
}  // namespace trusthub::policy
