#include "common/timescales/calendar.h"

#include <random>
#include <tuple>
#include <vector>

#include "common/timescales/bank_holidays.h"
#include "gtest/gtest.h"

namespace trusthub::timescales {
namespace {

using absl::CivilDay;

TEST(BankHolidaysTest, FrozenTableEqualsGenerator) {
  for (int year = kFrozenFirstYear; year <= kFrozenLastYear; ++year) {
    EXPECT_EQ(FrozenBankHolidays(year), GenerateBankHolidays(year)) << year;
  }
  EXPECT_TRUE(FrozenBankHolidays(kFrozenFirstYear - 1).empty());
  EXPECT_TRUE(FrozenBankHolidays(kFrozenLastYear + 1).empty());
}

TEST(BankHolidaysTest, EveryYearHasEightOnWeekdays) {
  for (int year = 1978; year <= 2100; ++year) {
    const std::vector<CivilDay> days = EnglandCalendar().BankHolidays(year);
    EXPECT_GE(days.size(), 8U) << year;
    for (std::size_t i = 0; i < days.size(); ++i) {
      EXPECT_FALSE(EnglandCalendar().IsWorkingDay(days[i])) << days[i];
      EXPECT_NE(absl::GetWeekday(days[i]), absl::Weekday::saturday) << days[i];
      EXPECT_NE(absl::GetWeekday(days[i]), absl::Weekday::sunday) << days[i];
      if (i > 0) {
        EXPECT_LT(days[i - 1], days[i]);
      }
    }
  }
}

TEST(BankHolidaysTest, OneOffChanges) {
  const Calendar& calendar = EnglandCalendar();
  EXPECT_FALSE(calendar.IsWorkingDay(CivilDay(2011, 4, 29)));
  EXPECT_TRUE(calendar.IsWorkingDay(CivilDay(2012, 5, 28)));
  EXPECT_FALSE(calendar.IsWorkingDay(CivilDay(2012, 6, 4)));
  EXPECT_TRUE(calendar.IsWorkingDay(CivilDay(2020, 5, 4)));
  EXPECT_FALSE(calendar.IsWorkingDay(CivilDay(2020, 5, 8)));
  EXPECT_FALSE(calendar.IsWorkingDay(CivilDay(2022, 9, 19)));
  EXPECT_FALSE(calendar.IsWorkingDay(CivilDay(2023, 5, 8)));
  EXPECT_FALSE(calendar.IsWorkingDay(CivilDay(2002, 6, 3)));
}

TEST(BankHolidaysTest, EasterOfKnownYears) {
  EXPECT_EQ(EasterSunday(2008), CivilDay(2008, 3, 23));  // early
  EXPECT_EQ(EasterSunday(2010), CivilDay(2010, 4, 4));
  EXPECT_EQ(EasterSunday(2011), CivilDay(2011, 4, 24));  // late
  EXPECT_EQ(EasterSunday(2038), CivilDay(2038, 4, 25));  // the latest there is
}

// Every vector of domain.md 1.2.
TEST(CalendarTest, PublishedVectors) {
  const std::vector<std::tuple<CivilDay, int, CivilDay>> vectors = {
      {CivilDay(2010, 3, 30), 1, CivilDay(2010, 3, 31)},
      {CivilDay(2010, 3, 30), 7, CivilDay(2010, 4, 12)},
      {CivilDay(2010, 3, 30), 10, CivilDay(2010, 4, 15)},
      {CivilDay(2010, 3, 30), 15, CivilDay(2010, 4, 22)},
      {CivilDay(2010, 3, 30), 35, CivilDay(2010, 5, 21)},
      {CivilDay(2009, 12, 18), 7, CivilDay(2009, 12, 31)},
      {CivilDay(2009, 12, 7), 20, CivilDay(2010, 1, 7)},
      {CivilDay(2010, 3, 16), 7, CivilDay(2010, 3, 25)},
      {CivilDay(2010, 4, 6), 15, CivilDay(2010, 4, 27)},
      {CivilDay(2012, 1, 2), 5, CivilDay(2012, 1, 9)},
      {CivilDay(2012, 1, 2), 10, CivilDay(2012, 1, 16)},
      {CivilDay(2012, 1, 2), 20, CivilDay(2012, 1, 30)},
      {CivilDay(2022, 9, 16), 1, CivilDay(2022, 9, 20)},
      {CivilDay(2023, 4, 6), 45, CivilDay(2023, 6, 15)},
      {CivilDay(2026, 4, 2), 1, CivilDay(2026, 4, 7)},
      {CivilDay(2026, 4, 2), 15, CivilDay(2026, 4, 27)},
      {CivilDay(2026, 4, 2), 45, CivilDay(2026, 6, 10)},
      {CivilDay(2026, 12, 24), 1, CivilDay(2026, 12, 29)},
      {CivilDay(2026, 12, 24), 10, CivilDay(2027, 1, 12)},
  };
  for (const auto& [start, n, due] : vectors) {
    EXPECT_EQ(EnglandCalendar().AddWorkingDays(start, n), due) << start << " + " << n;
    EXPECT_EQ(EnglandCalendar().WorkingDaysBetween(start, due), n) << start << " to " << due;
  }
  EXPECT_EQ(CivilDay(2009, 12, 7) + 4 * 7, CivilDay(2010, 1, 4));
}

TEST(CalendarTest, MonthsEndOnTheLastDayWhenThereIsNoOther) {
  EXPECT_EQ(AddMonths(CivilDay(2010, 8, 31), 6), CivilDay(2011, 2, 28));
  EXPECT_EQ(AddMonths(CivilDay(2011, 8, 31), 6), CivilDay(2012, 2, 29));
  EXPECT_EQ(AddMonths(CivilDay(2010, 4, 22), 3), CivilDay(2010, 7, 22));
  EXPECT_EQ(AddMonths(CivilDay(2012, 2, 29), 12), CivilDay(2013, 2, 28));
  EXPECT_EQ(AddMonths(CivilDay(2010, 1, 31), 1), CivilDay(2010, 2, 28));
  EXPECT_EQ(AddMonths(CivilDay(2010, 3, 31), -1), CivilDay(2010, 2, 28));
  EXPECT_EQ(AddMonths(CivilDay(2010, 1, 15), -1), CivilDay(2009, 12, 15));
}

// --- Properties --------------------------------------------------------------------------------

class CalendarPropertyTest : public ::testing::Test {
 protected:
  CivilDay AnyDay() { return CivilDay(2006, 1, 1) + Any(0, 8400); }
  CivilDay AnyWorkingDay() {
    CivilDay day = AnyDay();
    while (!calendar_.IsWorkingDay(day)) ++day;
    return day;
  }
  int Any(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }

