// Why a category was not given, in words for a practitioner.
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"
#include "absl/time/time.h"
#include "common/policy/agreement_reader.h"
#include "common/policy/compiled_agreements.h"
#include "google/protobuf/descriptor.h"

namespace trusthub::policy {
namespace {

using google::protobuf::EnumDescriptor;

// --- Words ------------------------------------------------------------------------------------

// "social worker" of ROLE_SOCIAL_WORKER.
std::string Words(const EnumDescriptor* values, int value) {
  const google::protobuf::EnumValueDescriptor* named = values->FindValueByNumber(value);
  if (named == nullptr || value == 0) return "not said";
  std::vector<std::string> words = absl::StrSplit(ShortName(*named), '_');
  for (std::string& word : words) {
    for (const char* spelt : {"camhs", "lado"}) {
      if (word == spelt) word = absl::AsciiStrToUpper(word);
    }
  }
  return absl::StrJoin(words, " ");
}

template <typename List>
std::vector<std::string> AllWords(const EnumDescriptor* values, const List& list) {
  std::vector<std::string> words;
  for (const int value : list) words.push_back(Words(values, value));
  return words;
}

// "a, b or c".
std::string Either(const std::vector<std::string>& words) {
  if (words.empty()) return "";
  std::string text = absl::StrJoin(words.begin(), words.end() - 1, ", ");
  return absl::StrCat(text, text.empty() ? "" : " or ", words.back());
}

std::string WithArticle(const std::string& words) {
  const bool vowel = std::string("aeiou").find(words.front()) != std::string::npos;
  return absl::StrCat(vowel ? "an " : "a ", words);
}

std::string DayInWords(absl::CivilDay day) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  return absl::StrCat(day.day(), " ", absl::FormatTime("%B %Y", absl::FromCivil(day, utc), utc));
}

// `$0` agency, `$1` does, to `$2`.
const char* RelationPhrase(int relation) {
  switch (relation) {
    case v1::RELATION_OWNER:
      return "$0 agency owns the record";
    case v1::RELATION_AUTHOR:
      return "$0 agency made the record";
    case v1::RELATION_HOLDING:
      return "$0 agency holds a record of the child";
    case v1::RELATION_REFERRER:
      return "$0 agency referred the child";
    case v1::RELATION_RESPONSIBLE:
      return "$0 agency is the council responsible for the child";
    case v1::RELATION_ENQUIRY:
      return "$0 agency takes part in a strategy discussion or section 47 enquiry about the child";
    case v1::RELATION_CORE_GROUP:
      return "$0 agency is in the core group of the child's plan";
    case v1::RELATION_PRESENTING:
      return "the child is presenting at $0 agency now";
    case v1::RELATION_PUBLIC:
      return "the record is about no child";
    case v1::RELATION_ALLOCATED:
      return "the child is allocated to $2";
    case v1::RELATION_BREAK_GLASS:
      return "$1 open emergency access that names it";
    case v1::RELATION_RELEASED:
      return "the record was released to $0 agency by name";
    case v1::RELATION_ASKED:
      return "$0 agency was asked the question that the record is";
    case v1::RELATION_ACTION_OWNER:
      return "$0 agency does an action of the child's plan";
    default:
      return "$0 agency stands to the child as agreed";
  }
}

const char* FlagPhrase(int flag) {
  switch (flag) {
    case v1::CHILD_FLAG_PROTECTION_PLAN:
      return "the child has a child protection plan";
    case v1::CHILD_FLAG_LOOKED_AFTER:
      return "the child is looked after";
    case v1::CHILD_FLAG_LIVE_ENQUIRY:
      return "a section 47 enquiry about the child is live";
    default:
      return "the child is marked as agreed";
  }
}

// --- How near a rule comes --------------------------------------------------------------------

template <typename List>
bool Contains(const List& list, int value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool IsInForce(const Rule& rule, absl::CivilDay day) {
  return rule.first_day <= day && day <= rule.last_day;
}

// A rule that gives the category, and what of it the caller lacks.
struct Path {
  const Rule* rule = nullptr;
  bool other_caller = false;
  bool other_purpose = false;
  bool other_provider = false;
  bool other_relation = false;
  // For which it would be given and nothing denies it.
  std::vector<int> purposes;
  std::vector<int> relations;

  // What the caller lacks, the gravest first, then what the child's state adds.
  int distance() const {
    return other_caller * 32 + other_purpose * 16 + other_provider * 8 + other_relation * 4 +
           rule->asks_consent * 2 + (rule->child_flags != 0) * 1;
  }
};

// Looks for the path to a category that is nearest to a question.
class Finder {
 public:
  Finder(const std::vector<Rule>& rules, const Question& question, Category category)
      : rules_(rules), question_(question), category_(category) {}

  // The rule that denies the category here, if one does.
  const Rule* Denying() const { return DenyingFor(question_); }

  // Nearest by distance, then by name.
  std::optional<Path> Nearest() const {
    std::optional<Path> nearest;
    for (const Rule& rule : rules_) {
      if (!IsInForce(rule, question_.day) || !IsForPeople(rule)) continue;
      Path path = PathOf(rule);
      if (path.purposes.empty()) continue;
      if (!nearest || path.distance() < nearest->distance()) nearest = std::move(path);
    }
    return nearest;
  }

  // Of the rules that are not in force: the next to begin, else the last to end.
  const Rule* NotInForce() const {
    const Rule* found = nullptr;
    for (const Rule& rule : rules_) {
      if (IsInForce(rule, question_.day) || !IsForPeople(rule)) continue;
      if (found == nullptr || IsSooner(rule, *found)) found = &rule;
    }
    return found;
  }

 private:
  // Gives the category about such records to someone: what only the hub's own services get is
  // nothing that a person could ask for.
  bool IsForPeople(const Rule& rule) const {
    const auto& roles = rule.item->to().roles();
    return rule.granted.Has(category_) && Contains(rule.item->records(), question_.record_kind) &&
           (Contains(roles, question_.caller->role) ||
            std::any_of(roles.begin(), roles.end(),
                        [](int role) { return role != options::v1::ROLE_HUB_SERVICE; }));
  }

  bool IsSooner(const Rule& a, const Rule& b) const {
    const bool a_begins = a.first_day > question_.day, b_begins = b.first_day > question_.day;
    if (a_begins != b_begins) return a_begins;
    return a_begins ? a.first_day < b.first_day : a.last_day > b.last_day;
  }

  const Rule* DenyingFor(const Question& question) const {
    for (const Rule& rule : rules_) {
      if (rule.denied.Has(category_) && Contains(rule.item->to().roles(), question.caller->role) &&
          Contains(rule.item->purposes(), question.purpose) &&
          Contains(rule.item->records(), question.record_kind) && Denies(rule, question)) {
        return &rule;
      }
    }
    return nullptr;
  }

  bool HasRelation(const Rule& rule) const {
    if (!rule.needs_relation) return true;
    const std::uint32_t shared = rule.relations & question_.relations;
    return shared != 0 &&
           (shared != kBreakGlass || question_.break_glass_categories.Has(category_));
  }

  Path PathOf(const Rule& rule) const {
    Path path;
    path.rule = &rule;
    path.other_caller = !Contains(rule.item->to().roles(), question_.caller->role) ||
                        !IsRecipient(rule, *question_.caller);
    path.other_purpose = !Contains(rule.item->purposes(), question_.purpose);
    path.other_provider = !IsFromProvider(rule, question_);
    path.other_relation = !HasRelation(rule);
    KeepOpenWays(&path);
    return path;
  }

  // Advice that a deny would defeat is none: keeps the purposes and relations that lead somewhere.
  // What is denied to other people is no matter here.
  void KeepOpenWays(Path* path) const {
    const v1::Item& item = *path->rule->item;
    Question met = question_;
    met.child_flags = path->rule->child_flags;
    if (path->other_provider) {
      met.provider = {};
      if (!path->rule->providers.empty()) met.provider = path->rule->providers.front();
      met.provider_kind = item.from().agency_kinds().empty()
                              ? directory::v1::AGENCY_KIND_UNSPECIFIED
                              : item.from().agency_kinds(0);
    }
    for (const int purpose : item.purposes()) {
      if (!path->other_caller && !path->other_purpose && purpose != question_.purpose) continue;
      met.purpose = static_cast<Purpose>(purpose);
      for (const int relation : item.relations()) {
        met.relations = question_.relations;
        if (path->other_relation) met.relations |= RelationBitOf(relation);
        if (!path->other_caller && DenyingFor(met) != nullptr) continue;
        if (!Contains(path->purposes, purpose)) path->purposes.push_back(purpose);
        if (!Contains(path->relations, relation)) path->relations.push_back(relation);
      }
    }
  }

  const std::vector<Rule>& rules_;
  const Question& question_;
  const Category category_;
};

// --- Sentences --------------------------------------------------------------------------------

template <typename Kinds, typename Names>
std::string AgenciesInWords(const Kinds& kinds, const Names& names) {
  std::vector<std::string> words = AllWords(directory::v1::AgencyKind_descriptor(), kinds);
  words.insert(words.end(), names.begin(), names.end());
  return absl::StrJoin(words, ", ");
}

std::string RecipientsInWords(const v1::Recipients& to) {
  std::vector<std::string> roles = AllWords(options::v1::Role_descriptor(), to.roles());
  for (std::string& role : roles) role = WithArticle(role);
  return absl::StrCat(Either(roles), " (", AgenciesInWords(to.agency_kinds(), to.agencies()), ")");
}

std::string RelationsInWords(const Path& path) {
  std::vector<std::string> phrases;
  for (const int relation : path.relations) {
    const bool you = !path.other_caller;
    phrases.push_back(absl::Substitute(RelationPhrase(relation), you ? "your" : "their",
                                       you ? "you" : "they", you ? "you" : "them"));
  }
  return absl::StrCat("where ", Either(phrases));
}

std::string ConsentInWords(const Path& path, const auth::Principal& caller) {
  const EnumDescriptor* kinds = directory::v1::AgencyKind_descriptor();
  const std::string agency =
      path.other_caller
          ? "the agency that asks"
          : absl::StrCat("your kind of agency (", Words(kinds, caller.agency_kind), ")");
  switch (path.rule->item->consent()) {
    case v1::CONSENT_RULE_NOT_REFUSED:
      return absl::StrCat(
          "as long as the child or who decides for the child has not refused or withdrawn consent "
          "to sharing with ",
          agency);
    case v1::CONSENT_RULE_GIVEN_OR_OVERRIDDEN:
      return absl::StrCat(
          "with consent of the child or who decides for the child, including sharing with ", agency,
          ", or a recorded decision to share without it");
    default:
      return absl::StrCat(
          "with consent of the child or who decides for the child, including sharing with ",
          agency);
  }
}

// What would have to be otherwise for the rule to give: of the caller's side only what is lacking,
// of the child's all that the rule asks for.
std::string WayInWords(const Path& path, const auth::Principal& caller) {
  const v1::Item& item = *path.rule->item;
  std::string text = path.other_caller
                         ? absl::StrCat("It is shared with ", RecipientsInWords(item.to()))
                         : "You see it";
  if (path.other_caller || path.other_purpose) {
    absl::StrAppend(&text, " for ",
                    Either(AllWords(options::v1::Purpose_descriptor(), path.purposes)));
  }
  if (path.other_provider) {
    absl::StrAppend(&text, " in records of other agencies (",
                    AgenciesInWords(item.from().agency_kinds(), item.from().agencies()), ")");
  }
  std::vector<std::string> clauses;
  if (path.rule->needs_relation && (path.other_caller || path.other_relation)) {
    clauses.push_back(RelationsInWords(path));
  }
  if (!item.when().empty()) {
    std::vector<std::string> flags;
    for (const int flag : item.when()) flags.emplace_back(FlagPhrase(flag));
    clauses.push_back(absl::StrCat("where ", Either(flags)));
  }
  if (path.rule->asks_consent) clauses.push_back(ConsentInWords(path, caller));
  if (!clauses.empty()) absl::StrAppend(&text, " ", absl::StrJoin(clauses, ", and "));
  return absl::StrCat(text, ".");
}

std::string RefusalInWords(const Question& question, Category category) {
  const auth::Principal& caller = *question.caller;
  std::string what = Words(options::v1::Category_descriptor(), category);
  what.front() = absl::ascii_toupper(static_cast<unsigned char>(what.front()));
  return absl::StrCat(
      what, " of ", WithArticle(Words(options::v1::RecordKind_descriptor(), question.record_kind)),
      " is not shared with ", WithArticle(Words(options::v1::Role_descriptor(), caller.role)), " (",
      Words(directory::v1::AgencyKind_descriptor(), caller.agency_kind), ") for ",
      Words(options::v1::Purpose_descriptor(), question.purpose), " here.");
}

// Whether agreements can name the caller's role, the purpose and the kind of record.
bool CanBeNamed(const Question& question) {
  const int role = question.caller->role;
  return options::v1::Role_IsValid(role) && role != options::v1::ROLE_UNSPECIFIED &&
         options::v1::Purpose_IsValid(question.purpose) &&
         question.purpose != options::v1::PURPOSE_UNSPECIFIED &&
         options::v1::RecordKind_IsValid(question.record_kind) &&
         question.record_kind != options::v1::RECORD_KIND_UNSPECIFIED;
}

WithheldCause CauseOf(const Path& path) {
  if (path.other_caller) return WithheldCause::kCaller;
  if (path.other_purpose) return WithheldCause::kPurpose;
  if (path.other_provider) return WithheldCause::kProvider;
  if (path.other_relation) return WithheldCause::kRelation;
  return WithheldCause::kChild;
}

std::string DaysInWords(const Rule& rule, absl::CivilDay day) {
  const bool begins = rule.first_day > day;
  return absl::StrCat("The agreement \"", rule.agreement->title(), "\" ",
                      begins ? "shares it from " : "shared it until ",
                      DayInWords(begins ? rule.first_day : rule.last_day), ".");
}

}  // namespace

Explanation CompiledAgreements::ExplainWithheld(const Question& question, Category category) const {
  Explanation explanation;
  if (question.caller == nullptr || !CanBeNamed(question)) {
    explanation.reason =
        "No sharing agreement can speak of this call: the caller, the role, the purpose or the "
        "kind of record is not known.";
    return explanation;
  }
  explanation.reason = RefusalInWords(question, category);
  const Finder finder(rules_, question, category);
  if (const Rule* denying = finder.Denying(); denying != nullptr) {
    explanation.cause = WithheldCause::kDenied;
    absl::StrAppend(&explanation.reason, " ", denying->item->explanation());
    explanation.rule = denying->name;
    explanation.released_by = denying->item->released_by();
  } else if (const std::optional<Path> nearest = finder.Nearest(); nearest) {
    explanation.cause = CauseOf(*nearest);
    explanation.rule = nearest->rule->name;
    explanation.what_would_change = WayInWords(*nearest, *question.caller);
    explanation.released_by = nearest->rule->item->released_by();
  } else if (const Rule* other_day = finder.NotInForce(); other_day != nullptr) {
    explanation.cause = WithheldCause::kNotInForce;
    absl::StrAppend(&explanation.reason, " No sharing agreement in force gives it.");
    explanation.rule = other_day->name;
    explanation.what_would_change = DaysInWords(*other_day, question.day);
  } else {
    explanation.cause = WithheldCause::kNoAgreement;
    absl::StrAppend(&explanation.reason, " No sharing agreement in force gives it to anyone.");
  }
  return explanation;
}

}  // namespace trusthub::policy
