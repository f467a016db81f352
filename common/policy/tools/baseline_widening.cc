// Whether what is shared has grown beyond what agreements were signed for.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/policy/access_diff.h"
#include "common/policy/agreement_reader.h"
#include "common/policy/compiled_agreements.h"
#include "common/policy/tools/access_text.h"
#include "common/policy/tools/baseline.h"
#include "common/policy/tools/words.h"

namespace trusthub::policy {
namespace {

using v1::Agreement;
using v1::Item;

using ById = std::map<std::string, const Agreement*>;

ById AgreementsOf(const Baseline& baseline) {
  ById by_id;
  for (const Agreement& agreement : baseline.agreements) by_id[agreement.id()] = &agreement;
  return by_id;
}

// The agreements of `by_id` without those that lost their place.
std::vector<Agreement> Copies(const ById& by_id) {
  std::vector<Agreement> copies;
  for (const auto& [id, agreement] : by_id) {
    if (agreement != nullptr) copies.push_back(*agreement);
  }
  return copies;
}

// Lines of access that `after` gives and `before` does not.
std::vector<std::string> GainsOf(const ById& before, const ById& after) {
  AccessDiff diff = CompareAccess(CompiledAgreements(Copies(before), "before"),
                                  CompiledAgreements(Copies(after), "after"));
  diff.rows.erase(std::remove_if(diff.rows.begin(), diff.rows.end(),
                                 [](const AccessChange& row) { return !row.gained; }),
                  diff.rows.end());
  std::vector<std::string> lines;
  for (const AccessLine& line : LinesOf(diff.rows, absl::CivilDay::max())) {
    lines.push_back(line.Text());
  }
  for (const std::string& category : CategoriesWords(diff.no_longer_secret)) {
    lines.push_back(absl::StrCat("! the existence of ", category, " is no longer secret"));
  }
  return lines;
}

// What one agreement, as it is now, adds: to the agreements of then, or to those of now. The second
// shows what only others' changes make visible.
std::vector<std::string> GainsBy(const std::string& id, const ById& then, const ById& now) {
  const auto at = now.find(id);
  const Agreement* is = at == now.end() ? nullptr : at->second;
  ById then_with = then;
  then_with[id] = is;
  std::vector<std::string> gains = GainsOf(then, then_with);
  ById now_without = now;
  now_without[id] = then.at(id);
  for (std::string& line : GainsOf(now_without, now)) {
    if (std::find(gains.begin(), gains.end(), line) == gains.end()) {
      gains.push_back(std::move(line));
    }
  }
  return gains;
}

CategorySet CategoriesOf(const Item& item) {
  CategorySet set;
  for (const int category : item.categories()) set.Add(static_cast<Category>(category));
  return set;
}

CategorySet Without(CategorySet a, CategorySet b) { return CategorySet(a.bits() & ~b.bits()); }

// What of `needed` says what the field is: the envelope alone, or all but it.
CategorySet Telling(CategorySet needed) {
  CategorySet envelope;
  envelope.Add(options::v1::CATEGORY_OPERATIONAL);
  const CategorySet rest = Without(needed, envelope);
  return rest.empty() ? needed : rest;
}

// Whether people of the item may see a field that needs `needed`. Other items may give them the
// rest of what is needed, so some of it is enough to count.
bool Gives(const Item& item, RecordKind kind, CategorySet needed) {
  return std::find(item.records().begin(), item.records().end(), static_cast<int>(kind)) !=
             item.records().end() &&
         !(CategoriesOf(item) & Telling(needed)).empty();
}

// A field that the item gives now and did not give before.
bool GivesMore(const Item& item, RecordKind kind, const CategorySet* before, CategorySet now) {
  if (!Gives(item, kind, now)) return false;
  if (before == nullptr) return true;
  if ((*before & now) == *before) return false;  // what was needed still is
  return !Without(*before, CategoriesOf(item)).empty();
}

std::vector<std::string> FieldsGainedBy(const Agreement& agreement, const Baseline& before,
                                        const Baseline& now) {
  std::vector<std::string> rows;
  for (const auto& [kind, fields] : now.fields) {
    const auto kind_before = before.fields.find(kind);
    for (const auto& [path, needed] : fields) {
      const CategorySet* was = nullptr;
      if (kind_before != before.fields.end()) {
        const auto at = kind_before->second.find(path);
        if (at != kind_before->second.end()) was = &at->second;
      }
      if (was != nullptr && *was == needed) continue;
      std::vector<std::string> items;
      for (const Item& item : agreement.items()) {
        if (GivesMore(item, kind, was, needed)) items.push_back(item.id());
      }
      if (items.empty()) continue;
      rows.push_back(absl::StrCat(
          "+ field ", path, " of ", RecordWords(kind), ", ",
          was == nullptr ? "new" : absl::StrCat("was ", Listed(CategoriesWords(*was), "and")),
          ", now ", Listed(CategoriesWords(needed), "and"), " (", absl::StrJoin(items, ", "), ")"));
    }
  }
  return rows;
}

// People of the agreement's items who may ask now for what the items give, and might not before.
std::vector<std::string> AskersGainedBy(const Agreement& agreement, const Baseline& before,
                                        const Baseline& now) {
  std::map<std::pair<RecordKind, options::v1::Role>, std::set<Purpose>> purposes;
  std::map<std::pair<RecordKind, options::v1::Role>, std::set<std::string>> items;
  const auto lists = [](const auto& list, int value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  for (const AccessCell& cell : now.askable) {
    if (before.askable.count(cell) > 0) continue;
    for (const Item& item : agreement.items()) {
      if (item.categories().empty() || !lists(item.to().roles(), cell.role) ||
          !lists(item.purposes(), cell.purpose) || !lists(item.records(), cell.record_kind)) {
        continue;
      }
      purposes[{cell.record_kind, cell.role}].insert(cell.purpose);
      items[{cell.record_kind, cell.role}].insert(item.id());
    }
  }
  std::vector<std::string> rows;
  for (const auto& [at, of] : purposes) {
    std::vector<std::string> words;
    for (const Purpose purpose : of) words.push_back(PurposeWords(purpose));
    rows.push_back(absl::StrCat("+ a method lets ", RoleWords(at.second), " ask for ",
                                RecordWords(at.first), " for ", Listed(words, "and"), " (",
                                absl::StrJoin(items[at], ", "), ")"));
  }
  return rows;
}

void AppendTo(std::vector<std::string>* rows, std::vector<std::string> more) {
  for (std::string& row : more) rows->push_back(std::move(row));
}

}  // namespace

std::vector<Widening> WidenedUnsigned(const Baseline& before, const Baseline& now) {
  const ById then_by_id = AgreementsOf(before);
  const ById now_by_id = AgreementsOf(now);
  std::vector<Widening> widened;
  for (const auto& [id, was] : then_by_id) {
    const auto at = now_by_id.find(id);
    const Agreement* is = at == now_by_id.end() ? nullptr : at->second;
    if (is != nullptr && is->version() != was->version()) continue;
    Widening widening{id, was->version(), {}};
    if (is == nullptr || is->SerializeAsString() != was->SerializeAsString()) {
      widening.rows = GainsBy(id, then_by_id, now_by_id);
    }
    if (is != nullptr && is->status() == v1::AGREEMENT_STATUS_SIGNED) {
      AppendTo(&widening.rows, FieldsGainedBy(*is, before, now));
      AppendTo(&widening.rows, AskersGainedBy(*is, before, now));
    }
    if (!widening.rows.empty()) widened.push_back(std::move(widening));
  }
  return widened;
}

}  // namespace trusthub::policy
