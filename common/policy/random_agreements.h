// File: random_agreements.h
//
// Random agreements and questions for tests, drawn from few values of each sort so that rules meet
// often; and a plain reading of the schema, without masks or index, to compare decisions with.
#ifndef TRUSTHUB_COMMON_POLICY_RANDOM_AGREEMENTS_H_
#define TRUSTHUB_COMMON_POLICY_RANDOM_AGREEMENTS_H_

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/policy/compiled_agreements.h"
#include "common/time/civil_date.h"

namespace trusthub::policy {

// Agreements of a set are in force at most between these days.
inline constexpr absl::CivilDay kFirst(2010, 1, 1);
inline constexpr absl::CivilDay kLast(2010, 12, 31);

inline constexpr v1::Relation kDrawnRelations[] = {
    v1::RELATION_OWNER, v1::RELATION_HOLDING, v1::RELATION_ALLOCATED, v1::RELATION_BREAK_GLASS};
inline constexpr ConsentStanding kStandings[] = {
    ConsentStanding::kNone, ConsentStanding::kGiven, ConsentStanding::kRefused,
    ConsentStanding::kOverridden, ConsentStanding::kNotRequired};

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}

  int Below(int n) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(n)); }
  bool OneIn(int n) { return Below(n) == 0; }

  v1::Item Item(int number) {
    v1::Item item;
    item.set_id(absl::StrCat("item-", number));
    item.set_explanation("A reason.");
    item.set_released_by("agencies/a0");
    item.mutable_to()->add_roles(Value<options::v1::Role>(2));
    if (OneIn(3)) item.mutable_to()->add_agencies(Agency());
    if (item.to().agencies().empty() || OneIn(2)) {
      item.mutable_to()->add_agency_kinds(Value<directory::v1::AgencyKind>(2));
    }
    for (int i = 1 + Below(2); i > 0; --i) item.add_purposes(Value<Purpose>(2));
    for (int i = 1 + Below(2); i > 0; --i) item.add_relations(kDrawnRelations[Below(4)]);
    item.add_records(Value<RecordKind>(2));
    for (int i = 1 + Below(3); i > 0; --i) {
      const auto category = Value<Category>(5);
      OneIn(6) ? item.add_deny(category) : item.add_categories(category);
    }
    if (OneIn(5)) item.add_when(Value<v1::ChildFlag>(3));
    if (OneIn(3)) item.set_consent(Value<v1::ConsentRule>(3));
    if (OneIn(6)) item.mutable_from()->add_agencies(Agency());
    if (OneIn(6)) item.mutable_from()->add_agency_kinds(Value<directory::v1::AgencyKind>(2));
    return item;
  }

  v1::Agreement Agreement(int number) {
    v1::Agreement agreement;
    agreement.set_id(absl::StrCat("agreement-", number));
    agreement.set_title(absl::StrCat("Agreement ", number));
    agreement.set_status(OneIn(6) ? v1::AGREEMENT_STATUS_SUSPENDED : v1::AGREEMENT_STATUS_SIGNED);
    *agreement.mutable_effective_from() = DateToProto(kFirst + Below(60));
    if (OneIn(2)) *agreement.mutable_effective_to() = DateToProto(kLast - Below(60));
    for (int i = 2 + Below(6); i > 0; --i) *agreement.add_items() = Item(i);
    return agreement;
  }

  std::vector<v1::Agreement> Set() {
    std::vector<v1::Agreement> set;
    for (int i = 1 + Below(4); i > 0; --i) set.push_back(Agreement(i));
    return set;
  }

  // A question of `caller`, who is drawn too.
  Question Ask(auth::Principal* caller) {
    caller->agency = Agency();
    caller->agency_kind = Value<directory::v1::AgencyKind>(2);
    caller->role = Value<options::v1::Role>(2);
    Question question;
    question.caller = caller;
    question.purpose = Value<Purpose>(2);
    question.record_kind = Value<RecordKind>(2);
    for (const v1::Relation relation : kDrawnRelations) {
      if (OneIn(2)) question.relations |= RelationBitOf(relation);
    }
    question.child_flags = static_cast<std::uint32_t>(Below(8));
    question.consent = kStandings[Below(5)];
    question.break_glass_categories = CategorySet(engine_() & engine_());
    if (!OneIn(4)) question.provider = OneIn(2) ? "agencies/a0" : "agencies/a1";
    if (!OneIn(4)) question.provider_kind = Value<directory::v1::AgencyKind>(2);
    question.day = kFirst - 30 + Below(425);
    return question;
  }

  std::mt19937_64& engine() { return engine_; }

 private:
  template <typename Enum>
  Enum Value(int count) {
    return static_cast<Enum>(1 + Below(count));
  }
  std::string Agency() { return absl::StrCat("agencies/a", Below(2)); }

  std::mt19937_64 engine_;
};

