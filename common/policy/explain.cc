// Why a category was not given, in words for a practitioner. Speaks of roles, purposes and
// agreements only: nothing here knows the child.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/policy/agreement_reader.h"
#include "common/policy/compiled_agreements.h"
#include "google/protobuf/descriptor.h"

namespace trusthub::policy {
namespace {

// "social worker" of ROLE_SOCIAL_WORKER.
std::string Words(const google::protobuf::EnumDescriptor* values, int value) {
  const google::protobuf::EnumValueDescriptor* named = values->FindValueByNumber(value);
  if (named == nullptr || value == 0) return "not said";
  return absl::StrReplaceAll(ShortName(*named), {{"_", " "}});
}

template <typename List>
std::string AllWords(const google::protobuf::EnumDescriptor* values, const List& list) {
  std::vector<std::string> words;
  for (const int value : list) words.push_back(Words(values, value));
  return absl::StrJoin(words, ", ");
}

template <typename List>
bool Contains(const List& list, int value) {
  for (const int each : list) {
    if (each == value) return true;
  }
  return false;
}

bool IsInForce(const Rule& rule, absl::CivilDay day) {
  return rule.first_day <= day && day <= rule.last_day;
}

// How near a rule that gives the category comes to giving it here: the recipient counts most, then
// the purpose, then the relation.
int Nearness(const Rule& rule, const Question& question) {
  int points = 0;
  if (Contains(rule.item->to().roles(), question.caller->role)) points += 4;
  if (Contains(rule.item->purposes(), question.purpose)) points += 2;
  if ((rule.relations & question.relations) != 0) points += 1;
  return points;
}

// What would have to be otherwise for `rule` to give.
std::string Condition(const Rule& rule) {
  std::string text = absl::StrCat(
      "It is shared with ", AllWords(options::v1::Role_descriptor(), rule.item->to().roles()),
      " for ", AllWords(options::v1::Purpose_descriptor(), rule.item->purposes()),
      " where their agency stands to the child or record as ",
      AllWords(v1::Relation_descriptor(), rule.item->relations()));
  if (!rule.item->when().empty()) {
    absl::StrAppend(&text, " and the child has ",
                    AllWords(v1::ChildFlag_descriptor(), rule.item->when()));
  }
  return absl::StrCat(text, ".");
}

}  // namespace

Explanation CompiledAgreements::ExplainWithheld(const Question& question, Category category) const {
  Explanation explanation;
  if (question.caller == nullptr) {
    explanation.reason = "No caller is known.";
    return explanation;
  }
  explanation.reason = absl::StrCat(
      "The category ", Words(options::v1::Category_descriptor(), category), " of a record of kind ",
      Words(options::v1::RecordKind_descriptor(), question.record_kind),
      " is not shared with your role (",
      Words(options::v1::Role_descriptor(), question.caller->role), ") for the purpose of ",
      Words(options::v1::Purpose_descriptor(), question.purpose), " here.");
  const Rule* nearest = nullptr;
  for (const Rule& rule : rules_) {
    if (!IsInForce(rule, question.day) || !Contains(rule.item->records(), question.record_kind)) {
      continue;
    }
    const bool asks = Contains(rule.item->to().roles(), question.caller->role) &&
                      Contains(rule.item->purposes(), question.purpose);
    if (rule.denied.Has(category) && asks && Denies(rule, question)) {
      absl::StrAppend(&explanation.reason, " ", rule.item->explanation());
      explanation.rule = rule.name;
      explanation.released_by = rule.item->released_by();
      return explanation;
    }
    if (rule.granted.Has(category) &&
        (nearest == nullptr || Nearness(rule, question) > Nearness(*nearest, question))) {
      nearest = &rule;
    }
  }
  if (nearest == nullptr) {
    absl::StrAppend(&explanation.reason, " No sharing agreement in force gives it to anyone.");
    return explanation;
  }
  explanation.rule = nearest->name;
  explanation.what_would_change = Condition(*nearest);
  explanation.released_by = nearest->item->released_by();
  return explanation;
}

}  // namespace trusthub::policy
