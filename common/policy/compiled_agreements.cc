#include "common/policy/compiled_agreements.h"

#include <algorithm>
#include <utility>

#include "absl/numeric/bits.h"
#include "absl/strings/str_cat.h"
#include "common/time/civil_date.h"

namespace trusthub::policy {
namespace {

constexpr std::size_t kRoles = options::v1::Role_ARRAYSIZE;
constexpr std::size_t kPurposes = options::v1::Purpose_ARRAYSIZE;
constexpr std::size_t kKinds = options::v1::RecordKind_ARRAYSIZE;

// The schema's relations and flags are the bits of the engine's, in the same order.
constexpr std::uint32_t BitOf(int value) { return 1u << (value - 1); }
static_assert(BitOf(v1::RELATION_OWNER) == kOwner && BitOf(v1::RELATION_AUTHOR) == kAuthor &&
              BitOf(v1::RELATION_HOLDING) == kHolding &&
              BitOf(v1::RELATION_REFERRER) == kReferrer &&
              BitOf(v1::RELATION_RESPONSIBLE) == kResponsible &&
              BitOf(v1::RELATION_ENQUIRY) == kEnquiry &&
              BitOf(v1::RELATION_CORE_GROUP) == kCoreGroup &&
              BitOf(v1::RELATION_PRESENTING) == kPresenting &&
              BitOf(v1::RELATION_PUBLIC) == kPublic);
static_assert(BitOf(v1::CHILD_FLAG_PROTECTION_PLAN) == kProtectionPlan &&
              BitOf(v1::CHILD_FLAG_LOOKED_AFTER) == kLookedAfter);
static_assert(options::v1::Category_ARRAYSIZE <= 64 && directory::v1::AgencyKind_ARRAYSIZE <= 32);

// Cell of the index; past its end for values that no rule can name.
std::size_t CellOf(int role, int purpose, int kind) {
  const auto r = static_cast<std::size_t>(role);
  const auto p = static_cast<std::size_t>(purpose);
  const auto k = static_cast<std::size_t>(kind);
  if (r >= kRoles || p >= kPurposes || k >= kKinds) return kRoles * kPurposes * kKinds;
  return (r * kPurposes + p) * kKinds + k;
}

CategorySet SetOf(const google::protobuf::RepeatedField<int>& categories) {
  CategorySet set;
  for (const int category : categories) set.Add(static_cast<Category>(category));
  return set;
}

Rule CompileRule(const v1::Agreement& agreement, const v1::Item& item) {
  Rule rule;
  rule.name = absl::StrCat(agreement.id(), "/", item.id());
  rule.agreement = &agreement;
  rule.item = &item;
  rule.first_day = *DateFromProto(agreement.effective_from());
  rule.last_day = agreement.has_effective_to() ? *DateFromProto(agreement.effective_to())
                                               : absl::CivilDay::max();
  rule.granted = SetOf(item.categories());
  rule.denied = SetOf(item.deny());
  rule.agencies.assign(item.to().agencies().begin(), item.to().agencies().end());
  for (const int kind : item.to().agency_kinds()) rule.agency_kinds |= 1u << kind;
  for (const int flag : item.when()) rule.child_flags |= BitOf(flag);
  for (const int relation : item.relations()) {
    if (relation == v1::RELATION_ANY) {
      rule.needs_relation = false;
    } else {
      rule.relations |= BitOf(relation);
    }
  }
  return rule;
}

bool IsRecipient(const Rule& rule, const auth::Principal& caller) {
  const int kind = caller.agency_kind;
  if (kind > 0 && kind < 32 && ((rule.agency_kinds >> kind) & 1) != 0) return true;
  return std::find(rule.agencies.begin(), rule.agencies.end(), caller.agency) !=
         rule.agencies.end();
}

}  // namespace

bool Matches(const Rule& rule, const Question& question) {
  return (!rule.needs_relation || (rule.relations & question.relations) != 0) &&
         (rule.child_flags == 0 || (rule.child_flags & question.child_flags) != 0) &&
         rule.first_day <= question.day && question.day <= rule.last_day &&
         IsRecipient(rule, *question.caller);
}

CompiledAgreements::CompiledAgreements(std::vector<v1::Agreement> all, std::string version)
    : agreements_(std::move(all)), version_(std::move(version)) {
  for (const v1::Agreement& agreement : agreements_) {
    // A secret stays one while its agreement is being rewritten or has ended.
    secret_ = secret_ | SetOf(agreement.secret_categories());
    if (agreement.status() != v1::AGREEMENT_STATUS_SIGNED) continue;
    for (const v1::Item& item : agreement.items()) {
      rules_.push_back(CompileRule(agreement, item));
    }
  }
  // By name, so that neither files nor items have an order that matters.
  std::sort(rules_.begin(), rules_.end(),
            [](const Rule& a, const Rule& b) { return a.name < b.name; });
  Index();
}

void CompiledAgreements::Index() {
  std::vector<std::pair<std::size_t, const Rule*>> entries;
  for (const Rule& rule : rules_) {
    for (const int role : rule.item->to().roles()) {
      for (const int purpose : rule.item->purposes()) {
        for (const int kind : rule.item->records()) {
          entries.emplace_back(CellOf(role, purpose, kind), &rule);
        }
      }
    }
  }
  // Rules lie in one array, so their addresses sort as their names do.
  std::sort(entries.begin(), entries.end());
  spans_.resize(kRoles * kPurposes * kKinds);
  for (const auto& [cell, rule] : entries) {
    candidates_.push_back(rule);
    const auto end = static_cast<std::uint32_t>(candidates_.size());
    if (spans_[cell].end == 0) spans_[cell].begin = end - 1;
    spans_[cell].end = end;
  }
}

Decision CompiledAgreements::Decide(const Question& question) const {
  Decision decision;
  if (question.caller == nullptr) return decision;
  const std::size_t cell = CellOf(question.caller->role, question.purpose, question.record_kind);
  if (cell >= spans_.size()) return decision;
  std::uint64_t granted = 0;
  std::uint64_t denied = 0;
  for (std::uint32_t i = spans_[cell].begin; i < spans_[cell].end; ++i) {
    const Rule& rule = *candidates_[i];
    if (!Matches(rule, question)) continue;
    denied |= rule.denied.bits();
    // The first rule by name is the one that audit names.
    for (std::uint64_t left = rule.granted.bits() & ~granted; left != 0; left &= left - 1) {
      decision.rules[static_cast<std::size_t>(absl::countr_zero(left))] = rule.name;
    }
    granted |= rule.granted.bits();
  }
  for (std::uint64_t left = granted & denied; left != 0; left &= left - 1) {
    decision.rules[static_cast<std::size_t>(absl::countr_zero(left))] = {};
  }
  decision.granted = CategorySet(granted & ~denied);
  return decision;
}

bool CompiledAgreements::Covers(const auth::Principal& caller, Purpose purpose,
                                absl::CivilDay day) const {
  for (const Rule& rule : rules_) {
    if (rule.granted.empty() || day < rule.first_day || rule.last_day < day) continue;
    const auto& roles = rule.item->to().roles();
    const auto& purposes = rule.item->purposes();
    if (std::find(roles.begin(), roles.end(), caller.role) != roles.end() &&
        std::find(purposes.begin(), purposes.end(), purpose) != purposes.end() &&
        IsRecipient(rule, caller)) {
      return true;
    }
  }
  return false;
}

bool CompiledAgreements::AsksForProvider(options::v1::Role role, Purpose purpose,
                                         RecordKind kind) const {
  const std::size_t cell = CellOf(role, purpose, kind);
  if (cell >= spans_.size()) return false;
  for (std::uint32_t i = spans_[cell].begin; i < spans_[cell].end; ++i) {
    if (candidates_[i]->item->has_from()) return true;
  }
  return false;
}

}  // namespace trusthub::policy
