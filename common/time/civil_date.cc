#include "common/time/civil_date.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace trusthub {

absl::TimeZone London() {
  static const absl::TimeZone zone = [] {
    absl::TimeZone loaded;
    if (!absl::LoadTimeZone("Europe/London", &loaded)) {
      std::fprintf(stderr, "no time zone data for Europe/London: install the package tzdata\n");
      std::abort();
    }
    return loaded;
  }();
  return zone;
}

absl::CivilDay LondonDay(absl::Time instant) { return absl::ToCivilDay(instant, London()); }

absl::Time EndOfLondonDay(absl::CivilDay day) {
  return absl::FromCivil(day + 1, London()) - absl::Microseconds(1);
}

types::v1::Date DateToProto(absl::CivilDay day) {
  types::v1::Date date;
  date.set_year(static_cast<int>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

absl::StatusOr<absl::CivilDay> DateFromProto(const types::v1::Date& date) {
  const absl::CivilDay day(date.year(), date.month(), date.day());
  if (date.year() < 1900 || date.year() > 2200 || day.year() != date.year() ||
      day.month() != date.month() || day.day() != date.day()) {
    return absl::InvalidArgumentError("is not a day of the calendar between 1900 and 2200");
  }
  return day;
}

bool IsValidPartialDate(const types::v1::Date& date) {
  types::v1::Date whole = date;
  if (whole.month() == 0 && whole.day() == 0) whole.set_month(1);
  if (whole.day() == 0) whole.set_day(1);
  return DateFromProto(whole).ok();
}

google::protobuf::Timestamp TimeToProto(absl::Time instant) {
  google::protobuf::Timestamp timestamp;
  const std::int64_t seconds = absl::ToUnixSeconds(instant);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<int>((instant - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
  return timestamp;
}

absl::Time TimeFromProto(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

std::string FormatDay(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view text) {
  absl::CivilDay day;
  if (text.size() != 10 || !absl::ParseCivilTime(text, &day) || FormatDay(day) != text) {
    return absl::InvalidArgumentError("is not a day written as YYYY-MM-DD");
  }
  return DateFromProto(DateToProto(day));
}

}  // namespace trusthub
