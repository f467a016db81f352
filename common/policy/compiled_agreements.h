// File: compiled_agreements.h
//
// Agreements compiled to lookups. Candidates are found by (role, purpose, kind of record); of each
// only masks and days are compared.
//
// A rule gives where all that its item asks for holds. It denies more readily than it gives: a deny
// holds whatever consent says, and also where the provider of the record is not known, so that
// neither a withdrawal of consent nor a gap in what the hub knows opens anything.
#ifndef TRUSTHUB_COMMON_POLICY_COMPILED_AGREEMENTS_H_
#define TRUSTHUB_COMMON_POLICY_COMPILED_AGREEMENTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "common/policy/policy.h"
#include "trusthub/policy/v1/agreement.pb.h"

namespace trusthub::policy {

// The engine's bit of a relation of the schema; none for `any`, which is not a relation.
constexpr std::uint32_t RelationBitOf(int relation) {
  if (relation == v1::RELATION_ANY) return 0;
  return 1u << (relation < v1::RELATION_ANY ? relation - 1 : relation - 2);
}

// One item of a signed agreement.
struct Rule {
  std::uint32_t agency_kinds = 0;  // a bit for each AgencyKind
  std::uint32_t relations = 0;     // any one of them; all bits set when none is asked for
  std::uint32_t child_flags = 0;   // any one of them; 0 when none is asked for
  bool needs_relation = true;
  bool asks_consent = false;
  std::uint8_t consents = 0;  // a bit for each ConsentStanding that suffices
  bool asks_provider = false;
  std::uint32_t provider_kinds = 0;  // a bit for each AgencyKind
  CategorySet granted;
  CategorySet denied;
  absl::CivilDay first_day;
  absl::CivilDay last_day;
  std::vector<std::string> agencies;
  std::vector<std::string> providers;
  std::string name;  // "agreement/item"
  const v1::Agreement* agreement = nullptr;
  const v1::Item* item = nullptr;
};

bool IsRecipient(const Rule& rule, const auth::Principal& caller);
// Whether the record is of a provider that `rule` is about.
bool IsFromProvider(const Rule& rule, const Question& question);

// The questions below take it that role, purpose and kind of record fit.

// What `rule` gives once consent suffices. Where emergency access is all that ties the caller to
// the child, no more than what it opened.
CategorySet GivenWithConsent(const Rule& rule, const Question& question);
// Whether `rule` asks for no consent, or for no more than `standing`.
bool ConsentSuffices(const Rule& rule, ConsentStanding standing);
// Whether what `rule` denies is denied here.
bool Denies(const Rule& rule, const Question& question);

class CompiledAgreements final : public Agreements {
 public:
  // `all` have passed CheckAgreement and CheckTogether. Their order is of no effect.
  CompiledAgreements(std::vector<v1::Agreement> all, std::string version);
  CompiledAgreements(const CompiledAgreements&) = delete;
  CompiledAgreements& operator=(const CompiledAgreements&) = delete;

  Decision Decide(const Question& question) const override;
  absl::string_view version() const override { return version_; }
  bool IsSecret(Category category) const override { return secret_.Has(category); }
  Explanation ExplainWithheld(const Question& question, Category category) const override;
  bool Covers(const auth::Principal& caller, Purpose purpose, absl::CivilDay day) const override;
  bool CoversChildren(const auth::Principal& caller, Purpose purpose,
                      absl::CivilDay day) const override;
  bool AsksForProvider(options::v1::Role role, Purpose purpose, RecordKind kind) const override;
  const v1::Item* ItemOf(absl::string_view rule) const override;
  const std::vector<v1::Agreement>& agreements() const override { return agreements_; }

  // By name. Every signed agreement's items, whatever their dates.
  const std::vector<Rule>& rules() const { return rules_; }

 private:
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  void Index();
  // Rules that name all three; those that ask for consent last, else by name.
  absl::Span<const Rule* const> CandidatesFor(int role, int purpose, int kind) const;
  // Whether a rule for the caller's role and purpose that `counts` gives anything on that day.
  bool GivesAnything(const auth::Principal& caller, Purpose purpose, absl::CivilDay day,
                     bool (*counts)(const Rule&)) const;

  const std::vector<v1::Agreement> agreements_;  // rules point into them
  const std::string version_;
  CategorySet secret_;
  std::vector<Rule> rules_;  // by name
  std::vector<Span> spans_;  // by role, purpose, kind of record
  std::vector<const Rule*> candidates_;
};

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_COMPILED_AGREEMENTS_H_
