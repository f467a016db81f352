#include "common/rpc/subject_access.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"
#include "common/time/civil_date.h"
#include "google/protobuf/descriptor.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::rpc {
namespace {

using audit::v1::AuditEntry;
using config::Yaml;

// A delay beyond this is no delay: such a rule says for_good, and somebody decides.
constexpr std::int64_t kDaysMax = 3660;

// The numbers of the short names under `key`, e.g. `police_protection` with prefix "PURPOSE_".
absl::Status ReadNames(const Yaml& map, absl::string_view key,
                       const google::protobuf::EnumDescriptor* values, absl::string_view prefix,
                       std::set<int>* numbers) {
  const std::optional<Yaml> list = map.Find(key);
  if (!list.has_value()) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> items, list->Items());
  for (const Yaml& item : items) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, item.Text());
    const auto* value = values->FindValueByName(absl::StrCat(prefix, absl::AsciiStrToUpper(text)));
    if (value == nullptr || value->number() == 0) {
      return item.Error(absl::StrCat("`", text, "` is not known in ", key));
    }
    if (!numbers->insert(value->number()).second) {
      return item.Error(absl::StrCat("`", text, "` is named twice"));
    }
  }
  return numbers->empty() ? list->Error(absl::StrCat(key, " names none")) : absl::OkStatus();
}

absl::Status ReadDays(const Yaml& map, absl::string_view key, std::optional<int>* days) {
  const std::optional<Yaml> node = map.Find(key);
  if (!node.has_value()) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t number, node->Number());
  if (number < 0 || number > kDaysMax) {
    return node->Error(absl::StrCat(key, " must lie between 0 and ", kDaysMax));
  }
  *days = static_cast<int>(number);
  return absl::OkStatus();
}

absl::Status ReadPeriod(const Yaml& rule_map, SubjectRule* rule) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml map, rule_map.Get("in_force"));
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({"from"}, {"to"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml from, map.Get("from"));
  TRUSTHUB_ASSIGN_OR_RETURN(rule->from, from.Day());
  if (const std::optional<Yaml> to = map.Find("to"); to.has_value()) {
    TRUSTHUB_ASSIGN_OR_RETURN(rule->to, to->Day());
    if (*rule->to < rule->from) return to->Error("ends before it begins");
  }
  return absl::OkStatus();
}

absl::Status ReadAbout(const Yaml& rule_map, SubjectRule* rule) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml map, rule_map.Get("about"));
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({}, {"purposes", "records", "categories", "decisions"}));
  TRUSTHUB_RETURN_IF_ERROR(
      ReadNames(map, "purposes", options::v1::Purpose_descriptor(), "PURPOSE_", &rule->purposes));
  TRUSTHUB_RETURN_IF_ERROR(ReadNames(map, "records", options::v1::RecordKind_descriptor(),
                                     "RECORD_KIND_", &rule->records));
  TRUSTHUB_RETURN_IF_ERROR(ReadNames(map, "categories", options::v1::Category_descriptor(),
                                     "CATEGORY_", &rule->categories));
  TRUSTHUB_RETURN_IF_ERROR(ReadNames(map, "decisions", audit::v1::AuditDecision_descriptor(),
                                     "AUDIT_DECISION_", &rule->decisions));
  if (rule->purposes.empty() && rule->records.empty() && rule->categories.empty() &&
      rule->decisions.empty()) {
    return map.Error("is about nothing: name purposes, records, categories or decisions");
  }
  return absl::OkStatus();
}

absl::Status ReadTime(const Yaml& map, SubjectRule* rule) {
  if (const std::optional<Yaml> flag = map.Find("for_good"); flag.has_value()) {
    TRUSTHUB_ASSIGN_OR_RETURN(rule->for_good, flag->Flag());
  }
  TRUSTHUB_RETURN_IF_ERROR(ReadDays(map, "days_after_access", &rule->days_after_access));
  TRUSTHUB_RETURN_IF_ERROR(ReadDays(map, "days_after_enquiry", &rule->days_after_enquiry));
  const bool delays = rule->days_after_access.has_value() || rule->days_after_enquiry.has_value();
  if (rule->for_good == delays) {
    return map.Error(
        "says either for_good: true, or how long: days_after_access, days_after_enquiry or both");
  }
  return absl::OkStatus();
}

