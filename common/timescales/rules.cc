#include "common/timescales/rules.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"
#include "common/time/civil_date.h"

namespace trusthub::timescales {
namespace {

using config::Yaml;

enum class Unit { kWorkingDays, kCalendarDays, kWeeks, kMonths, kYears };

// Longest limit of a rule in its unit; more is a slip of the keyboard.
constexpr int kLimitMax = 400;

struct Period {
  absl::CivilDay from;
  absl::CivilDay to;  // the last day of triggers it applies to
  bool open = false;  // no end yet
  int n = 0;
  Unit unit = Unit::kWorkingDays;
  std::string regime;
  std::string place;  // in the file, for errors
};

absl::CivilDay Due(const Calendar& calendar, const Period& period, absl::CivilDay trigger) {
  switch (period.unit) {
    case Unit::kWorkingDays:
      return calendar.AddWorkingDays(trigger, period.n);
    case Unit::kCalendarDays:
      return trigger + period.n;
    case Unit::kWeeks:
      return trigger + 7 * period.n;
    case Unit::kMonths:
      return AddMonths(trigger, period.n);
    case Unit::kYears:
      return AddMonths(trigger, 12 * period.n);
  }
  return trigger;
}

using PeriodsById = absl::flat_hash_map<std::string, std::vector<Period>>;

class LoadedRules final : public Rules {
 public:
  explicit LoadedRules(PeriodsById periods) : periods_(std::move(periods)) {}

  absl::StatusOr<Deadline> DeadlineOf(absl::string_view id, absl::CivilDay trigger) const override {
    const auto found = periods_.find(id);
    if (found == periods_.end()) return absl::NotFoundError(absl::StrCat("no rule ", id));
    for (const Period& period : found->second) {
      if (trigger < period.from || (!period.open && trigger > period.to)) continue;
      return Deadline{Due(calendar(), period, trigger), absl::StrCat(id, "@", period.regime)};
    }
    return absl::NotFoundError(
        absl::StrCat("no rule ", id, " was in force on ", FormatDay(trigger)));
  }

  const Calendar& calendar() const override { return EnglandCalendar(); }

 private:
  const PeriodsById periods_;
};

// --- Reading the files --------------------------------------------------------------------------

absl::StatusOr<Unit> ReadUnit(const Yaml& node) {
  static constexpr std::pair<absl::string_view, Unit> kUnits[] = {{"WD", Unit::kWorkingDays},
                                                                  {"CD", Unit::kCalendarDays},
                                                                  {"WK", Unit::kWeeks},
                                                                  {"MO", Unit::kMonths},
                                                                  {"YR", Unit::kYears}};
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, node.Text());
  for (const auto& [name, unit] : kUnits) {
    if (text == name) return unit;
  }
  return node.Error(absl::StrCat("unknown unit '", text, "'; use WD, CD, WK, MO or YR"));
}

absl::Status CheckKind(const Yaml& node) {
  static constexpr absl::string_view kKinds[] = {"STATUTE", "STAT_GUIDANCE", "PROCEDURE", "LOCAL"};
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, node.Text());
  for (absl::string_view kind : kKinds) {
    if (text == kind) return absl::OkStatus();
  }
  return node.Error(
      absl::StrCat("unknown kind '", text, "'; use STATUTE, STAT_GUIDANCE, PROCEDURE or LOCAL"));
}

// An id such as CP.REVIEW.FIRST, a regime such as WT06.
absl::StatusOr<std::string> ReadCode(const Yaml& node) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::string code, node.Text());
  for (char c : code) {
    if (!absl::ascii_isupper(c) && !absl::ascii_isdigit(c) && c != '.' && c != '_') {
      return node.Error("must be upper case letters, digits, points and underscores");
    }
  }
  return code;
}

