#include "common/policy/access_rows.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/string_view.h"

namespace trusthub::policy {
namespace {

bool IsRecipient(const SignedItem& item, const AgencyAndKind& agency) {
  const v1::Recipients& to = item.item->to();
  return std::find(to.agencies().begin(), to.agencies().end(), agency.agency) !=
             to.agencies().end() ||
         std::find(to.agency_kinds().begin(), to.agency_kinds().end(),
                   static_cast<int>(agency.kind)) != to.agency_kinds().end();
}

// Whether any item of a cell may give anything to the agency on that day.
bool MayGive(const std::vector<const SignedItem*>& items, const AgencyAndKind& agency,
             absl::CivilDay day) {
  return std::any_of(items.begin(), items.end(), [&](const SignedItem* each) {
    return !each->item->categories().empty() && each->first_day <= day && day <= each->last_day &&
           IsRecipient(*each, agency);
  });
}

// Adds what a decision gives to `row`, rules aside.
void Add(const Decision& decision, AccessRow* row, std::set<absl::string_view>* rules) {
  row->categories = row->categories | decision.granted;
  for (int category = 0; category < options::v1::Category_ARRAYSIZE; ++category) {
    if (!decision.granted.Has(static_cast<Category>(category))) continue;
    rules->insert(decision.rules[static_cast<std::size_t>(category)]);
  }
}

}  // namespace

std::vector<AccessRow> AccessOf(const Agreements& agreements,
                                const std::vector<AgencyAndKind>& agencies, absl::CivilDay day,
                                const StandingFor& standing) {
  const std::vector<SignedItem> items = SignedItems(agreements);
  const ItemsOfCells cells = ByCell(items);
  std::vector<AgencyAndKind> ordered = agencies;
  std::sort(ordered.begin(), ordered.end());
  std::vector<AgencyAndKind> providers = ordered;
  providers.emplace_back();  // and an agency that is none of them
  std::vector<AccessRow> rows;
  for (const AgencyAndKind& agency : ordered) {
    std::map<std::pair<options::v1::Role, Purpose>, Standing> standings;
    auth::Principal caller;
    caller.agency = agency.agency;
    caller.agency_kind = agency.kind;
    for (const auto& [cell, of_cell] : cells) {
      if (cell.role == options::v1::ROLE_HUB_SERVICE || !MayGive(of_cell, agency, day)) continue;
      const auto key = std::make_pair(cell.role, cell.purpose);
      auto at = standings.find(key);
      if (at == standings.end()) {
        at = standings.emplace(key, standing(agency, cell.role, cell.purpose)).first;
      }
      if (at->second.conflicted) continue;
      caller.role = cell.role;
      Question question;
      question.caller = &caller;
      question.purpose = cell.purpose;
      question.record_kind = cell.record_kind;
      question.relations = at->second.relations;
      question.child_flags = at->second.child_flags;
      question.day = day;
      question.consent = at->second.consent;
      question.break_glass_categories = CategorySet(at->second.break_glass_categories);
      AccessRow row{agency.agency, cell.role, cell.purpose, cell.record_kind, {}, {}};
      std::set<absl::string_view> rules;
      if (agreements.AsksForProvider(cell.role, cell.purpose, cell.record_kind)) {
        for (const AgencyAndKind& provider : providers) {
          question.provider = provider.agency;
          question.provider_kind = provider.kind;
          Add(agreements.Decide(question), &row, &rules);
        }
      } else {
        Add(agreements.Decide(question), &row, &rules);
      }
      if (row.categories.empty()) continue;
      for (const absl::string_view rule : rules) row.rules.emplace_back(rule);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace trusthub::policy