absl::StatusOr<SubjectRule> ReadRule(const Yaml& map) {
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({"id", "in_force", "parties", "about", "ground"},
                                         {"for_good", "days_after_access", "days_after_enquiry"}));
  SubjectRule rule;
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml id, map.Get("id"));
  TRUSTHUB_ASSIGN_OR_RETURN(rule.id, id.Text());
  TRUSTHUB_RETURN_IF_ERROR(ReadPeriod(map, &rule));
  TRUSTHUB_RETURN_IF_ERROR(ReadNames(map, "parties", audit::v1::SubjectParty_descriptor(),
                                     "SUBJECT_PARTY_", &rule.parties));
  TRUSTHUB_RETURN_IF_ERROR(ReadAbout(map, &rule));
  TRUSTHUB_RETURN_IF_ERROR(ReadTime(map, &rule));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml ground, map.Get("ground"));
  TRUSTHUB_ASSIGN_OR_RETURN(rule.ground, ground.Text());
  return rule;
}

bool Overlap(const SubjectRule& a, const SubjectRule& b) {
  return a.id == b.id && (!a.to.has_value() || *a.to >= b.from) &&
         (!b.to.has_value() || *b.to >= a.from);
}

// --- Deciding ----------------------------------------------------------------------------------

bool IsInForce(const SubjectRule& rule, absl::CivilDay day) {
  return rule.from <= day && (!rule.to.has_value() || day <= *rule.to);
}

template <class Numbers>
bool HoldsAny(const std::set<int>& set, const Numbers& numbers) {
  return std::any_of(numbers.begin(), numbers.end(),
                     [&](int number) { return set.count(number) != 0; });
}

bool IsAbout(const SubjectRule& rule, const AuditEntry& entry) {
  return rule.purposes.count(entry.purpose()) != 0 || rule.decisions.count(entry.decision()) != 0 ||
         HoldsAny(rule.categories, entry.disclosed()) ||
         HoldsAny(rule.categories, entry.withheld()) ||
         std::any_of(entry.decisions().begin(), entry.decisions().end(),
                     [&](const audit::v1::DecisionInputs& made) {
                       return rule.records.count(made.record_kind()) != 0;
                     });
}

// How the facts that every service has tell of an enquiry: agencies are involved by it until it
// ends.
bool IsEnquiry(const events::v1::InvolvementFact& involvement) {
  return involvement.kind() == "ENQUIRY";
}

bool IsOver(const SubjectRule& rule, const AuditEntry& entry, const internal::v1::ChildFacts& facts,
            absl::Time now) {
  if (rule.for_good) return false;
  const absl::CivilDay today = LondonDay(now);
  if (rule.days_after_access.has_value() &&
      today <= LondonDay(TimeFromProto(entry.domain_time())) + *rule.days_after_access) {
    return false;
  }
  if (!rule.days_after_enquiry.has_value()) return true;
  return std::none_of(facts.involvements().begin(), facts.involvements().end(),
                      [&](const events::v1::InvolvementFact& involvement) {
                        if (!IsEnquiry(involvement)) return false;
                        if (!involvement.has_end_time()) return true;
                        const absl::CivilDay end = LondonDay(TimeFromProto(involvement.end_time()));
                        return today <= end + *rule.days_after_enquiry;
                      });
}

}  // namespace

absl::StatusOr<SubjectAccess> LoadSubjectAccess(absl::string_view path) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml root, Yaml::ReadFile(path));
  TRUSTHUB_RETURN_IF_ERROR(root.CheckKeys({"notice", "rules"}));
  SubjectAccess access;
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml notice, root.Get("notice"));
  TRUSTHUB_ASSIGN_OR_RETURN(access.notice, notice.Text());
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml list, root.Get("rules"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> items, list.Items());
  for (const Yaml& item : items) {
    TRUSTHUB_ASSIGN_OR_RETURN(SubjectRule rule, ReadRule(item));
    for (const SubjectRule& other : access.rules) {
      if (Overlap(rule, other)) {
        return item.Error(absl::StrCat("two periods of ", rule.id, " overlap"));
      }
    }
    access.rules.push_back(std::move(rule));
  }
  // A list without any rule would tell everything: that is a decision to be written down.
  if (access.rules.empty()) return list.Error("rules names none");
  return access;
}

std::vector<std::string> KeptBackBy(const SubjectAccess& access, const AuditEntry& entry,
                                    const internal::v1::ChildFacts& facts,
                                    audit::v1::SubjectParty party, absl::Time now) {
  std::vector<std::string> ids;
  for (const SubjectRule& rule : access.rules) {
    if (IsInForce(rule, LondonDay(now)) && rule.parties.count(party) != 0 && IsAbout(rule, entry) &&
        !IsOver(rule, entry, facts, now)) {
      ids.push_back(rule.id);
    }
  }
  return ids;
}

}  // namespace trusthub::rpc