absl::Status ReadLimit(const Yaml& node, Period& period) {
  TRUSTHUB_RETURN_IF_ERROR(node.CheckKeys({"n", "unit"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml count, node.Get("n"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t n, count.Number());
  if (n < 0 || n > kLimitMax) return count.Error(absl::StrCat("must be 0 to ", kLimitMax));
  period.n = static_cast<int>(n);
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml unit, node.Get("unit"));
  TRUSTHUB_ASSIGN_OR_RETURN(period.unit, ReadUnit(unit));
  return absl::OkStatus();
}

absl::Status ReadValidity(const Yaml& node, Period& period) {
  TRUSTHUB_RETURN_IF_ERROR(node.CheckKeys({"from"}, {"to"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml from, node.Get("from"));
  TRUSTHUB_ASSIGN_OR_RETURN(period.from, from.Day());
  const std::optional<Yaml> to = node.Find("to");
  period.open = !to.has_value();
  if (period.open) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(period.to, to->Day());
  return period.to < period.from ? to->Error("ends before it begins") : absl::OkStatus();
}

absl::Status ReadRule(const Yaml& node, PeriodsById& periods) {
  TRUSTHUB_RETURN_IF_ERROR(node.CheckKeys(
      {"id", "regime", "valid", "trigger", "limit", "closes", "kind", "source"}, {"note"}));
  Period period;
  period.place = node.Place();
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml id_node, node.Get("id"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string id, ReadCode(id_node));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml regime, node.Get("regime"));
  TRUSTHUB_ASSIGN_OR_RETURN(period.regime, ReadCode(regime));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml valid, node.Get("valid"));
  TRUSTHUB_RETURN_IF_ERROR(ReadValidity(valid, period));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml limit, node.Get("limit"));
  TRUSTHUB_RETURN_IF_ERROR(ReadLimit(limit, period));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml kind, node.Get("kind"));
  TRUSTHUB_RETURN_IF_ERROR(CheckKind(kind));
  for (absl::string_view key : {"trigger", "closes", "source"}) {
    TRUSTHUB_ASSIGN_OR_RETURN(const Yaml text, node.Get(key));
    TRUSTHUB_RETURN_IF_ERROR(text.Text().status());
  }
  periods[id].push_back(std::move(period));
  return absl::OkStatus();
}

absl::Status ReadRules(const std::string& path, PeriodsById& periods) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml root, Yaml::ReadFile(path));
  TRUSTHUB_RETURN_IF_ERROR(root.CheckKeys({"rules"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml list, root.Get("rules"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> rules, list.Items());
  for (const Yaml& rule : rules) TRUSTHUB_RETURN_IF_ERROR(ReadRule(rule, periods));
  return absl::OkStatus();
}

// Periods of one rule follow each other day on day: a trigger finds one of them, never two.
absl::Status CheckPeriods(const std::string& id, std::vector<Period>& periods) {
  std::sort(periods.begin(), periods.end(),
            [](const Period& a, const Period& b) { return a.from < b.from; });
  for (std::size_t i = 1; i < periods.size(); ++i) {
    const Period& before = periods[i - 1];
    const Period& after = periods[i];
    absl::string_view fault;
    if (before.open || before.to >= after.from)
      fault = "overlaps";
    else if (before.to + 1 != after.from)
      fault = "leaves a gap after";
    if (!fault.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(after.place, ": ", id, " valid from ",
                                                     FormatDay(after.from), " ", fault,
                                                     " the period at ", before.place));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (periods[j].regime != after.regime) continue;
      return absl::InvalidArgumentError(absl::StrCat(after.place, ": ", id, "@", after.regime,
                                                     " stands at ", periods[j].place, " already"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view ClockStatusName(ClockStatus status) {
  switch (status) {
    case ClockStatus::kNotDue:
      return "NOT_DUE";
    case ClockStatus::kDueSoon:
      return "DUE_SOON";
    case ClockStatus::kDueToday:
      return "DUE_TODAY";
    case ClockStatus::kOverdue:
      return "OVERDUE";
    case ClockStatus::kMet:
      return "MET";
    case ClockStatus::kMetLate:
      return "MET_LATE";
  }
  return "UNKNOWN";
}

ClockStatus StatusOn(absl::CivilDay trigger, const Deadline& deadline, absl::CivilDay today,
                     std::optional<absl::CivilDay> closed) {
  if (closed) return *closed <= deadline.due ? ClockStatus::kMet : ClockStatus::kMetLate;
  if (today > deadline.due) return ClockStatus::kOverdue;
  if (today == deadline.due) return ClockStatus::kDueToday;
  return 5 * (deadline.due - today) <= deadline.due - trigger ? ClockStatus::kDueSoon
                                                              : ClockStatus::kNotDue;
}

absl::StatusOr<std::shared_ptr<const Rules>> LoadRules(absl::string_view folder) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> files, config::YamlFilesIn(folder));
  PeriodsById periods;
  for (const std::string& file : files) TRUSTHUB_RETURN_IF_ERROR(ReadRules(file, periods));
  std::vector<std::string> ids;
  for (const auto& [id, unused] : periods) ids.push_back(id);
  std::sort(ids.begin(), ids.end());  // the same error every time
  for (const std::string& id : ids) TRUSTHUB_RETURN_IF_ERROR(CheckPeriods(id, periods[id]));
  return std::make_shared<const LoadedRules>(std::move(periods));
}

}  // namespace trusthub::timescales
