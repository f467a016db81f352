#include "common/timescales/bank_holidays.h"

#include <algorithm>

namespace trusthub::timescales {
namespace {

using absl::CivilDay;

struct MonthDay {
  int month = 0;  // 0 fills up a short year
  int day = 0;
};

struct FrozenYear {
  int year;
  MonthDay days[10];
};

// 2012-2028 as gov.uk published them (bank-holidays.json), 2006-2011 by the same rules.
// clang-format off
constexpr FrozenYear kFrozen[] = {
    {2006, {{1, 2}, {4, 14}, {4, 17}, {5, 1}, {5, 29}, {8, 28}, {12, 25}, {12, 26}}},
    {2007, {{1, 1}, {4, 6}, {4, 9}, {5, 7}, {5, 28}, {8, 27}, {12, 25}, {12, 26}}},
    {2008, {{1, 1}, {3, 21}, {3, 24}, {5, 5}, {5, 26}, {8, 25}, {12, 25}, {12, 26}}},
    {2009, {{1, 1}, {4, 10}, {4, 13}, {5, 4}, {5, 25}, {8, 31}, {12, 25}, {12, 28}}},
    {2010, {{1, 1}, {4, 2}, {4, 5}, {5, 3}, {5, 31}, {8, 30}, {12, 27}, {12, 28}}},
    {2011, {{1, 3}, {4, 22}, {4, 25}, {4, 29}, {5, 2}, {5, 30}, {8, 29}, {12, 26}, {12, 27}}},
    {2012, {{1, 2}, {4, 6}, {4, 9}, {5, 7}, {6, 4}, {6, 5}, {8, 27}, {12, 25}, {12, 26}}},
    {2013, {{1, 1}, {3, 29}, {4, 1}, {5, 6}, {5, 27}, {8, 26}, {12, 25}, {12, 26}}},
    {2014, {{1, 1}, {4, 18}, {4, 21}, {5, 5}, {5, 26}, {8, 25}, {12, 25}, {12, 26}}},
    {2015, {{1, 1}, {4, 3}, {4, 6}, {5, 4}, {5, 25}, {8, 31}, {12, 25}, {12, 28}}},
    {2016, {{1, 1}, {3, 25}, {3, 28}, {5, 2}, {5, 30}, {8, 29}, {12, 26}, {12, 27}}},
    {2017, {{1, 2}, {4, 14}, {4, 17}, {5, 1}, {5, 29}, {8, 28}, {12, 25}, {12, 26}}},
    {2018, {{1, 1}, {3, 30}, {4, 2}, {5, 7}, {5, 28}, {8, 27}, {12, 25}, {12, 26}}},
    {2019, {{1, 1}, {4, 19}, {4, 22}, {5, 6}, {5, 27}, {8, 26}, {12, 25}, {12, 26}}},
    {2020, {{1, 1}, {4, 10}, {4, 13}, {5, 8}, {5, 25}, {8, 31}, {12, 25}, {12, 28}}},
    {2021, {{1, 1}, {4, 2}, {4, 5}, {5, 3}, {5, 31}, {8, 30}, {12, 27}, {12, 28}}},
    {2022, {{1, 3}, {4, 15}, {4, 18}, {5, 2}, {6, 2}, {6, 3}, {8, 29}, {9, 19}, {12, 26}, {12, 27}}},
    {2023, {{1, 2}, {4, 7}, {4, 10}, {5, 1}, {5, 8}, {5, 29}, {8, 28}, {12, 25}, {12, 26}}},
    {2024, {{1, 1}, {3, 29}, {4, 1}, {5, 6}, {5, 27}, {8, 26}, {12, 25}, {12, 26}}},
    {2025, {{1, 1}, {4, 18}, {4, 21}, {5, 5}, {5, 26}, {8, 25}, {12, 25}, {12, 26}}},
    {2026, {{1, 1}, {4, 3}, {4, 6}, {5, 4}, {5, 25}, {8, 31}, {12, 25}, {12, 28}}},
    {2027, {{1, 1}, {3, 26}, {3, 29}, {5, 3}, {5, 31}, {8, 30}, {12, 27}, {12, 28}}},
    {2028, {{1, 3}, {4, 14}, {4, 17}, {5, 1}, {5, 29}, {8, 28}, {12, 25}, {12, 26}}},
};
// clang-format on

CivilDay FirstMonday(int year, int month) {
  return absl::NextWeekday(CivilDay(year, month, 1) - 1, absl::Weekday::monday);
}

CivilDay LastMonday(int year, int month) {
  return absl::PrevWeekday(CivilDay(absl::CivilMonth(year, month) + 1), absl::Weekday::monday);
}

// A holiday on a weekend moves to the next free day: two days on from a Saturday, one from a
// Sunday.
CivilDay OffWeekend(CivilDay day) {
  switch (absl::GetWeekday(day)) {
    case absl::Weekday::saturday:
      return day + 2;
    case absl::Weekday::sunday:
      return day + 1;
    default:
      return day;
  }
}

// Christmas Day and Boxing Day give way to each other: of a weekend pair one moves to Monday, the
// other to Tuesday.
CivilDay ChristmasHoliday(int year) {
  const CivilDay day(year, 12, 25);
  switch (absl::GetWeekday(day)) {
    case absl::Weekday::saturday:
      return day + 3;
    case absl::Weekday::sunday:
      return day + 2;
    default:
      return day;
  }
}

struct OneOff {
  CivilDay usual;  // the first of January 1970 when nothing is replaced
  CivilDay day;
};

constexpr CivilDay kNone;

// Royal proclamations that moved or added a day.
constexpr OneOff kOneOffs[] = {
    {CivilDay(1995, 5, 1), CivilDay(1995, 5, 8)},   // fifty years after the war in Europe
    {kNone, CivilDay(1999, 12, 31)},                // millennium eve
    {CivilDay(2002, 5, 27), CivilDay(2002, 6, 4)},  // Golden Jubilee
    {kNone, CivilDay(2002, 6, 3)},                  // Golden Jubilee
    {kNone, CivilDay(2011, 4, 29)},                 // royal wedding
    {CivilDay(2012, 5, 28), CivilDay(2012, 6, 4)},  // Diamond Jubilee
    {kNone, CivilDay(2012, 6, 5)},                  // Diamond Jubilee
    {CivilDay(2020, 5, 4), CivilDay(2020, 5, 8)},   // seventy-five years after the war in Europe
    {CivilDay(2022, 5, 30), CivilDay(2022, 6, 2)},  // Platinum Jubilee
    {kNone, CivilDay(2022, 6, 3)},                  // Platinum Jubilee
    {kNone, CivilDay(2022, 9, 19)},                 // state funeral
    {kNone, CivilDay(2023, 5, 8)},                  // coronation
};

void ApplyOneOffs(int year, std::vector<CivilDay>& days) {
  for (const OneOff& change : kOneOffs) {
    if (change.day.year() != year) continue;
    days.erase(std::remove(days.begin(), days.end(), change.usual), days.end());
    days.push_back(change.day);
  }
}

}  // namespace

CivilDay EasterSunday(int y) {
  const int a = y % 19, b = y / 100, c = y % 100, d = b / 4, e = b % 4;
  const int f = (b + 8) / 25, g = (b - f + 1) / 3, h = (19 * a + b - d - g + 15) % 30;
  const int i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
  const int m = (a + 11 * h + 22 * l) / 451, n = h + l - 7 * m + 114;
  return CivilDay(y, n / 31, n % 31 + 1);
}

std::vector<CivilDay> FrozenBankHolidays(int year) {
  std::vector<CivilDay> days;
  if (year < kFrozenFirstYear || year > kFrozenLastYear) return days;
  for (const MonthDay& entry : kFrozen[year - kFrozenFirstYear].days) {
    if (entry.month != 0) days.emplace_back(year, entry.month, entry.day);
  }
  return days;
}

std::vector<CivilDay> GenerateBankHolidays(int year) {
  const CivilDay easter = EasterSunday(year);
  std::vector<CivilDay> days = {OffWeekend(CivilDay(year, 1, 1)),
                                easter - 2,
                                easter + 1,
                                FirstMonday(year, 5),
                                LastMonday(year, 5),
                                LastMonday(year, 8),
                                ChristmasHoliday(year),
                                OffWeekend(CivilDay(year, 12, 26))};
  ApplyOneOffs(year, days);
  std::sort(days.begin(), days.end());
  return days;
}

}  // namespace trusthub::timescales