// --- A plain reading --------------------------------------------------------------------------

template <typename List, typename T>
bool Lists(const List& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Whether the relations that `item` asks for are among those of the question.
inline bool PlainlyRelated(const v1::Item& item, const Question& question, bool but_emergency) {
  for (const v1::Relation relation : kDrawnRelations) {
    if (but_emergency && relation == v1::RELATION_BREAK_GLASS) continue;
    if (Lists(item.relations(), relation) && (question.relations & RelationBitOf(relation)) != 0) {
      return true;
    }
  }
  return false;
}

// Whether people, purpose, kind of record, day, relation and flags are those of the item.
inline bool PlainlyCovers(const v1::Agreement& agreement, const v1::Item& item,
                          const Question& question) {
  if (agreement.status() != v1::AGREEMENT_STATUS_SIGNED) return false;
  if (question.day < *DateFromProto(agreement.effective_from())) return false;
  if (agreement.has_effective_to() && question.day > *DateFromProto(agreement.effective_to())) {
    return false;
  }
  const auth::Principal& caller = *question.caller;
  const auto flagged = [&](int flag) { return ((question.child_flags >> (flag - 1)) & 1) != 0; };
  return (Lists(item.to().agencies(), caller.agency) ||
          Lists(item.to().agency_kinds(), static_cast<int>(caller.agency_kind))) &&
         Lists(item.to().roles(), static_cast<int>(caller.role)) &&
         Lists(item.purposes(), static_cast<int>(question.purpose)) &&
         Lists(item.records(), static_cast<int>(question.record_kind)) &&
         PlainlyRelated(item, question, false) &&
         (item.when().empty() || std::any_of(item.when().begin(), item.when().end(), flagged));
}

inline bool PlainlyFrom(const v1::Item& item, const Question& question) {
  return !item.has_from() || Lists(item.from().agencies(), std::string(question.provider)) ||
         Lists(item.from().agency_kinds(), static_cast<int>(question.provider_kind));
}

// Whether it could be from a provider that the item is about.
inline bool PlainlyPerhapsFrom(const v1::Item& item, const Question& question) {
  return PlainlyFrom(item, question) ||
         (question.provider.empty() && !item.from().agencies().empty()) ||
         (question.provider_kind == directory::v1::AGENCY_KIND_UNSPECIFIED &&
          !item.from().agency_kinds().empty());
}

inline bool PlainlyConsented(const v1::Item& item, ConsentStanding standing) {
  const bool agreed =
      standing == ConsentStanding::kGiven || standing == ConsentStanding::kNotRequired;
  switch (item.consent()) {
    case v1::CONSENT_RULE_GIVEN:
      return agreed;
    case v1::CONSENT_RULE_GIVEN_OR_OVERRIDDEN:
      return agreed || standing == ConsentStanding::kOverridden;
    case v1::CONSENT_RULE_NOT_REFUSED:
      return standing != ConsentStanding::kRefused;
    default:
      return true;
  }
}

inline CategorySet PlainlyDenied(const std::vector<v1::Agreement>& set, const Question& question) {
  CategorySet denied;
  for (const v1::Agreement& agreement : set) {
    for (const v1::Item& item : agreement.items()) {
      if (!PlainlyCovers(agreement, item, question) || !PlainlyPerhapsFrom(item, question))
        continue;
      for (const int c : item.deny()) denied.Add(static_cast<Category>(c));
    }
  }
  return denied;
}

inline CategorySet PlainlyGranted(const std::vector<v1::Agreement>& set, const Question& question) {
  CategorySet granted;
  for (const v1::Agreement& agreement : set) {
    for (const v1::Item& item : agreement.items()) {
      if (!PlainlyCovers(agreement, item, question) || !PlainlyFrom(item, question) ||
          !PlainlyConsented(item, question.consent)) {
        continue;
      }
      const bool opened_only = !PlainlyRelated(item, question, true);
      for (const int c : item.categories()) {
        const auto category = static_cast<Category>(c);
        if (!opened_only || question.break_glass_categories.Has(category)) granted.Add(category);
      }
    }
  }
  return CategorySet(granted.bits() & ~PlainlyDenied(set, question).bits());
}

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_RANDOM_AGREEMENTS_H_
