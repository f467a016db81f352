#include "services/children/misuse/access.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"

namespace trusthub::children {
namespace {

constexpr char kConflicted[] = "WORKER_CONFLICTED";
constexpr char kOpenBreakGlass[] = "break_glass.open";

// One child counts once a day, however often its record is opened.
Sign SignOfChild(v1::MisusePattern pattern, const Access& access, const std::string& child) {
  return {pattern, absl::StrCat(child, " ", FormatDay(LondonDay(access.time))), child};
}

Sign SignOfEntry(v1::MisusePattern pattern, const Access& access) {
  return {pattern, access.entry, access.entry};
}

void AddRefusalSigns(const MisuseRules& rules, const Access& access, std::vector<Sign>* signs) {
  if (access.reason == kConflicted) {
    signs->push_back(SignOfEntry(v1::MISUSE_PATTERN_CONFLICT, access));
  }
  if (rules.refusals.reasons.count(access.reason) != 0) {
    signs->push_back(SignOfEntry(v1::MISUSE_PATTERN_REFUSALS, access));
  }
}

// The same emergency access asked for again is answered with the one that lasts, and counts once.
void AddBreakGlassSigns(const Access& access, std::vector<Sign>* signs) {
  if (access.action != kOpenBreakGlass) return;
  for (const std::string& record : access.records) {
    if (!IsNameIn("breakGlasses", record)) continue;
    signs->push_back({v1::MISUSE_PATTERN_BREAK_GLASS_HABIT, record, record});
  }
}

void AddChildSigns(const MisuseRules& rules, const Access& access,
                   const Circumstances& circumstances, std::vector<Sign>* signs) {
  const bool should_be_allocated = access.decision == audit::v1::AUDIT_DECISION_DISCLOSED &&
                                   rules.no_allocation.roles.count(access.role) != 0 &&
                                   rules.no_allocation.purposes.count(access.purpose) != 0;
  for (const ChildCircumstances& child : circumstances.children) {
    if (child.at_workers_postcode) {
      signs->push_back(SignOfChild(v1::MISUSE_PATTERN_SAME_ADDRESS, access, child.child));
    }
    if (should_be_allocated && !child.allocated_in_team) {
      signs->push_back(SignOfChild(v1::MISUSE_PATTERN_NO_ALLOCATION, access, child.child));
    }
  }
}

}  // namespace

absl::StatusOr<std::optional<Access>> AccessOf(absl::string_view tree,
                                               const audit::v1::LoggedEntry& logged) {
  TRUSTHUB_ASSIGN_OR_RETURN(audit::v1::AuditEntry entry, audit::ParseEntry(logged.leaf_input()));
  if (entry.worker().empty()) return std::nullopt;
  Access access;
  access.entry = absl::StrCat(tree, "/entries/", logged.index());
  access.time = TimeFromProto(entry.domain_time());
  access.worker = entry.worker();
  access.agency = entry.agency();
  access.role = entry.role();
  access.purpose = entry.purpose();
  access.action = entry.action();
  access.decision = entry.decision();
  access.reason = entry.reason();
  access.records.assign(entry.records().begin(), entry.records().end());
  access.children.assign(logged.children().begin(), logged.children().end());
  return access;
}

std::vector<Sign> SignsOf(const MisuseRules& rules, const Access& access,
                          const Circumstances& circumstances) {
  std::vector<Sign> signs;
  if (circumstances.leave_date.has_value() && LondonDay(access.time) > *circumstances.leave_date) {
    signs.push_back(SignOfEntry(v1::MISUSE_PATTERN_LEAVER, access));
  }
  if (access.was_refused()) {
    AddRefusalSigns(rules, access, &signs);
  } else {
    AddBreakGlassSigns(access, &signs);
    AddChildSigns(rules, access, circumstances, &signs);
  }
  return signs;
}

bool IsSearch(const SearchRules& rules, const Access& access, const ChildCircumstances& child) {
  return !access.was_refused() && rules.searches.count(access.action) != 0 &&
         rules.roles.count(access.role) != 0 && !child.agency_involved;
}

bool IsWork(const SearchRules& rules, const Access& access) {
  return access.decision == audit::v1::AUDIT_DECISION_RECORDED &&
         rules.searches.count(access.action) == 0 && rules.no_work.count(access.action) == 0;
}

}  // namespace trusthub::children
