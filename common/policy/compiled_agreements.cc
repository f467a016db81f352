#include "common/policy/compiled_agreements.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/numeric/bits.h"
#include "absl/strings/str_cat.h"
#include "common/time/civil_date.h"

namespace trusthub::policy {
namespace {

constexpr std::size_t kRoles = options::v1::Role_ARRAYSIZE;
constexpr std::size_t kPurposes = options::v1::Purpose_ARRAYSIZE;
constexpr std::size_t kKinds = options::v1::RecordKind_ARRAYSIZE;

// The schema's relations and flags are the bits of the engine's.
static_assert(RelationBitOf(v1::RELATION_OWNER) == kOwner &&
              RelationBitOf(v1::RELATION_AUTHOR) == kAuthor &&
              RelationBitOf(v1::RELATION_HOLDING) == kHolding &&
              RelationBitOf(v1::RELATION_REFERRER) == kReferrer &&
              RelationBitOf(v1::RELATION_RESPONSIBLE) == kResponsible &&
              RelationBitOf(v1::RELATION_ENQUIRY) == kEnquiry &&
              RelationBitOf(v1::RELATION_CORE_GROUP) == kCoreGroup &&
              RelationBitOf(v1::RELATION_PRESENTING) == kPresenting &&
              RelationBitOf(v1::RELATION_PUBLIC) == kPublic &&
              RelationBitOf(v1::RELATION_ALLOCATED) == kAllocated &&
              RelationBitOf(v1::RELATION_BREAK_GLASS) == kBreakGlass &&
              RelationBitOf(v1::RELATION_RELEASED) == kReleased &&
              RelationBitOf(v1::RELATION_ASKED) == kAsked &&
              RelationBitOf(v1::RELATION_ACTION_OWNER) == kActionOwner);
constexpr std::uint32_t BitOf(int flag) { return 1u << (flag - 1); }
static_assert(BitOf(v1::CHILD_FLAG_PROTECTION_PLAN) == kProtectionPlan &&
              BitOf(v1::CHILD_FLAG_LOOKED_AFTER) == kLookedAfter &&
              BitOf(v1::CHILD_FLAG_LIVE_ENQUIRY) == kLiveEnquiry);
// A relation, a flag or a rule of consent that the schema gains must be mapped here.
static_assert(v1::Relation_MAX == v1::RELATION_ACTION_OWNER &&
              v1::ChildFlag_MAX == v1::CHILD_FLAG_LIVE_ENQUIRY &&
              v1::ConsentRule_MAX == v1::CONSENT_RULE_NOT_REFUSED);
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

constexpr std::uint8_t BitOf(ConsentStanding standing) {
  return static_cast<std::uint8_t>(1u << static_cast<unsigned>(standing));
}

// The standings that suffice for an item that asks for consent.
std::uint8_t ConsentsOf(v1::ConsentRule rule) {
  constexpr std::uint8_t kAgreed =
      BitOf(ConsentStanding::kGiven) | BitOf(ConsentStanding::kNotRequired);
  switch (rule) {
    case v1::CONSENT_RULE_GIVEN:
      return kAgreed;
    case v1::CONSENT_RULE_GIVEN_OR_OVERRIDDEN:
      return kAgreed | BitOf(ConsentStanding::kOverridden);
    case v1::CONSENT_RULE_NOT_REFUSED:
      return kAgreed | BitOf(ConsentStanding::kOverridden) | BitOf(ConsentStanding::kNone);
    default:
      return 0;  // one that this build does not know is never met
  }
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
    rule.relations |= RelationBitOf(relation);
    if (relation == v1::RELATION_ANY) rule.needs_relation = false;
  }
  rule.asks_consent = item.consent() != v1::CONSENT_RULE_UNSPECIFIED;
  rule.consents = ConsentsOf(item.consent());
  rule.asks_provider = item.has_from();
  rule.providers.assign(item.from().agencies().begin(), item.from().agencies().end());
  for (const int kind : item.from().agency_kinds()) rule.provider_kinds |= 1u << kind;
  return rule;
}

bool HasKind(std::uint32_t kinds, int kind) {
  return kind > 0 && kind < 32 && ((kinds >> kind) & 1) != 0;
}

bool HasName(const std::vector<std::string>& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether the question leaves open who provides the record, as far as `rule` asks.
bool IsProviderUnknown(const Rule& rule, const Question& question) {
  return (rule.provider_kinds != 0 &&
          question.provider_kind == directory::v1::AGENCY_KIND_UNSPECIFIED) ||
         (!rule.providers.empty() && question.provider.empty());
}

// Whether people, day, relation and flags fit.
bool Fits(const Rule& rule, const Question& question) {
  return (!rule.needs_relation || (rule.relations & question.relations) != 0) &&
         (rule.child_flags == 0 || (rule.child_flags & question.child_flags) != 0) &&
         rule.first_day <= question.day && question.day <= rule.last_day &&
         IsRecipient(rule, *question.caller);
}

}  // namespace

bool IsRecipient(const Rule& rule, const auth::Principal& caller) {
  return HasKind(rule.agency_kinds, caller.agency_kind) || HasName(rule.agencies, caller.agency);
}

bool IsFromProvider(const Rule& rule, const Question& question) {
  return !rule.asks_provider || HasKind(rule.provider_kinds, question.provider_kind) ||
         HasName(rule.providers, question.provider);
}

CategorySet GivenWithConsent(const Rule& rule, const Question& question) {
  if (!Fits(rule, question) || !IsFromProvider(rule, question)) return CategorySet();
  const bool by_emergency_alone =
      rule.needs_relation && (rule.relations & question.relations) == kBreakGlass;
  return by_emergency_alone ? rule.granted & question.break_glass_categories : rule.granted;
}

bool ConsentSuffices(const Rule& rule, ConsentStanding standing) {
  if (!rule.asks_consent) return true;
  const auto bit = static_cast<unsigned>(standing);
  return bit < 8 && ((rule.consents >> bit) & 1) != 0;
}

// Consent opens and never closes, so a deny does not ask for it: were it to hold only while consent
// is given, a withdrawal would lift it. A deny about some providers' records holds for a record
// whose provider is not known, as it may be theirs.
bool Denies(const Rule& rule, const Question& question) {
  return !rule.denied.empty() && Fits(rule, question) &&
         (IsFromProvider(rule, question) || IsProviderUnknown(rule, question));
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
  // Rules lie in one array, so their addresses sort as their names do. Those that ask for consent
  // come last: where another gives the same, audit names the one that rests on less.
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::make_tuple(a.first, a.second->asks_consent, a.second) <
           std::make_tuple(b.first, b.second->asks_consent, b.second);
  });
  spans_.resize(kRoles * kPurposes * kKinds);
  for (const auto& [cell, rule] : entries) {
    candidates_.push_back(rule);
    const auto end = static_cast<std::uint32_t>(candidates_.size());
    if (spans_[cell].end == 0) spans_[cell].begin = end - 1;
    spans_[cell].end = end;
  }
}

