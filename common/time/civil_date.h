// File: civil_date.h
//
// Civil days in London and their protos. Instants are stored in UTC; the day of an event is its
// day in Europe/London (domain.md 1.2 C7: 2010-06-30T23:30Z is 1 July).
#ifndef TRUSTHUB_COMMON_TIME_CIVIL_DATE_H_
#define TRUSTHUB_COMMON_TIME_CIVIL_DATE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "trusthub/types/v1/date.pb.h"

namespace trusthub {

// Europe/London. Aborts the process when the machine has no time zone data.
absl::TimeZone London();

// The day in London at `instant`.
absl::CivilDay LondonDay(absl::Time instant);

// The last instant of `day` in London, to the microsecond: when a deadline of that day passes.
absl::Time EndOfLondonDay(absl::CivilDay day);

types::v1::Date DateToProto(absl::CivilDay day);
// InvalidArgument unless all three parts are known and name a real day.
absl::StatusOr<absl::CivilDay> DateFromProto(const types::v1::Date& date);
// Whether `date` is a real day, or a real month or year with its finer parts 0.
bool IsValidPartialDate(const types::v1::Date& date);

google::protobuf::Timestamp TimeToProto(absl::Time instant);
absl::Time TimeFromProto(const google::protobuf::Timestamp& timestamp);

// "2010-03-16". ParseDay fails with InvalidArgument on anything else.
std::string FormatDay(absl::CivilDay day);
absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view text);

}  // namespace trusthub

#endif  // TRUSTHUB_COMMON_TIME_CIVIL_DATE_H_
