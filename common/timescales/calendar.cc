#include "common/timescales/calendar.h"

#include <algorithm>

#include "common/timescales/bank_holidays.h"

namespace trusthub::timescales {
namespace {

using absl::CivilDay;

// Years whose holidays are kept ready: no record of the hub has dates outside them.
constexpr int kFirstYear = 1978;
constexpr int kLastYear = 2100;

bool IsWeekend(CivilDay day) {
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday == absl::Weekday::saturday || weekday == absl::Weekday::sunday;
}

std::vector<CivilDay> HolidaysOf(int year) {
  std::vector<CivilDay> frozen = FrozenBankHolidays(year);
  return frozen.empty() ? GenerateBankHolidays(year) : frozen;
}

class England final : public Calendar {
 public:
  England() {
    for (int year = kFirstYear; year <= kLastYear; ++year) years_.push_back(HolidaysOf(year));
  }

  bool IsWorkingDay(CivilDay day) const override {
    if (IsWeekend(day)) return false;
    const int year = static_cast<int>(day.year());
    if (year < kFirstYear || year > kLastYear) return !Contains(HolidaysOf(year), day);
    return !Contains(years_[year - kFirstYear], day);
  }

  CivilDay AddWorkingDays(CivilDay day, int n) const override {
    const int step = n < 0 ? -1 : 1;
    while (n != 0) {
      day += step;
      if (IsWorkingDay(day)) n -= step;
    }
    return day;
  }

  int WorkingDaysBetween(CivilDay from, CivilDay to) const override {
    const int step = to < from ? -1 : 1;
    int count = 0;
    while (from != to) {
      from += step;
      if (IsWorkingDay(from)) count += step;
    }
    return count;
  }

  std::vector<CivilDay> BankHolidays(int year) const override { return HolidaysOf(year); }

 private:
  static bool Contains(const std::vector<CivilDay>& days, CivilDay day) {
    return std::binary_search(days.begin(), days.end(), day);
  }

  std::vector<std::vector<CivilDay>> years_;
};

}  // namespace

const Calendar& EnglandCalendar() {
  static const England* const calendar = new England;
  return *calendar;
}

CivilDay AddMonths(CivilDay day, int n) {
  const absl::CivilMonth month = absl::CivilMonth(day) + n;
  const CivilDay last = CivilDay(month + 1) - 1;
  return std::min(CivilDay(month.year(), month.month(), day.day()), last,
                  [](CivilDay a, CivilDay b) { return a < b; });
}

}  // namespace trusthub::timescales
