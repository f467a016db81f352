// File: bank_holidays.h
//
// Bank holidays of England and Wales, twice: the published days of 2006-2028 as a frozen table, and
// the generator that makes the days of any other year. A test holds both equal.
#ifndef TRUSTHUB_COMMON_TIMESCALES_BANK_HOLIDAYS_H_
#define TRUSTHUB_COMMON_TIMESCALES_BANK_HOLIDAYS_H_

#include <vector>

#include "absl/time/civil_time.h"

namespace trusthub::timescales {

inline constexpr int kFrozenFirstYear = 2006;
inline constexpr int kFrozenLastYear = 2028;

// Days of a year of the frozen table, ascending; empty outside kFrozenFirstYear..kFrozenLastYear.
std::vector<absl::CivilDay> FrozenBankHolidays(int year);

// The rules of the Banking and Financial Dealings Act 1971 with the known one-off changes,
// ascending. Right from 1978, when the early May holiday began; proclamations still to come are not
// in it.
std::vector<absl::CivilDay> GenerateBankHolidays(int year);

// Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher).
absl::CivilDay EasterSunday(int year);

}  // namespace trusthub::timescales

#endif  // TRUSTHUB_COMMON_TIMESCALES_BANK_HOLIDAYS_H_
