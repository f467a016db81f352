// File: rules.h
//
// Statutory time limits as effective-dated data (deploy/config/timescales/*.yaml; domain.md 1). The
// rule is chosen by the trigger date, never by today's date. Pure functions over a loaded,
// immutable set; thread-safe.
#ifndef TRUSTHUB_COMMON_TIMESCALES_RULES_H_
#define TRUSTHUB_COMMON_TIMESCALES_RULES_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "common/timescales/calendar.h"

namespace trusthub::timescales {

struct Deadline {
  absl::CivilDay due;  // the last day; it passes at midnight in London
  std::string rule;    // "ASSESS.INITIAL@WT06"
};

// domain.md 1.1. DUE_SOON: at most a fifth of the time is left.
enum class ClockStatus { kNotDue, kDueSoon, kDueToday, kOverdue, kMet, kMetLate };
absl::string_view ClockStatusName(ClockStatus status);

class Rules {
 public:
  virtual ~Rules() = default;
  // The deadline of rule `id` (e.g. "REF.DECIDE") for a trigger on `trigger`. NotFound when no rule
  // of that id was in force that day.
  virtual absl::StatusOr<Deadline> DeadlineOf(absl::string_view id,
                                              absl::CivilDay trigger) const = 0;
  virtual const Calendar& calendar() const = 0;
};

// Where a clock stands on `today`; `closed` is the day on which the work was done, when it was.
ClockStatus StatusOn(absl::CivilDay trigger, const Deadline& deadline, absl::CivilDay today,
                     std::optional<absl::CivilDay> closed);

// Reads every *.yaml of `folder`. An error names the file, the line and what is wrong: unknown key,
// overlap of two periods of one rule, gap, unknown unit.
absl::StatusOr<std::shared_ptr<const Rules>> LoadRules(absl::string_view folder);

}  // namespace trusthub::timescales

#endif  // TRUSTHUB_COMMON_TIMESCALES_RULES_H_