  static constexpr unsigned kSeed = 20100305;
  static constexpr int kRounds = 3000;
  std::mt19937 random_{kSeed};
  const Calendar& calendar_ = EnglandCalendar();
};

TEST_F(CalendarPropertyTest, SubtractionUndoesAdditionFromAWorkingDay) {
  for (int round = 0; round < kRounds; ++round) {
    const CivilDay day = AnyWorkingDay();
    const int n = Any(-60, 60);
    EXPECT_EQ(calendar_.AddWorkingDays(calendar_.AddWorkingDays(day, n), -n), day)
        << "seed " << kSeed << ": " << day << " + " << n;
  }
}

TEST_F(CalendarPropertyTest, AdditionEndsOnAWorkingDayAndBetweenIsItsInverse) {
  for (int round = 0; round < kRounds; ++round) {
    const CivilDay day = AnyDay();
    const int n = Any(-60, 60);
    const CivilDay end = calendar_.AddWorkingDays(day, n);
    if (n != 0) {
      EXPECT_TRUE(calendar_.IsWorkingDay(end)) << "seed " << kSeed << ": " << end;
    }
    EXPECT_EQ(calendar_.WorkingDaysBetween(day, end), n)
        << "seed " << kSeed << ": " << day << " to " << end;
  }
}

TEST_F(CalendarPropertyTest, AdditionIsMonotonic) {
  for (int round = 0; round < kRounds; ++round) {
    const CivilDay day = AnyDay();
    const int n = Any(0, 60);
    EXPECT_LT(calendar_.AddWorkingDays(day, n), calendar_.AddWorkingDays(day, n + 1));
    EXPECT_LE(calendar_.AddWorkingDays(day, n), calendar_.AddWorkingDays(day + 1, n))
        << "seed " << kSeed << ": " << day << " + " << n;
  }
}

TEST_F(CalendarPropertyTest, AdditionsAddUp) {
  for (int round = 0; round < kRounds; ++round) {
    const CivilDay day = AnyDay();
    const int a = Any(0, 40);
    const int b = Any(0, 40);
    EXPECT_EQ(calendar_.AddWorkingDays(calendar_.AddWorkingDays(day, a), b),
              calendar_.AddWorkingDays(day, a + b))
        << "seed " << kSeed << ": " << day << " + " << a << " + " << b;
  }
}

TEST_F(CalendarPropertyTest, MonthsKeepTheDayOrEndTheMonth) {
  for (int round = 0; round < kRounds; ++round) {
    const CivilDay day = AnyDay();
    const int n = Any(-120, 120);
    const CivilDay end = AddMonths(day, n);
    EXPECT_EQ(absl::CivilMonth(end) - absl::CivilMonth(day), n) << "seed " << kSeed << ": " << day;
    const bool last_of_month = absl::CivilMonth(end + 1) != absl::CivilMonth(end);
    EXPECT_TRUE(end.day() == day.day() || (end.day() < day.day() && last_of_month))
        << "seed " << kSeed << ": " << day << " + " << n;
  }
}

}  // namespace
}  // namespace trusthub::timescales