absl::Span<const Rule* const> CompiledAgreements::CandidatesFor(int role, int purpose,
                                                                int kind) const {
  const std::size_t cell = CellOf(role, purpose, kind);
  if (cell >= spans_.size()) return {};
  const Span& span = spans_[cell];
  return absl::MakeConstSpan(candidates_).subspan(span.begin, span.end - span.begin);
}

Decision CompiledAgreements::Decide(const Question& question) const {
  Decision decision;
  if (question.caller == nullptr) return decision;
  std::uint64_t granted = 0;
  std::uint64_t denied = 0;
  std::uint64_t without_consent = 0;  // given by rules that ask for none
  std::uint64_t with_consent = 0;     // given by rules that ask for it, if it suffices
  for (const Rule* candidate :
       CandidatesFor(question.caller->role, question.purpose, question.record_kind)) {
    const Rule& rule = *candidate;
    if (Denies(rule, question)) denied |= rule.denied.bits();
    const std::uint64_t given = GivenWithConsent(rule, question).bits();
    (rule.asks_consent ? with_consent : without_consent) |= given;
    if (!ConsentSuffices(rule, question.consent)) continue;
    // The first rule is the one that audit names.
    for (std::uint64_t left = given & ~granted; left != 0; left &= left - 1) {
      decision.rules[static_cast<std::size_t>(absl::countr_zero(left))] = rule.name;
    }
    granted |= given;
  }
  for (std::uint64_t left = granted & denied; left != 0; left &= left - 1) {
    decision.rules[static_cast<std::size_t>(absl::countr_zero(left))] = {};
  }
  decision.granted = CategorySet(granted & ~denied);
  // What is denied, or given anyhow, is so whatever becomes of the consent.
  decision.rests_on_consent = (with_consent & ~without_consent & ~denied) != 0;
  return decision;
}

bool CompiledAgreements::GivesAnything(const auth::Principal& caller, Purpose purpose,
                                       absl::CivilDay day, bool (*counts)(const Rule&)) const {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    for (const Rule* rule : CandidatesFor(caller.role, purpose, static_cast<int>(kind))) {
      if (!rule->granted.empty() && counts(*rule) && rule->first_day <= day &&
          day <= rule->last_day && IsRecipient(*rule, caller)) {
        return true;
      }
    }
  }
  return false;
}

bool CompiledAgreements::Covers(const auth::Principal& caller, Purpose purpose,
                                absl::CivilDay day) const {
  return GivesAnything(caller, purpose, day, [](const Rule&) { return true; });
}

bool CompiledAgreements::CoversChildren(const auth::Principal& caller, Purpose purpose,
                                        absl::CivilDay day) const {
  return GivesAnything(caller, purpose, day, [](const Rule& rule) {
    return !rule.needs_relation || rule.relations != kPublic;
  });
}

const v1::Item* CompiledAgreements::ItemOf(absl::string_view rule) const {
  const auto at =
      std::lower_bound(rules_.begin(), rules_.end(), rule,
                       [](const Rule& each, absl::string_view name) { return each.name < name; });
  return at != rules_.end() && at->name == rule ? at->item : nullptr;
}

bool CompiledAgreements::AsksForProvider(options::v1::Role role, Purpose purpose,
                                         RecordKind kind) const {
  const auto candidates = CandidatesFor(role, purpose, kind);
  return std::any_of(candidates.begin(), candidates.end(),
                     [](const Rule* rule) { return rule->asks_provider; });
}

}  // namespace trusthub::policy
