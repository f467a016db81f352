#include "common/policy/access_diff.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/numeric/bits.h"
#include "absl/strings/str_cat.h"
#include "common/time/civil_date.h"

namespace trusthub::policy {
namespace {

CategorySet Without(CategorySet a, CategorySet b) { return CategorySet(a.bits() & ~b.bits()); }

// Cells with the same items before and the same items after: one question answers for all.
struct CellGroup {
  std::vector<AccessCell> cells;
  std::vector<const SignedItem*> before;
  std::vector<const SignedItem*> after;
};

// All of an item that a decision within one cell can depend on.
std::string EffectOf(const SignedItem& signed_item) {
  v1::Item effect;
  effect.mutable_to()->CopyFrom(signed_item.item->to());
  effect.mutable_to()->clear_roles();
  effect.mutable_relations()->CopyFrom(signed_item.item->relations());
  effect.mutable_categories()->CopyFrom(signed_item.item->categories());
  effect.mutable_deny()->CopyFrom(signed_item.item->deny());
  effect.mutable_when()->CopyFrom(signed_item.item->when());
  effect.set_consent(signed_item.item->consent());
  if (signed_item.item->has_from()) effect.mutable_from()->CopyFrom(signed_item.item->from());
  return absl::StrCat(effect.SerializeAsString(), FormatDay(signed_item.first_day),
                      FormatDay(signed_item.last_day));
}

std::multiset<std::string> EffectsOf(const std::vector<const SignedItem*>& items) {
  std::multiset<std::string> effects;
  for (const SignedItem* each : items) effects.insert(EffectOf(*each));
  return effects;
}

// Groups whose items differ in effect, in the order of their first cells.
std::vector<CellGroup> ChangedGroups(const ItemsOfCells& before, const ItemsOfCells& after) {
  using Items = std::vector<const SignedItem*>;
  std::map<AccessCell, std::pair<Items, Items>> cells;
  for (const auto& [cell, items] : before) cells[cell].first = items;
  for (const auto& [cell, items] : after) cells[cell].second = items;
  std::map<std::pair<Items, Items>, std::vector<AccessCell>> groups;
  for (const auto& [cell, items] : cells) groups[items].push_back(cell);
  std::vector<CellGroup> changed;
  for (auto& [items, of_group] : groups) {
    if (EffectsOf(items.first) == EffectsOf(items.second)) continue;
    changed.push_back({std::move(of_group), items.first, items.second});
  }
  std::sort(changed.begin(), changed.end(),
            [](const CellGroup& a, const CellGroup& b) { return a.cells < b.cells; });
  return changed;
}

// How a caller may stand to a child, as far as the items of a group tell: bit i of a state says
// that the i-th of its conditions holds. Conditions are sets of relations, then sets of flags,
// then whether emergency access opened the categories.
class States {
 public:
  explicit States(const AccessAxes& axes) : axes_(axes) {
    for (std::size_t i = 0; i < axes.relations.size(); ++i) {
      if ((axes.relations[i] & kBreakGlass) != 0) break_glass_ = std::uint32_t{1} << i;
    }
    const std::size_t conditions = axes.relations.size() + axes.flags.size();
    if (break_glass_ != 0) opened_ = std::uint32_t{1} << conditions;
    const std::uint32_t end = std::uint32_t{1} << (conditions + (opened_ != 0 ? 1 : 0));
    for (std::uint32_t state = 0; state < end; ++state) {
      // Nothing is opened without emergency access.
      if ((state & opened_) != 0 && (state & break_glass_) == 0) continue;
      all_.push_back(state);
    }
    std::stable_sort(all_.begin(), all_.end(), [](std::uint32_t a, std::uint32_t b) {
      return absl::popcount(a) < absl::popcount(b);
    });
  }

  // Smaller states first.
  const std::vector<std::uint32_t>& all() const { return all_; }

  void Put(std::uint32_t state, Question* question) const {
    question->relations = 0;
    question->child_flags = 0;
    for (const std::uint32_t bits : RelationsOf(state)) question->relations |= bits & (~bits + 1);
    for (const std::uint32_t bits : FlagsOf(state)) question->child_flags |= bits & (~bits + 1);
    question->break_glass_categories =
        CategorySet((state & opened_) != 0 ? ~std::uint64_t{0} : std::uint64_t{0});
  }

