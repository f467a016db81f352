// File: calendar.h
//
// Working days in England (domain.md 1.2 C1): not a Saturday, Sunday, Christmas Day, Good Friday or
// bank holiday in England and Wales under the Banking and Financial Dealings Act 1971. A frozen
// table covers 2006-2028, the generator the other years; both are held equal by a test.
#ifndef TRUSTHUB_COMMON_TIMESCALES_CALENDAR_H_
#define TRUSTHUB_COMMON_TIMESCALES_CALENDAR_H_

#include <vector>

#include "absl/time/civil_time.h"

namespace trusthub::timescales {

class Calendar {
 public:
  virtual ~Calendar() = default;
  virtual bool IsWorkingDay(absl::CivilDay day) const = 0;
  // Day n of a period of working days; the trigger's day is day 0 (C2). Negative n counts back
  // (C3).
  virtual absl::CivilDay AddWorkingDays(absl::CivilDay day, int n) const = 0;
  // Working days after `from` up to and including `to`; negative when `to` lies before.
  virtual int WorkingDaysBetween(absl::CivilDay from, absl::CivilDay to) const = 0;
  // Bank holidays of a year, ascending.
  virtual std::vector<absl::CivilDay> BankHolidays(int year) const = 0;
};

// England and Wales. Never destroyed.
const Calendar& EnglandCalendar();

// The corresponding day `n` months on, or that month's last day when there is none (C4).
absl::CivilDay AddMonths(absl::CivilDay day, int n);

}  // namespace trusthub::timescales

#endif  // TRUSTHUB_COMMON_TIMESCALES_CALENDAR_H_
