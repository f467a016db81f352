#include "common/policy/tools/words.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/policy/agreement_reader.h"
#include "google/protobuf/descriptor.h"

namespace trusthub::policy {
namespace {

std::string Words(const google::protobuf::EnumDescriptor* values, int value) {
  const google::protobuf::EnumValueDescriptor* named = values->FindValueByNumber(value);
  if (named == nullptr) return absl::StrCat("number ", value);
  if (value == 0) return "not said";
  return absl::StrReplaceAll(ShortName(*named), {{"_", " "}});
}

// "a school", "an acute trust".
std::string WithArticle(absl::string_view noun) {
  const bool vowel =
      !noun.empty() && absl::string_view("aeiou").find(noun[0]) != absl::string_view::npos;
  return absl::StrCat(vowel ? "an " : "a ", noun);
}

template <typename WordsOf>
std::vector<std::string> BitWords(std::uint32_t bits, WordsOf words_of) {
  std::vector<std::string> words;
  for (int bit = 0; bit < 32; ++bit) {
    if (((bits >> bit) & 1) != 0) words.push_back(words_of(bit));
  }
  return words;
}

}  // namespace

std::string RoleWords(int role) { return Words(options::v1::Role_descriptor(), role); }
std::string PurposeWords(int purpose) { return Words(options::v1::Purpose_descriptor(), purpose); }
std::string RecordWords(int kind) { return Words(options::v1::RecordKind_descriptor(), kind); }
std::string CategoryWords(int category) {
  return Words(options::v1::Category_descriptor(), category);
}
std::string AgencyKindWords(int kind) {
  if (kind == kAnotherKind) return "another kind of agency";
  if (kind == kUnknownKind) return "an agency of unknown kind";
  return Words(directory::v1::AgencyKind_descriptor(), kind);
}
std::string CapacityWords(int capacity) { return Words(v1::PartyCapacity_descriptor(), capacity); }
std::string StatusWords(int status) { return Words(v1::AgreementStatus_descriptor(), status); }

std::string GatewayWords(int gateway) {
  switch (gateway) {
    case v1::GATEWAY_CHILDREN_ACT_1989_S17:
      return "Children Act 1989 s17 (services for children in need)";
    case v1::GATEWAY_CHILDREN_ACT_1989_S27:
      return "Children Act 1989 s27 (help between authorities)";
    case v1::GATEWAY_CHILDREN_ACT_1989_S47:
      return "Children Act 1989 s47 (enquiries into significant harm)";
    case v1::GATEWAY_CHILDREN_ACT_2004_S10:
      return "Children Act 2004 s10 (co-operation to improve wellbeing)";
    case v1::GATEWAY_CHILDREN_ACT_2004_S11:
      return "Children Act 2004 s11 (safeguarding duty)";
    case v1::GATEWAY_EDUCATION_ACT_2002_S175:
      return "Education Act 2002 s175 (safeguarding duty of schools)";
    case v1::GATEWAY_CRIME_AND_DISORDER_ACT_1998_S115:
      return "Crime and Disorder Act 1998 s115 (power to disclose)";
    case v1::GATEWAY_NHS_ACT_2006_S82:
      return "National Health Service Act 2006 s82 (health bodies and councils co-operate)";
    case v1::GATEWAY_HOUSING_ACT_1996_S213A:
      return "Housing Act 1996 s213A (co-operation where a family is homeless)";
    case v1::GATEWAY_NOT_NEEDED:
      return "none needed";
    default:
      return Words(v1::Gateway_descriptor(), gateway);
  }
}

std::string ConditionWords(int condition) {
  switch (condition) {
    case v1::CONDITION_DPA_1998_SCH2_3:
      return "Data Protection Act 1998 Schedule 2 paragraph 3 (legal obligation)";
    case v1::CONDITION_DPA_1998_SCH2_5B:
      return "Data Protection Act 1998 Schedule 2 paragraph 5(b) (function under an enactment)";
    case v1::CONDITION_DPA_1998_SCH2_6:
      return "Data Protection Act 1998 Schedule 2 paragraph 6 (legitimate interests)";
    case v1::CONDITION_DPA_1998_SCH3_3:
      return "Data Protection Act 1998 Schedule 3 paragraph 3 (vital interests)";
    case v1::CONDITION_DPA_1998_SCH3_7:
      return "Data Protection Act 1998 Schedule 3 paragraph 7 (function under an enactment)";
    case v1::CONDITION_DPA_1998_SCH3_8:
      return "Data Protection Act 1998 Schedule 3 paragraph 8 (medical purposes)";
    case v1::CONDITION_UK_GDPR_6_1_C:
      return "UK GDPR Article 6(1)(c) (legal obligation)";
    case v1::CONDITION_UK_GDPR_6_1_D:
      return "UK GDPR Article 6(1)(d) (vital interests)";
    case v1::CONDITION_UK_GDPR_6_1_E:
      return "UK GDPR Article 6(1)(e) (task in the public interest)";
    case v1::CONDITION_DPA_2018_SCH1_6:
      return "Data Protection Act 2018 Schedule 1 paragraph 6 (statutory purposes)";
    case v1::CONDITION_DPA_2018_SCH1_18:
      return "Data Protection Act 2018 Schedule 1 paragraph 18 (safeguarding of children)";
    case v1::CONDITION_DPA_2018_SCH1_2:
      return "Data Protection Act 2018 Schedule 1 paragraph 2 (health or social care)";
    case v1::CONDITION_DPA_2018_SCH8_4:
      return "Data Protection Act 2018 Schedule 8 paragraph 4 (law enforcement, safeguarding)";
    default:
      return Words(v1::Condition_descriptor(), condition);
  }
}

std::string OnwardWords(int onward) {
  switch (onward) {
    case types::v1::ONWARD_SHARING_NOT_PERMITTED:
      return "not to be passed on";
    case types::v1::ONWARD_SHARING_WITH_PERMISSION:
      return "passed on only with the provider's permission";
    case types::v1::ONWARD_SHARING_SAME_PURPOSE:
      return "within the agency, for the same purpose";
    default:
      return Words(types::v1::OnwardSharing_descriptor(), onward);
  }
}

std::string TriggerWords(int trigger) {
  switch (trigger) {
    case v1::TRIGGER_UNSPECIFIED:  // not said is on request
    case v1::TRIGGER_ON_REQUEST:
      return "when asked for";
    case v1::TRIGGER_ON_EVENT:
      return "as it happens";
    default:
      return Words(v1::Trigger_descriptor(), trigger);
  }
}

std::string ConsentRuleWords(int rule) {
  switch (rule) {
    case v1::CONSENT_RULE_UNSPECIFIED:
      return "whatever consent says";
    case v1::CONSENT_RULE_GIVEN:
      return "consent is given";
    case v1::CONSENT_RULE_GIVEN_OR_OVERRIDDEN:
      return "consent is given or overridden";
    case v1::CONSENT_RULE_NOT_REFUSED:
      return "consent is not refused";
    default:
      return Words(v1::ConsentRule_descriptor(), rule);
  }
}

std::string RelationWords(int relation) {
  switch (relation) {
    case v1::RELATION_OWNER:
      return "owner of the record";
    case v1::RELATION_AUTHOR:
      return "author of the record";
    case v1::RELATION_HOLDING:
      return "holding a record of the child";
    case v1::RELATION_REFERRER:
      return "referrer";
    case v1::RELATION_RESPONSIBLE:
      return "responsible council";
    case v1::RELATION_ENQUIRY:
      return "in the enquiry";
    case v1::RELATION_CORE_GROUP:
      return "in the core group";
    case v1::RELATION_PRESENTING:
      return "presenting there";
    case v1::RELATION_PUBLIC:
      return "record about no child";
    case v1::RELATION_ANY:
      return "any relation or none";
    case v1::RELATION_ALLOCATED:
      return "allocated worker";
    case v1::RELATION_BREAK_GLASS:
      return "emergency access";
    case v1::RELATION_RELEASED:
      return "released to it by name";
    case v1::RELATION_ASKED:
      return "asked about the child";
    case v1::RELATION_ACTION_OWNER:
      return "does an action of the plan";
    default:
      return Words(v1::Relation_descriptor(), relation);
  }
}

std::string FlagWords(int flag) {
  switch (flag) {
    case v1::CHILD_FLAG_PROTECTION_PLAN:
      return "with a protection plan";
    case v1::CHILD_FLAG_LOOKED_AFTER:
      return "looked after";
    case v1::CHILD_FLAG_LIVE_ENQUIRY:
      return "with a live enquiry";
    default:
      return Words(v1::ChildFlag_descriptor(), flag);
  }
}

std::string AgencyWords(const AgencyAndKind& agency) {
  const bool has_kind = agency.kind != directory::v1::AGENCY_KIND_UNSPECIFIED;
  const std::string kind = AgencyKindWords(agency.kind);
  if (agency.kind == kAnotherKind || agency.kind == kUnknownKind) {
    return agency.agency.empty() ? kind : absl::StrCat(agency.agency, " as ", kind);
  }
  if (agency.agency == kAnotherAgency && !has_kind) return "another agency";
  if (agency.agency == kUnknownAgency && !has_kind) return "an unknown agency";
  if (agency.agency.empty()) return absl::StrCat("any ", kind);
  if (!has_kind) return agency.agency;
  return absl::StrCat(agency.agency, " as ", WithArticle(kind));
}

std::vector<std::string> RelationBitWords(std::uint32_t relations) {
  return BitWords(relations, [](int bit) {
    const int relation = bit + 1;
    return RelationWords(relation < v1::RELATION_ANY ? relation : relation + 1);
  });
}

std::vector<std::string> FlagBitWords(std::uint32_t flags) {
  return BitWords(flags, [](int bit) { return FlagWords(bit + 1); });
}

std::string StandingWords(ConsentStanding standing) {
  switch (standing) {
    case ConsentStanding::kNone:
      return "consent not known";
    case ConsentStanding::kGiven:
      return "consent given";
    case ConsentStanding::kRefused:
      return "consent refused";
    case ConsentStanding::kOverridden:
      return "consent overridden";
    case ConsentStanding::kNotRequired:
      return "consent not required";
  }
  return "consent of a sort not known here";
}

std::vector<std::string> CategoriesWords(CategorySet categories) {
  std::vector<std::string> words;
  for (int category = 1; category < 64; ++category) {
    if (categories.Has(static_cast<Category>(category))) words.push_back(CategoryWords(category));
  }
  return words;
}

std::string Listed(const std::vector<std::string>& words, absl::string_view word) {
  if (words.size() < 2) return absl::StrJoin(words, "");
  const std::vector<std::string> first(words.begin(), words.end() - 1);
  return absl::StrCat(absl::StrJoin(first, ", "), " ", word, " ", words.back());
}

}  // namespace trusthub::policy