  std::vector<std::uint32_t> RelationsOf(std::uint32_t state) const {
    return Chosen(axes_.relations, state);
  }
  std::vector<std::uint32_t> FlagsOf(std::uint32_t state) const {
    return Chosen(axes_.flags, state >> axes_.relations.size());
  }
  bool IsOpened(std::uint32_t state) const { return (state & opened_) != 0; }

 private:
  static std::vector<std::uint32_t> Chosen(const std::vector<std::uint32_t>& sets,
                                           std::uint32_t state) {
    std::vector<std::uint32_t> chosen;
    for (std::size_t i = 0; i < sets.size(); ++i) {
      if (((state >> i) & 1) != 0) chosen.push_back(sets[i]);
    }
    return chosen;
  }

  const AccessAxes& axes_;
  std::uint32_t break_glass_ = 0;
  std::uint32_t opened_ = 0;
  std::vector<std::uint32_t> all_;
};

// A change before rows that differ in one axis are made one. Numbers are places in the axes.
struct Found {
  std::size_t recipient = 0;
  std::uint32_t state = 0;
  bool gained = true;
  std::uint64_t categories = 0;
  std::set<std::size_t> providers;
  std::set<std::size_t> days;  // one stretch after another
  std::uint8_t consents = 0;
  std::set<std::string> rules;
  std::set<std::string> denied_by;
};

// Makes one of changes that are alike but for what `key` leaves out.
template <typename Key>
std::vector<Found> Merge(std::vector<Found> changes, Key key) {
  std::map<decltype(key(changes.front())), std::size_t> places;
  std::vector<Found> merged;
  for (Found& change : changes) {
    const auto [at, is_new] = places.emplace(key(change), merged.size());
    if (is_new) {
      merged.push_back(std::move(change));
      continue;
    }
    Found& whole = merged[at->second];
    whole.providers.insert(change.providers.begin(), change.providers.end());
    whole.days.insert(change.days.begin(), change.days.end());
    whole.consents |= change.consents;
    whole.rules.insert(change.rules.begin(), change.rules.end());
    whole.denied_by.insert(change.denied_by.begin(), change.denied_by.end());
  }
  return merged;
}

// Splits changes whose days are not one stretch after another.
std::vector<Found> SplitDays(std::vector<Found> changes) {
  std::vector<Found> split;
  for (Found& change : changes) {
    std::set<std::size_t> left = std::exchange(change.days, {});
    while (!left.empty()) {
      Found part = change;
      for (std::size_t day = *left.begin(); left.erase(day) > 0; ++day) part.days.insert(day);
      split.push_back(std::move(part));
    }
  }
  return split;
}

std::vector<Found> MergeAll(std::vector<Found> changes) {
  if (changes.empty()) return changes;
  changes = Merge(std::move(changes), [](const Found& f) {
    return std::make_tuple(f.recipient, f.state, f.gained, f.categories, f.providers, f.days);
  });
  changes = Merge(std::move(changes), [](const Found& f) {
    return std::make_tuple(f.recipient, f.state, f.gained, f.categories, f.providers, f.consents);
  });
  changes = SplitDays(std::move(changes));
  return Merge(std::move(changes), [](const Found& f) {
    return std::make_tuple(f.recipient, f.state, f.gained, f.categories, f.days, f.consents);
  });
}

// Compares one group of cells.
class GroupComparison {
 public:
  GroupComparison(const Agreements& before, const Agreements& after, const CellGroup& group,
                  const CompareOptions& options)
      : before_(before), after_(after), group_(group), options_(options) {
    std::vector<const SignedItem*> items = group.before;
    items.insert(items.end(), group.after.begin(), group.after.end());
    axes_ = AxesOf(items, options.kinds);
    if (options.day) axes_.days = {*options.day};
    states_.emplace(axes_);
    for (const SignedItem* each : group.after) {
      for (const int category : each->item->deny()) {
        now_denied_.Add(static_cast<Category>(category));
      }
    }
  }

  void Run(AccessDiff* diff) {
    for (std::size_t provider = 0; provider < axes_.providers.size(); ++provider) {
      for (std::size_t day = 0; day < axes_.days.size(); ++day) {
        for (const ConsentStanding consent : axes_.consents) {
          PutProvider(axes_.providers[provider]);
          question_.day = axes_.days[day];
          question_.consent = consent;
          Found place;
          place.providers = {provider};
          place.days = {day};
          place.consents = static_cast<std::uint8_t>(1u << static_cast<unsigned>(consent));
          CompareStates(place);
        }
      }
    }
    for (const Found& found : MergeAll(std::move(found_))) diff->rows.push_back(RowOf(found));
  }

