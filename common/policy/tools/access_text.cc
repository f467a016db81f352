#include "common/policy/tools/access_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/policy/tools/words.h"
#include "common/time/civil_date.h"

namespace trusthub::policy {
namespace {

// The lists of a line. Numbers keep the order of the schema; words alone sort by themselves.
enum Axis {
  kSign,
  kDays,
  kRoles,
  kRecipients,
  kPurposes,
  kStates,
  kRecords,
  kCategories,
  kConsents,
  kProviders,
  kRules,
  kDeniedBy,
  kAxes
};
using Word = std::pair<int, std::string>;
using Words = std::set<Word>;
using Lists = std::array<Words, kAxes>;

std::string StateWords(const AccessChange& row) {
  std::vector<std::string> holds;
  for (const std::uint32_t set : row.relations) {
    holds.push_back(Listed(RelationBitWords(set), "or"));
  }
  for (const std::uint32_t set : row.flags) holds.push_back(Listed(FlagBitWords(set), "or"));
  if (row.opened) holds.push_back("the category opened");
  return holds.empty() ? "whatever the relation" : absl::StrJoin(holds, " and ");
}

std::string DaysWords(const AccessChange& row, absl::CivilDay today) {
  std::vector<std::string> words;
  if (row.first_day && *row.first_day > today) {
    words.push_back(absl::StrCat("from ", FormatDay(*row.first_day)));
  }
  if (row.last_day) words.push_back(absl::StrCat("until ", FormatDay(*row.last_day)));
  return absl::StrJoin(words, " ");
}

Words WordsOf(const std::vector<std::string>& all) {
  Words words;
  for (const std::string& each : all) words.insert({0, each});
  return words;
}

// What is the same in every cell of the row.
Lists SharedBy(const AccessChange& row, absl::CivilDay today) {
  Lists lists;
  lists[kSign] = {{row.gained ? 0 : 1, ""}};
  lists[kDays] = {{0, DaysWords(row, today)}};
  lists[kRecipients] = {{row.recipient.kind, AgencyWords(row.recipient)}};
  lists[kStates] = {{0, StateWords(row)}};
  for (int c = 1; c < 64; ++c) {
    if (row.categories.Has(static_cast<Category>(c))) {
      lists[kCategories].insert({c, CategoryWords(c)});
    }
  }
  if (row.consents != kAnyConsent) {
    for (int consent = 0; consent < 5; ++consent) {
      if (((row.consents >> consent) & 1) == 0) continue;
      lists[kConsents].insert({consent, StandingWords(static_cast<ConsentStanding>(consent))});
    }
  }
  for (const AgencyAndKind& provider : row.providers) {
    lists[kProviders].insert({provider.kind, AgencyWords(provider)});
  }
  lists[kRules] = WordsOf(row.rules);
  lists[kDeniedBy] = WordsOf(row.denied_by);
  return lists;
}

// Makes one line of lines that differ in `axis` alone.
void Merge(Axis axis, std::vector<Lists>* lines) {
  std::map<Lists, Words> merged;
  for (Lists& line : *lines) {
    const Words own = std::exchange(line[axis], {});
    merged[line].insert(own.begin(), own.end());
  }
  lines->clear();
  for (const auto& [rest, words] : merged) {
    lines->push_back(rest);
    lines->back()[axis] = words;
  }
}

std::vector<std::string> Take(const Words& words) {
  std::vector<std::string> taken;
  for (const auto& [number, word] : words) taken.push_back(word);
  return taken;
}

AccessLine LineOf(const Lists& lists) {
  AccessLine line;
  line.gained = lists[kSign].begin()->first == 0;
  line.days = lists[kDays].begin()->second;
  line.roles = Take(lists[kRoles]);
  line.recipients = Take(lists[kRecipients]);
  line.purposes = Take(lists[kPurposes]);
  line.states = Take(lists[kStates]);
  line.records = Take(lists[kRecords]);
  line.categories = Take(lists[kCategories]);
  line.consents = Take(lists[kConsents]);
  line.providers = Take(lists[kProviders]);
  line.rules = Take(lists[kRules]);
  line.denied_by = Take(lists[kDeniedBy]);
  return line;
}

// "any school or housing" of "any school" and "any housing".
std::string AgenciesListed(std::vector<std::string> agencies) {
  constexpr absl::string_view kAny = "any ";
  bool said = false;
  for (std::string& agency : agencies) {
    if (!absl::StartsWith(agency, kAny)) continue;
    if (said) agency.erase(0, kAny.size());
    said = true;
  }
  return Listed(agencies, "or");
}

}  // namespace

std::string AccessLine::Text() const {
  std::string text =
      absl::StrCat(gained ? "+ " : "- ", Listed(roles, "or"), " of ", AgenciesListed(recipients),
                   ", for ", Listed(purposes, "or"), ", ", Listed(states, "or"));
  if (!consents.empty()) absl::StrAppend(&text, ", ", Listed(consents, "or"));
  if (!providers.empty()) absl::StrAppend(&text, ", records of ", AgenciesListed(providers));
  if (!days.empty()) absl::StrAppend(&text, ", ", days);
  absl::StrAppend(&text, ": ", absl::StrJoin(records, ", "), ": ", absl::StrJoin(categories, ", "),
                  " (", absl::StrJoin(rules, ", "));
  if (!denied_by.empty()) {
    absl::StrAppend(&text, "; now denied by ", absl::StrJoin(denied_by, ", "));
  }
  return absl::StrCat(text, ")");
}

std::vector<AccessLine> LinesOf(const std::vector<AccessChange>& rows, absl::CivilDay today) {
  std::vector<Lists> lists;
  for (const AccessChange& row : rows) {
    const Lists shared = SharedBy(row, today);
    for (const AccessCell& cell : row.cells) {
      lists.push_back(shared);
      lists.back()[kRoles] = {{cell.role, RoleWords(cell.role)}};
      lists.back()[kPurposes] = {{cell.purpose, PurposeWords(cell.purpose)}};
      lists.back()[kRecords] = {{cell.record_kind, RecordWords(cell.record_kind)}};
    }
  }
  // The same change by several rules first, so that rules do not keep lines apart; then what an
  // item lists side by side.
  for (const Axis axis : {kRules, kRecords, kPurposes, kRoles, kRecipients, kCategories, kStates,
                          kConsents, kProviders}) {
    Merge(axis, &lists);
  }
  std::sort(lists.begin(), lists.end());
  std::vector<AccessLine> lines;
  for (const Lists& each : lists) lines.push_back(LineOf(each));
  return lines;
}

}  // namespace trusthub::policy
