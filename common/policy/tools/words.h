// File: words.h
//
// How the tools speak of agreements to people: "emergency nurse" for ROLE_EMERGENCY_NURSE.
#ifndef TRUSTHUB_COMMON_POLICY_TOOLS_WORDS_H_
#define TRUSTHUB_COMMON_POLICY_TOOLS_WORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/policy/access_lattice.h"
#include "common/policy/policy.h"

namespace trusthub::policy {

// A value that this build does not know is its number.
std::string RoleWords(int role);            // "emergency nurse"
std::string PurposeWords(int purpose);      // "unscheduled care"
std::string RecordWords(int record_kind);   // "strategy discussion"
std::string CategoryWords(int category);    // "plan content"
std::string AgencyKindWords(int kind);      // "acute trust"
std::string GatewayWords(int gateway);      // "Children Act 1989 s47"
std::string ConditionWords(int condition);  // "UK GDPR Article 6(1)(e)"
std::string CapacityWords(int capacity);    // "joint controller"
std::string StatusWords(int status);        // "signed"
std::string OnwardWords(int onward);        // "only with the provider's permission"
std::string TriggerWords(int trigger);      // "as it happens"
std::string ConsentRuleWords(int rule);     // "consent is given or overridden"
std::string RelationWords(int relation);    // v1::Relation: "in the core group"
std::string FlagWords(int flag);            // v1::ChildFlag: "with a protection plan"

// "any acute trust", "agencies/bhrut", "agencies/bhrut as an acute trust".
std::string AgencyWords(const AgencyAndKind& agency);

// The words of each bit of a mask of Relation or ChildFlag bits.
std::vector<std::string> RelationBitWords(std::uint32_t relations);
std::vector<std::string> FlagBitWords(std::uint32_t flags);
std::string StandingWords(ConsentStanding standing);  // "consent given"

std::vector<std::string> CategoriesWords(CategorySet categories);

// "a, b and c"; `word` is "and" or "or".
std::string Listed(const std::vector<std::string>& words, absl::string_view word);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TOOLS_WORDS_H_