 private:
  void PutProvider(const AgencyAndKind& provider) {
    question_.provider = provider.agency == kUnknownAgency ? absl::string_view() : provider.agency;
    question_.provider_kind =
        provider.kind == kUnknownKind ? directory::v1::AGENCY_KIND_UNSPECIFIED : provider.kind;
  }

  struct Changed {
    CategorySet gained;
    CategorySet lost;
  };

  // `place` says provider, day and consent, which `question_` holds already.
  void CompareStates(const Found& place) {
    question_.caller = &caller_;
    question_.purpose = group_.cells.front().purpose;
    question_.record_kind = group_.cells.front().record_kind;
    caller_.role = group_.cells.front().role;
    // Of each recipient and state, in the order of axes_.
    std::vector<std::vector<Changed>> changed(axes_.recipients.size());
    for (std::size_t recipient = 0; recipient < axes_.recipients.size(); ++recipient) {
      caller_.agency = axes_.recipients[recipient].agency;
      caller_.agency_kind = axes_.recipients[recipient].kind;
      std::vector<std::pair<std::uint32_t, Changed>> said;  // at smaller states
      for (std::size_t i = 0; i < states_->all().size(); ++i) {
        const std::uint32_t state = states_->all()[i];
        states_->Put(state, &question_);
        const Decision was = before_.Decide(question_);
        const Decision is = after_.Decide(question_);
        Changed now{Without(is.granted, was.granted), Without(was.granted, is.granted)};
        changed[recipient].push_back(now);
        if (now.gained.empty() && now.lost.empty()) continue;
        for (const std::size_t wider : WiderThan(recipient)) {
          now.gained = Without(now.gained, changed[wider][i].gained);
          now.lost = Without(now.lost, changed[wider][i].lost);
        }
        for (const auto& [smaller, what] : said) {
          if ((smaller & state) != smaller) continue;
          now.gained = Without(now.gained, what.gained);
          now.lost = Without(now.lost, what.lost);
        }
        said.emplace_back(state, now);
        Found found = place;
        found.recipient = recipient;
        found.state = state;
        Add(found, true, now.gained, is);
        Add(found, false, now.lost, was);
      }
    }
  }

  // Recipients before this one in whose changes it shares.
  std::vector<std::size_t> WiderThan(std::size_t recipient) const {
    const AgencyAndKind& of = axes_.recipients[recipient];
    std::vector<std::size_t> wider;
    for (std::size_t i = 0; i < recipient; ++i) {
      const AgencyAndKind& other = axes_.recipients[i];
      const bool same_kind = other.agency.empty() && other.kind == of.kind;
      const bool same_name =
          other.agency == of.agency && other.kind == directory::v1::AGENCY_KIND_UNSPECIFIED;
      if (same_kind || same_name) wider.push_back(i);
    }
    return wider;
  }

  // Rules that give or deny it can differ by category; so do rows then.
  void Add(const Found& place, bool gained, CategorySet categories, const Decision& decision) {
    std::map<std::pair<std::string, std::set<std::string>>, std::uint64_t> by_rule;
    for (std::uint64_t left = categories.bits(); left != 0; left &= left - 1) {
      const auto category = static_cast<Category>(absl::countr_zero(left));
      std::set<std::string> denied_by;
      if (!gained && now_denied_.Has(category)) {
        const std::string rule = after_.ExplainWithheld(question_, category).rule;
        if (Denies(rule, category)) denied_by.insert(rule);
      }
      by_rule[{std::string(decision.rules[category]), denied_by}] |= std::uint64_t{1} << category;
    }
    for (const auto& [rules, bits] : by_rule) {
      Found found = place;
      found.gained = gained;
      found.categories = bits;
      found.rules = {rules.first};
      found.denied_by = rules.second;
      found_.push_back(std::move(found));
    }
  }

  bool Denies(absl::string_view rule, Category category) const {
    return std::any_of(group_.after.begin(), group_.after.end(), [&](const SignedItem* each) {
      return absl::StrCat(each->agreement->id(), "/", each->item->id()) == rule &&
             std::find(each->item->deny().begin(), each->item->deny().end(),
                       static_cast<int>(category)) != each->item->deny().end();
    });
  }

