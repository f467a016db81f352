#include "common/timescales/rules.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/testing/paths.h"
#include "gtest/gtest.h"

namespace trusthub::timescales {
namespace {

using absl::CivilDay;

// --- The rules as shipped ----------------------------------------------------------------------

std::shared_ptr<const Rules> Shipped() {
  auto rules = LoadRules(testing::SourcePath("deploy/config/timescales"));
  if (!rules.ok()) {
    ADD_FAILURE() << rules.status();
    std::abort();
  }
  return *rules;
}

TEST(ShippedRulesTest, DeadlinesOfKnownCases) {
  const std::shared_ptr<const Rules> rules = Shipped();
  const std::vector<std::tuple<std::string, CivilDay, CivilDay, std::string>> cases = {
      // Referral before and after Working Together 2010 came into force.
      {"REF.DECIDE", CivilDay(2010, 3, 16), CivilDay(2010, 3, 17), "ALL"},
      {"ASSESS.INITIAL", CivilDay(2010, 3, 16), CivilDay(2010, 3, 25), "WT06"},
      {"ASSESS.INITIAL", CivilDay(2009, 12, 18), CivilDay(2009, 12, 31), "WT06"},
      {"ASSESS.INITIAL", CivilDay(2010, 3, 17), CivilDay(2010, 3, 31), "WT10"},
      {"REF.DECIDE", CivilDay(2010, 3, 30), CivilDay(2010, 3, 31), "ALL"},
      {"REF.ACK", CivilDay(2010, 3, 30), CivilDay(2010, 3, 31), "ALL"},
      {"ASSESS.INITIAL", CivilDay(2010, 3, 30), CivilDay(2010, 4, 15), "WT10"},
      {"ASSESS.CORE", CivilDay(2010, 3, 30), CivilDay(2010, 5, 21), "WT10"},
      {"ASSESS.SINGLE", CivilDay(2023, 4, 6), CivilDay(2023, 6, 15), "WT13"},
      {"ASSESS.SINGLE", CivilDay(2026, 4, 2), CivilDay(2026, 6, 10), "WT13"},
      // Conference, plan, core group, reviews, a move into the area.
      {"CP.ICPC", CivilDay(2010, 3, 30), CivilDay(2010, 4, 22), "ALL"},
      {"CP.CORE_GROUP.FIRST", CivilDay(2010, 4, 22), CivilDay(2010, 5, 7), "ALL"},
      {"CP.REVIEW.FIRST", CivilDay(2010, 4, 22), CivilDay(2010, 7, 22), "ALL"},
      {"CP.REVIEW.NEXT", CivilDay(2010, 7, 22), CivilDay(2011, 1, 22), "ALL"},
      {"CP.ICPC.TRANSFER_IN", CivilDay(2010, 4, 6), CivilDay(2010, 4, 27), "ALL"},
      {"TEAM.TRANSFER.ACCEPT", CivilDay(2010, 3, 30), CivilDay(2010, 4, 8), "LOCAL"},
      // Looked after: four weeks until March 2011, twenty working days since.
      {"LAC.REVIEW.1", CivilDay(2009, 12, 7), CivilDay(2010, 1, 4), "LAC91"},
      {"LAC.REVIEW.1", CivilDay(2011, 3, 31), CivilDay(2011, 4, 28), "LAC91"},
      {"LAC.REVIEW.1", CivilDay(2012, 1, 2), CivilDay(2012, 1, 30), "LAC10"},
      {"LAC.CAREPLAN", CivilDay(2012, 1, 2), CivilDay(2012, 1, 16), "LAC10"},
      {"LAC.PLACEMENTPLAN", CivilDay(2012, 1, 2), CivilDay(2012, 1, 9), "LAC10"},
      {"LAC.VISIT.1", CivilDay(2012, 1, 2), CivilDay(2012, 1, 9), "LAC10"},
      {"LAC.PEP.1", CivilDay(2012, 1, 2), CivilDay(2012, 1, 16), "ALL"},
      {"PF.ACTION", CivilDay(2010, 3, 26), CivilDay(2010, 4, 8), "ALL"},
  };
  for (const auto& [id, trigger, due, regime] : cases) {
    const absl::StatusOr<Deadline> deadline = rules->DeadlineOf(id, trigger);
    ASSERT_TRUE(deadline.ok()) << deadline.status();
    EXPECT_EQ(deadline->due, due) << id << " from " << trigger;
    EXPECT_EQ(deadline->rule, absl::StrCat(id, "@", regime));
  }
}

TEST(ShippedRulesTest, NoRuleOutsideItsPeriod) {
  const std::shared_ptr<const Rules> rules = Shipped();
  const CivilDay after(2013, 4, 15);
  EXPECT_EQ(rules->DeadlineOf("ASSESS.INITIAL", after).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(rules->DeadlineOf("ASSESS.SINGLE", after - 1).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(rules->DeadlineOf("NO.SUCH.RULE", after).status().code(), absl::StatusCode::kNotFound);
}

// --- Where a clock stands ----------------------------------------------------------------------

TEST(ClockStatusTest, FollowsTheDays) {
  const CivilDay trigger(2010, 3, 1);
  const Deadline deadline{trigger + 10, "X@Y"};
  const auto on = [&](int day) { return StatusOn(trigger, deadline, trigger + day, std::nullopt); };
  EXPECT_EQ(on(0), ClockStatus::kNotDue);
  EXPECT_EQ(on(7), ClockStatus::kNotDue);
  EXPECT_EQ(on(8), ClockStatus::kDueSoon);  // two days of ten are left
  EXPECT_EQ(on(9), ClockStatus::kDueSoon);
  EXPECT_EQ(on(10), ClockStatus::kDueToday);
  EXPECT_EQ(on(11), ClockStatus::kOverdue);
  EXPECT_EQ(StatusOn(trigger, deadline, trigger + 30, trigger + 10), ClockStatus::kMet);
  EXPECT_EQ(StatusOn(trigger, deadline, trigger + 30, trigger + 11), ClockStatus::kMetLate);
  EXPECT_EQ(ClockStatusName(ClockStatus::kMetLate), "MET_LATE");
  EXPECT_EQ(ClockStatusName(ClockStatus::kDueSoon), "DUE_SOON");
}

// --- Files with mistakes -----------------------------------------------------------------------

class BrokenRulesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "rulesXXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& file, const std::string& text) {
    std::ofstream(folder_ / file) << text;
  }
  // A rule of eight lines.
  static std::string Rule(const std::string& id, const std::string& regime,
                          const std::string& valid, const std::string& limit = "{n: 1, unit: WD}",
                          const std::string& kind = "LOCAL") {
    return absl::StrCat("  - id: ", id, "\n    regime: ", regime, "\n    valid: ", valid,
                        "\n    trigger: t\n    limit: ", limit, "\n    closes: c\n    kind: ", kind,
                        "\n    source: s\n");
  }
  std::string Fault() {
    const auto rules = LoadRules(folder_.string());
    return rules.ok() ? "" : std::string(rules.status().message());
  }

  std::filesystem::path folder_;
};

TEST_F(BrokenRulesTest, GoodRulesLoad) {
  Write("a.yaml", absl::StrCat("rules:\n", Rule("A", "R1", "{from: 2006-01-01, to: 2006-12-31}"),
                               Rule("A", "R2", "{from: 2007-01-01}", "{n: 1, unit: YR}")));
  EXPECT_EQ(Fault(), "");
  const auto rules = LoadRules(folder_.string());
  EXPECT_EQ((*rules)->DeadlineOf("A", CivilDay(2008, 2, 29))->due, CivilDay(2009, 2, 28));
  EXPECT_EQ((*rules)->DeadlineOf("A", CivilDay(2006, 12, 31))->rule, "A@R1");
}

TEST_F(BrokenRulesTest, OverlapAcrossFiles) {
  Write("a.yaml", "rules:\n" + Rule("A", "R1", "{from: 2006-01-01, to: 2007-01-01}"));
  Write("b.yaml", "rules:\n" + Rule("A", "R2", "{from: 2007-01-01}"));
  EXPECT_EQ(Fault(), "b.yaml:2: A valid from 2007-01-01 overlaps the period at a.yaml:2");
}

TEST_F(BrokenRulesTest, TwoOpenPeriods) {
  Write("a.yaml", absl::StrCat("rules:\n", Rule("A", "R1", "{from: 2006-01-01}"),
                               Rule("A", "R2", "{from: 2007-01-01}")));
  EXPECT_EQ(Fault(), "a.yaml:10: A valid from 2007-01-01 overlaps the period at a.yaml:2");
}

TEST_F(BrokenRulesTest, Gap) {
  Write("a.yaml", absl::StrCat("rules:\n", Rule("A", "R1", "{from: 2006-01-01, to: 2006-12-30}"),
                               Rule("A", "R2", "{from: 2007-01-01}")));
  EXPECT_EQ(Fault(),
            "a.yaml:10: A valid from 2007-01-01 leaves a gap after the period at a.yaml:2");
}

TEST_F(BrokenRulesTest, SameRegimeTwice) {
  Write("a.yaml", absl::StrCat("rules:\n", Rule("A", "R1", "{from: 2006-01-01, to: 2006-12-31}"),
                               Rule("A", "R1", "{from: 2007-01-01}")));
  EXPECT_EQ(Fault(), "a.yaml:10: A@R1 stands at a.yaml:2 already");
}

TEST_F(BrokenRulesTest, UnknownUnitKindAndKey) {
  Write("a.yaml", "rules:\n" + Rule("A", "R1", "{from: 2006-01-01}", "{n: 72, unit: H}"));
  EXPECT_EQ(Fault(), "a.yaml:6: unknown unit 'H'; use WD, CD, WK, MO or YR");
  Write("a.yaml", "rules:\n" + Rule("A", "R1", "{from: 2006-01-01}", "{n: 1, unit: WD}", "LAW"));
  EXPECT_EQ(Fault(),
            "a.yaml:8: unknown kind 'LAW'; use STATUTE, STAT_GUIDANCE, PROCEDURE or LOCAL");
  Write("a.yaml", "rules:\n" + Rule("A", "R1", "{from: 2006-01-01}") + "    colour: red\n");
  EXPECT_EQ(Fault(), "a.yaml:10: unknown key 'colour'");
}

TEST_F(BrokenRulesTest, BadValues) {
  Write("a.yaml", "rules:\n" + Rule("A", "R1", "{from: 2006-02-30}"));
  EXPECT_EQ(Fault(), "a.yaml:4: must be a day written as YYYY-MM-DD");
  Write("a.yaml", "rules:\n" + Rule("A", "R1", "{from: 2006-02-03, to: 2006-02-02}"));
  EXPECT_EQ(Fault(), "a.yaml:4: ends before it begins");
  Write("a.yaml", "rules:\n" + Rule("A", "R1", "{from: 2006-01-01}", "{n: -1, unit: WD}"));
  EXPECT_EQ(Fault(), "a.yaml:6: must be 0 to 400");
  Write("a.yaml", "rules:\n" + Rule("a b", "R1", "{from: 2006-01-01}"));
  EXPECT_EQ(Fault(), "a.yaml:2: must be upper case letters, digits, points and underscores");
}

TEST_F(BrokenRulesTest, EmptyFolder) {
  EXPECT_TRUE(absl::StrContains(Fault(), "holds no *.yaml file"));
}

}  // namespace
}  // namespace trusthub::timescales
