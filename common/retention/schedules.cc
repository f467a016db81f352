#include "common/retention/schedules.h"

#include <algorithm>

#include "common/time/civil_date.h"

namespace trusthub::retention {
namespace {

bool IsInForce(absl::CivilDay from, const std::optional<absl::CivilDay>& to, absl::CivilDay day) {
  return from <= day && (!to.has_value() || day <= *to);
}

enum class Fit { kNo, kYes, kCannotTell };

Fit FitOf(const Schedule& schedule, const HeldRecord& record) {
  if (schedule.records.count(record.kind) == 0) return Fit::kNo;
  Fit fit = Fit::kYes;
  for (const auto& [field, values] : schedule.where) {
    const auto mark = record.marks.find(field);
    if (mark == record.marks.end()) return Fit::kCannotTell;
    if (values.count(mark->second) == 0) fit = Fit::kNo;
  }
  return fit;
}

bool DiedYoungEnough(const Schedule& schedule, const Life& life) {
  if (!life.death.has_value()) return false;
  if (!schedule.died_under_years.has_value()) return true;
  return life.birth.has_value() &&
         *life.death < YearsAfter(*life.birth, *schedule.died_under_years);
}

const std::vector<Term>& TermsFor(const Schedule& schedule, const Life& life) {
  const bool died = !schedule.keep_if_died.empty() && DiedYoungEnough(schedule, life);
  return died ? schedule.keep_if_died : schedule.keep;
}

std::optional<absl::CivilDay> StartOf(Start start, const HeldRecord& record, const Life& life) {
  switch (start) {
    case Start::kBirth:
      return life.birth;
    case Start::kDeath:
      return life.death;
    case Start::kLastChange:
      return record.last_change;
  }
  return std::nullopt;
}

// The last day; nothing when one of the terms cannot be told.
std::optional<absl::CivilDay> EndOf(const std::vector<Term>& terms, const HeldRecord& record,
                                    const Life& life) {
  std::optional<absl::CivilDay> end;
  for (const Term& term : terms) {
    const std::optional<absl::CivilDay> start = StartOf(term.start, record, life);
    if (!start.has_value()) return std::nullopt;
    const absl::CivilDay ends = YearsAfter(*start, term.years);
    end = end.has_value() ? std::max(*end, ends) : ends;
  }
  return end;
}

}  // namespace

absl::CivilDay YearsAfter(absl::CivilDay day, int years) {
  // Normalised: 29 February of a common year is 1 March.
  return absl::CivilDay(day.year() + years, day.month(), day.day());
}

Verdict Schedules::Of(const HeldRecord& record, const Life& life, absl::CivilDay today) const {
  Verdict verdict;
  for (const Schedule& schedule : schedules_) {
    if (!IsInForce(schedule.from, schedule.to, today)) continue;
    const Fit fit = FitOf(schedule, record);
    if (fit == Fit::kNo) continue;
    if (fit == Fit::kCannotTell) return {schedule.id, std::nullopt};
    const auto end = EndOf(TermsFor(schedule, life), record, life);
    if (!end.has_value()) return {schedule.id, std::nullopt};
    if (verdict.keep_until.has_value() && *end <= *verdict.keep_until) continue;
    verdict = {schedule.id, end};
  }
  return verdict;
}

const Moratorium* Schedules::MoratoriumOn(absl::CivilDay today) const {
  for (const Moratorium& moratorium : moratoria_) {
    if (IsInForce(moratorium.from, moratorium.to, today)) return &moratorium;
  }
  return nullptr;
}

}  // namespace trusthub::retention