  // Names kinds and agencies as a whole where all of their classes are found.
  std::vector<AgencyAndKind> ProvidersOf(const Found& found) const {
    std::set<std::size_t> left = found.providers;
    std::vector<AgencyAndKind> providers;
    const auto take = [&](const AgencyAndKind& whole, auto belongs) {
      std::set<std::size_t> all;
      for (std::size_t i = 0; i < axes_.providers.size(); ++i) {
        if (belongs(axes_.providers[i])) all.insert(i);
      }
      if (!std::includes(found.providers.begin(), found.providers.end(), all.begin(), all.end())) {
        return;
      }
      for (const std::size_t i : all) left.erase(i);
      providers.push_back(whole);
    };
    std::set<std::string> names;
    std::set<directory::v1::AgencyKind> kinds;
    for (const AgencyAndKind& one : axes_.providers) {
      names.insert(one.agency);
      // Not the known kind of one agency alone.
      if (one.agency == kAnotherAgency) kinds.insert(one.kind);
    }
    for (const directory::v1::AgencyKind kind : kinds) {
      take({"", kind}, [&](const AgencyAndKind& one) { return one.kind == kind; });
    }
    for (const std::string& name : names) {
      take({name, {}}, [&](const AgencyAndKind& one) { return one.agency == name; });
    }
    for (const std::size_t i : left) providers.push_back(axes_.providers[i]);
    return providers;
  }

  AccessChange RowOf(const Found& found) const {
    AccessChange row;
    row.gained = found.gained;
    row.categories = CategorySet(found.categories);
    row.cells = group_.cells;
    row.recipient = axes_.recipients[found.recipient];
    row.relations = states_->RelationsOf(found.state);
    row.flags = states_->FlagsOf(found.state);
    row.opened = states_->IsOpened(found.state);
    row.consents = axes_.consents.size() == 1 ? kAnyConsent : found.consents;
    if (found.providers.size() < axes_.providers.size()) row.providers = ProvidersOf(found);
    if (!options_.day) {
      row.first_day = axes_.days[*found.days.begin()];
      const std::size_t next = *found.days.rbegin() + 1;
      if (next < axes_.days.size()) row.last_day = axes_.days[next] - 1;
    }
    row.rules.assign(found.rules.begin(), found.rules.end());
    row.denied_by.assign(found.denied_by.begin(), found.denied_by.end());
    return row;
  }

  const Agreements& before_;
  const Agreements& after_;
  const CellGroup& group_;
  const CompareOptions& options_;
  AccessAxes axes_;
  std::optional<States> states_;  // refers to axes_
  CategorySet now_denied_;        // by some item, perhaps in other states
  auth::Principal caller_;
  Question question_;
  std::vector<Found> found_;
};

CategorySet SecretsOf(const Agreements& agreements) {
  CategorySet secrets;
  for (int i = 0; i < options::v1::Category_ARRAYSIZE; ++i) {
    if (agreements.IsSecret(static_cast<Category>(i))) secrets.Add(static_cast<Category>(i));
  }
  return secrets;
}

}  // namespace

AccessDiff CompareAccess(const Agreements& before, const Agreements& after,
                         const CompareOptions& options) {
  const std::vector<SignedItem> items_before = SignedItems(before);
  const std::vector<SignedItem> items_after = SignedItems(after);
  AccessDiff diff;
  for (const CellGroup& group : ChangedGroups(ByCell(items_before), ByCell(items_after))) {
    GroupComparison(before, after, group, options).Run(&diff);
  }
  for (const AccessChange& row : diff.rows) {
    const auto cells =
        static_cast<std::int64_t>(row.cells.size()) * absl::popcount(row.categories.bits());
    (row.gained ? diff.gained : diff.lost) += cells;
  }
  const CategorySet secret_before = SecretsOf(before);
  const CategorySet secret_after = SecretsOf(after);
  diff.newly_secret = Without(secret_after, secret_before);
  diff.no_longer_secret = Without(secret_before, secret_after);
  return diff;
}

AccessDiff CompareAccess(const Agreements& before, const Agreements& after) {
  return CompareAccess(before, after, CompareOptions{});
}

}  // namespace trusthub::policy
