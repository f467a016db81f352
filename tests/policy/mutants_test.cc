// A hundred mistakes in the agreements that ship: each shows in what `hubctl policy diff` says of
// access, denies and secrets (not only in that a term is written differently), or in a finding of
// `hubctl policy check` that the sound set does not have.
#include "tests/policy/mutants.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/policy/access_diff.h"
#include "common/policy/tools/guards.h"
#include "common/policy/tools/lint.h"
#include "common/testing/paths.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

constexpr std::uint64_t kSeed = 20100316;
constexpr int kMutants = 100;
constexpr absl::CivilDay kToday(2010, 4, 1);

using Said = std::multiset<std::pair<std::string, std::string>>;

Said FindingsOf(const std::vector<AgreementText>& texts, const LintOptions& options) {
  Said said;
  for (const Finding& finding : Lint(texts, options)) said.emplace(finding.rule, finding.what);
  return said;
}

// How the mutant shows; empty when it does not.
std::string Shows(const Mutant& mutant, const Agreements& sound, const Said& found,
                  const LintOptions& options) {
  const auto mutated = CompileAgreements(mutant.texts);
  if (!mutated.ok())
    return absl::StrCat("does not load: ", std::string(mutated.status().message()));
  const AccessDiff diff = CompareAccess(sound, **mutated);
  if (diff.gained + diff.lost > 0) {
    return absl::StrCat("diff: ", diff.gained, " gained, ", diff.lost, " lost");
  }
  if (!diff.newly_secret.empty() || !diff.no_longer_secret.empty()) return "diff: secrets";
  const AccessDiff denies = CompareDenies(sound, **mutated, CompareOptions{});
  if (denies.gained + denies.lost > 0) {
    return absl::StrCat("diff: ", denies.gained, " denied anew, ", denies.lost, " no longer");
  }
  for (const auto& each : FindingsOf(mutant.texts, options)) {
    if (found.count(each) == 0) return absl::StrCat("check: ", each.first);
  }
  return "";
}

TEST(MutantsTest, EachShows) {
  const auto texts = ReadAgreementTexts(testing::SourcePath("deploy/config/redbridge/agreements"));
  ASSERT_TRUE(texts.ok()) << texts.status().message();
  const auto sound = CompileAgreements(*texts);
  ASSERT_TRUE(sound.ok()) << sound.status().message();
  LintOptions options;
  options.today = kToday;
  options.schema = SchemaOf(ContractFiles());
  const Said found = FindingsOf(*texts, options);
  std::vector<std::string> survivors;
  const std::vector<Mutant> mutants = MakeMutants(*texts, kSeed, kMutants);
  ASSERT_EQ(mutants.size(), static_cast<std::size_t>(kMutants));
  for (const Mutant& mutant : mutants) {
    const std::string shows = Shows(mutant, **sound, found, options);
    if (shows.empty()) survivors.push_back(mutant.mistake);
    RecordProperty(mutant.mistake, shows);
  }
  EXPECT_TRUE(survivors.empty()) << survivors.size() << " of " << kMutants
                                 << " mistakes do not show, seed " << kSeed << ":\n"
                                 << absl::StrJoin(survivors, "\n");
}

}  // namespace
}  // namespace trusthub::policy
