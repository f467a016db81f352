#include "common/retention/schedules.h"

#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/testing/temp_folder.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::retention {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;

using Day = absl::CivilDay;

Schedules Shipped() {
  auto loaded = LoadSchedules(testing::SourcePath("deploy/config/retention"));
  EXPECT_THAT(loaded, IsOk());
  return loaded.ok() ? *std::move(loaded) : Schedules();
}

// A row of domain.md 6.7 as it must come out.
struct Row {
  const char* what;
  const char* kind;
  std::map<std::string, std::string> marks;
  Day last_change;
  std::optional<Day> birth;
  std::optional<Day> death;
  const char* keep_until;  // the last day, or "cannot be told"
  const char* schedule;
};

class ShippedSchedules : public ::testing::TestWithParam<Row> {};

TEST_P(ShippedSchedules, KeepAsLongAsTheLawAsks) {
  const Row& row = GetParam();
  HeldRecord record;
  ASSERT_TRUE(options::v1::RecordKind_Parse(row.kind, &record.kind));
  record.marks = row.marks;
  record.last_change = row.last_change;
  const Verdict verdict = Shipped().Of(record, {row.birth, row.death}, Day(2012, 1, 1));
  EXPECT_EQ(verdict.schedule, row.schedule) << row.what;
  EXPECT_EQ(verdict.keep_until.has_value() ? FormatDay(*verdict.keep_until) : "cannot be told",
            row.keep_until)
      << row.what;
  if (!verdict.keep_until.has_value()) {
    EXPECT_FALSE(verdict.IsOver(Day(2300, 1, 1))) << "what cannot be told is kept";
    return;
  }
  EXPECT_FALSE(verdict.IsOver(*verdict.keep_until)) << "the last day";
  EXPECT_TRUE(verdict.IsOver(*verdict.keep_until + 1));
}

const std::map<std::string, std::string> kNoAdoption = {{"adoption", "absent"}};
const std::map<std::string, std::string> kAdoption = {{"adoption", "present"}};

