// File: dates.h
//
// The questions about dates that every handler asks: when did it happen, by when must the work be
// done, which day did the client mean, when is a decision looked at again.
#ifndef TRUSTHUB_COMMON_RPC_DATES_H_
#define TRUSTHUB_COMMON_RPC_DATES_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/base/limits.h"
#include "common/error/error.h"
#include "common/rpc/call.h"
#include "common/time/civil_date.h"
#include "common/timescales/calendar.h"
#include "common/timescales/rules.h"

namespace trusthub::rpc {

// The instant at which what `record` tells happened: its occurred_at, or the call's when the client
// named none; occurred_at is set to it. DATE_FORBIDDEN when it lies more than kFutureHoursMax ahead
// of the call: no honest clock runs that far ahead (domain.md 3.3).
template <class Record>
absl::StatusOr<absl::Time> SettleOccurrence(const Call& call, Record* record) {
  const absl::Time occurred =
      record->has_occurred_at() ? TimeFromProto(record->occurred_at()) : call.now;
  if (occurred > call.now + absl::Hours(limits::kFutureHoursMax)) {
    return error::RuleBroken(errors::v1::ERROR_REASON_DATE_FORBIDDEN,
                             absl::StrCat("occurred_at may not lie more than ",
                                          limits::kFutureHoursMax, " hours in the future."),
                             "Send the time at which it happened, or leave it out for now.");
  }
  *record->mutable_occurred_at() = TimeToProto(occurred);
  return occurred;
}

// The deadline of rule `id` for a trigger on `trigger`. DATE_FORBIDDEN when no such rule was in
// force that day.
inline absl::StatusOr<timescales::Deadline> DeadlineFor(const timescales::Rules& rules,
                                                        absl::string_view id,
                                                        absl::CivilDay trigger) {
  absl::StatusOr<timescales::Deadline> deadline = rules.DeadlineOf(id, trigger);
  if (!absl::IsNotFound(deadline.status())) return deadline;
  return error::RuleBroken(
      errors::v1::ERROR_REASON_DATE_FORBIDDEN,
      absl::StrCat("No time limit ", id, " was in force on that day."),
      "Check the date; the rules in force are listed in the hub's timescales.");
}

// The day that the client named in `field`; REQUEST_INVALID unless all its parts are known.
inline absl::StatusOr<absl::CivilDay> FullDay(absl::string_view field,
                                              const types::v1::Date& date) {
  absl::StatusOr<absl::CivilDay> day = DateFromProto(date);
  if (day.ok()) return day;
  return error::RequestInvalid({{std::string(field), "must be a real day with all three parts"}});
}

// What is wrong with the day on which a decision not to share is looked at again; nothing when it
// is good. Within a year: by then the child's life has changed.
inline std::optional<error::Violation> FaultOfReviewDate(absl::string_view field,
                                                         const types::v1::Date& date,
                                                         absl::CivilDay today) {
  constexpr int kReviewMonthsMax = 12;
  const absl::StatusOr<absl::CivilDay> day = DateFromProto(date);
  if (!day.ok()) {
    return error::Violation{std::string(field), "must be a real day with all three parts"};
  }
  if (*day <= today || *day > timescales::AddMonths(today, kReviewMonthsMax)) {
    return error::Violation{std::string(field), "must lie after today and within twelve months"};
  }
  return std::nullopt;
}

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_DATES_H_