INSTANTIATE_TEST_SUITE_P(
    Domain67, ShippedSchedules,
    ::testing::Values(
        Row{"looked after: the 75th anniversary of birth", "RECORD_KIND_PLACEMENT", kNoAdoption,
            Day(2010, 3, 16), Day(2001, 5, 2), std::nullopt, "2076-05-02", "looked-after"},
        Row{"died under 18: 15 years from death", "RECORD_KIND_PLACEMENT", kNoAdoption,
            Day(2010, 3, 16), Day(2001, 5, 2), Day(2010, 4, 1), "2025-04-01", "looked-after"},
        Row{"died at 18: as everyone", "RECORD_KIND_PLACEMENT", kNoAdoption, Day(2010, 3, 16),
            Day(2001, 5, 2), Day(2019, 5, 2), "2076-05-02", "looked-after"},
        Row{"born on 29 February", "RECORD_KIND_PLACEMENT", kNoAdoption, Day(2010, 3, 16),
            Day(2004, 2, 29), std::nullopt, "2079-03-01", "looked-after"},
        Row{"adoption: 100 years", "RECORD_KIND_PLACEMENT", kAdoption, Day(2010, 3, 16),
            Day(2009, 5, 2), std::nullopt, "2110-03-16", "adoption"},
        Row{"nobody says whether it was for adoption",
            "RECORD_KIND_PLACEMENT",
            {},
            Day(2010, 3, 16),
            Day(2009, 5, 2),
            std::nullopt,
            "cannot be told",
            "adoption"},
        Row{"child protection: 35 years after the last contact",
            "RECORD_KIND_CONFERENCE",
            {},
            Day(2010, 3, 16),
            Day(2001, 5, 2),
            std::nullopt,
            "2045-03-16",
            "child-protection"},
        Row{"in need: the 25th birthday",
            "RECORD_KIND_ASSESSMENT",
            {},
            Day(2010, 3, 16),
            Day(2001, 5, 2),
            std::nullopt,
            "2026-05-02",
            "child-in-need"},
        Row{"in need: 6 years after closure, when later",
            "RECORD_KIND_ASSESSMENT",
            {},
            Day(2011, 3, 16),
            Day(1985, 5, 2),
            std::nullopt,
            "2017-03-16",
            "child-in-need"},
        Row{"referral: 6 years",
            "RECORD_KIND_REFERRAL",
            {},
            Day(2010, 3, 16),
            Day(2001, 5, 2),
            std::nullopt,
            "2016-03-16",
            "referral"},
        Row{"referral of a child without a birth date",
            "RECORD_KIND_REFERRAL",
            {},
            Day(2010, 3, 16),
            std::nullopt,
            std::nullopt,
            "2016-03-16",
            "referral"},
        Row{"early help",
            "RECORD_KIND_COMMON_ASSESSMENT",
            {},
            Day(2010, 3, 16),
            Day(2001, 5, 2),
            std::nullopt,
            "2026-05-02",
            "early-help"},
        Row{"allegation, substantiated",
            "RECORD_KIND_ALLEGATION",
            {{"outcome", "substantiated"}},
            Day(2010, 3, 16),
            Day(2001, 5, 2),
            std::nullopt,
            "2110-03-16",
            "allegation"},
        Row{"allegation, not yet decided",
            "RECORD_KIND_ALLEGATION",
            {{"outcome", "unspecified"}},
            Day(2010, 3, 16),
            Day(2001, 5, 2),
            std::nullopt,
            "2110-03-16",
            "allegation"},
        Row{"allegation, malicious: 10 years",
            "RECORD_KIND_ALLEGATION",
            {{"outcome", "malicious"}},
            Day(2010, 3, 16),
            Day(2001, 5, 2),
            std::nullopt,
            "2020-03-16",
            "allegation-unfounded"},
        Row{"health: the 26th birthday",
            "RECORD_KIND_HEALTH_RECORD",
            {},
            Day(2010, 3, 16),
            Day(2001, 5, 2),
            std::nullopt,
            "2027-05-02",
            "child-health"},
        Row{"health: 8 years after death",
            "RECORD_KIND_ATTENDANCE",
            {},
            Day(2010, 3, 16),
            Day(2001, 5, 2),
            Day(2010, 4, 1),
            "2018-04-01",
            "child-health"},
        Row{"who the child is: the 25th birthday",
            "RECORD_KIND_CHILD",
            {},
            Day(2010, 3, 16),
            Day(2001, 5, 2),
            std::nullopt,
            "2026-05-02",
            "identity"},
        Row{"who the child is, born nobody knows when",
            "RECORD_KIND_CHILD",
            {},
            Day(2010, 3, 16),
            std::nullopt,
            std::nullopt,
            "cannot be told",
            "identity"},
        Row{"consents: 6 years",
            "RECORD_KIND_CONSENT",
            {},
            Day(2010, 3, 16),
            Day(2001, 5, 2),
            std::nullopt,
            "2016-03-16",
            "how-it-was-shared"},
        Row{"a kind without a schedule is kept",
            "RECORD_KIND_AGENCY",
            {},
            Day(2010, 3, 16),
            Day(2001, 5, 2),
            std::nullopt,
            "cannot be told",
            ""}));

TEST(ShippedMoratoriaTest, NothingIsDestroyedWhileTheInquirySits) {
  const Schedules schedules = Shipped();
  EXPECT_EQ(schedules.MoratoriumOn(Day(2015, 6, 30)), nullptr);
  ASSERT_NE(schedules.MoratoriumOn(Day(2015, 7, 1)), nullptr);
  EXPECT_EQ(schedules.MoratoriumOn(Day(2023, 1, 20))->id, "child-abuse-inquiry");
  EXPECT_EQ(schedules.MoratoriumOn(Day(2023, 1, 21)), nullptr);
}

TEST(ShippedSchedulesTest, EveryOneNamesItsSource) {
  const Schedules schedules = Shipped();
  EXPECT_GT(schedules.all().size(), 8u);
  EXPECT_EQ(schedules.version().size(), 64u);
  for (const Schedule& schedule : schedules.all()) {
    EXPECT_THAT(schedule.source, Not(IsEmpty())) << schedule.id;
  }
}

class LoadSchedulesTest : public ::testing::Test {
 protected:
  // Everything but `kinds` is without term, and `text` is what is tried.
  std::string ErrorOf(const std::string& text, const std::set<std::string>& kinds = {"referral"}) {
    std::ofstream(folder_.File("a.yaml"), std::ios::trunc) << text;
    std::ofstream rest(folder_.File("rest.yaml"), std::ios::trunc);
    rest << "without_term:\n";
    for (int kind = 1; kind < options::v1::RecordKind_ARRAYSIZE; ++kind) {
      const std::string name = options::v1::RecordKind_Name(kind).substr(12);
      bool skip = false;
      for (const std::string& each : kinds) skip = skip || absl::AsciiStrToUpper(each) == name;
      if (!skip) rest << "  - " << absl::AsciiStrToLower(name) << "\n";
    }
    rest.close();
    return std::string(LoadSchedules(folder_.path()).status().message());
  }
  static std::string Of(const std::string& keep, const std::string& more = "",
                        const std::string& period = "{from: 2000-01-01}") {
    return absl::StrCat("schedules:\n  - id: a\n    in_force: ", period,
                        "\n    records: [referral]\n    keep: ", keep, "\n    source: Some Act\n",
                        more);
  }

  const testing::TempFolder folder_;
  const std::string good_ = "[{after: last_change, years: 6}]";
};

TEST_F(LoadSchedulesTest, GoodOnesAreRead) {
  EXPECT_EQ(ErrorOf(Of(good_)), "");
  EXPECT_EQ(
      ErrorOf(Of(good_, "    if_died: {under_years: 18, keep: [{after: death, years: 8}]}\n")), "");
}

// That there is something of a kind may be the secret: only what is named is told.
TEST_F(LoadSchedulesTest, OnlyNamedKindsAreTold) {
  ASSERT_EQ(ErrorOf(Of(good_) + "told: [referral]\n"), "");
  const absl::StatusOr<Schedules> loaded = LoadSchedules(folder_.path());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(loaded->IsTold(options::v1::RECORD_KIND_REFERRAL));
  EXPECT_FALSE(loaded->IsTold(options::v1::RECORD_KIND_ALLEGATION));
  EXPECT_THAT(ErrorOf(Of(good_) + "told: [adoption]\n"), HasSubstr("`adoption`"));
}

TEST_F(LoadSchedulesTest, AKindOfWhichNothingIsSaidStopsTheLoad) {
  EXPECT_THAT(ErrorOf(Of(good_), {"referral", "plan"}), HasSubstr("RECORD_KIND_PLAN"));
  EXPECT_THAT(ErrorOf(Of(good_, "    where: [{field: kind, is: [x]}]\n")),
              HasSubstr("RECORD_KIND_REFERRAL"))
      << "conditions leave others out";
  EXPECT_THAT(ErrorOf(Of(good_, "", "{from: 2000-01-01, to: 2030-01-01}")),
              HasSubstr("RECORD_KIND_REFERRAL"))
      << "it ends";
  EXPECT_THAT(ErrorOf(Of(good_), {}), HasSubstr("is without_term"));
}

TEST_F(LoadSchedulesTest, MistakesNameFileAndLine) {
  EXPECT_THAT(ErrorOf(Of("[{after: birthday, years: 6}]")),
              AllOf(HasSubstr("a.yaml:5"), HasSubstr("`birthday`")));
  EXPECT_THAT(ErrorOf(Of("[{after: birth, years: 0}]")), HasSubstr("between 1 and"));
  EXPECT_THAT(ErrorOf(Of("[]")), HasSubstr("no time"));
  EXPECT_THAT(ErrorOf(Of(good_, "    forever: true\n")), HasSubstr("forever"));
  EXPECT_THAT(ErrorOf(Of(good_, "", "{from: 2010-01-01, to: 2009-01-01}")),
              HasSubstr("ends before"));
  const std::string second =
      "  - id: a\n    in_force: {from: 2005-01-01}\n    records: [referral]\n    keep: " + good_ +
      "\n    source: Some Act\n";
  EXPECT_THAT(ErrorOf(Of(good_, second)), AllOf(HasSubstr("a.yaml:7"), HasSubstr("overlap")));
  EXPECT_THAT(ErrorOf("schedules: []\nmoratorium: []\n"), HasSubstr("moratorium"));
}

}  // namespace
}  // namespace trusthub::retention
