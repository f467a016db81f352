// Checks of items against the schema, the people who could ask, and the law's plainer rules.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/policy/tools/lint_checks.h"
#include "common/policy/tools/words.h"

namespace trusthub::policy {
namespace {

using directory::v1::AgencyKind;
using v1::Item;

constexpr CategorySet kEnvelope(std::uint64_t{1} << options::v1::CATEGORY_OPERATIONAL);

bool IsOnlyForTheHub(const Item& item) {
  return item.to().roles_size() == 1 && item.to().roles(0) == options::v1::ROLE_HUB_SERVICE;
}

// Kinds of agency at which a role is played; every kind for roles that are not here.
const std::map<int, std::set<int>>& WorkplacesOfRoles() {
  using namespace directory::v1;  // NOLINT: a table of their values
  using namespace options::v1;    // NOLINT
  static const auto& workplaces = *new std::map<int, std::set<int>>{
      {ROLE_DESIGNATED_LEAD, {AGENCY_KIND_SCHOOL}},
      {ROLE_SCREENING_MANAGER, {AGENCY_KIND_COUNCIL}},
      {ROLE_SOCIAL_WORKER, {AGENCY_KIND_COUNCIL}},
      {ROLE_TEAM_MANAGER, {AGENCY_KIND_COUNCIL}},
      {ROLE_CONFERENCE_CHAIR, {AGENCY_KIND_COUNCIL}},
      {ROLE_INDEPENDENT_REVIEWING_OFFICER, {AGENCY_KIND_COUNCIL}},
      {ROLE_VIRTUAL_SCHOOL_HEAD, {AGENCY_KIND_COUNCIL}},
      {ROLE_PLACEMENT_OFFICER, {AGENCY_KIND_COUNCIL}},
      {ROLE_ALLEGATIONS_OFFICER, {AGENCY_KIND_COUNCIL}},
      {ROLE_CHILD_ABUSE_INVESTIGATOR, {AGENCY_KIND_POLICE_FORCE}},
      {ROLE_EMERGENCY_NURSE, {AGENCY_KIND_ACUTE_TRUST, AGENCY_KIND_COMMUNITY_HEALTH}},
      {ROLE_EMERGENCY_RECEPTIONIST, {AGENCY_KIND_ACUTE_TRUST, AGENCY_KIND_COMMUNITY_HEALTH}},
      {ROLE_HEALTH_VISITOR,
       {AGENCY_KIND_COMMUNITY_HEALTH, AGENCY_KIND_MENTAL_HEALTH_TRUST, AGENCY_KIND_ACUTE_TRUST}},
      {ROLE_SCHOOL_NURSE,
       {AGENCY_KIND_COMMUNITY_HEALTH, AGENCY_KIND_MENTAL_HEALTH_TRUST, AGENCY_KIND_ACUTE_TRUST,
        AGENCY_KIND_SCHOOL}},
      {ROLE_GENERAL_PRACTITIONER, {AGENCY_KIND_COMMUNITY_HEALTH, AGENCY_KIND_ACUTE_TRUST}},
      {ROLE_CAMHS_PRACTITIONER,
       {AGENCY_KIND_MENTAL_HEALTH_TRUST, AGENCY_KIND_COMMUNITY_HEALTH, AGENCY_KIND_ACUTE_TRUST}},
      {ROLE_HOUSING_OFFICER, {AGENCY_KIND_HOUSING, AGENCY_KIND_COUNCIL}},
      {ROLE_CONNEXIONS_ADVISER, {AGENCY_KIND_CONNEXIONS, AGENCY_KIND_COUNCIL}},
      {ROLE_VOLUNTARY_WORKER, {AGENCY_KIND_VOLUNTARY}},
      {ROLE_BOARD_MANAGER, {AGENCY_KIND_SAFEGUARDING_BOARD}},
      {ROLE_INSPECTOR, {AGENCY_KIND_INSPECTORATE}},
      {ROLE_HUB_SERVICE, {AGENCY_KIND_HUB}},
      {ROLE_CALDICOTT_GUARDIAN,
       {AGENCY_KIND_COUNCIL, AGENCY_KIND_ACUTE_TRUST, AGENCY_KIND_COMMUNITY_HEALTH,
        AGENCY_KIND_MENTAL_HEALTH_TRUST}},
  };
  return workplaces;
}

bool IsPlayedAt(int role, int kind, const LintOptions& options) {
  const auto at = WorkplacesOfRoles().find(role);
  return at == WorkplacesOfRoles().end() || at->second.count(kind) > 0 ||
         options.staff.count(
             {static_cast<AgencyKind>(kind), static_cast<options::v1::Role>(role)}) > 0;
}

// Kinds of the recipients; of agencies by name only where the directory knows them. `complete` says
// whether every recipient's kind is known.
std::set<int> KindsOf(const Item& item, const LintOptions& options, bool* complete) {
  std::set<int> kinds(item.to().agency_kinds().begin(), item.to().agency_kinds().end());
  *complete = true;
  for (const std::string& agency : item.to().agencies()) {
    const auto at = options.agencies.find(agency);
    if (at == options.agencies.end()) {
      *complete = false;
    } else {
      kinds.insert(at->second);
    }
  }
  return kinds;
}

void CheckWorkplaces(const Item& item, const LintOptions& options, Findings* findings) {
  bool complete = false;
  const std::set<int> kinds = KindsOf(item, options, &complete);
  for (const int role : item.to().roles()) {
    const bool somewhere = !complete || std::any_of(kinds.begin(), kinds.end(), [&](int kind) {
      return IsPlayedAt(role, kind, options);
    });
    if (somewhere) continue;
    findings->Error(
        item.to(), v1::Recipients::kRolesFieldNumber, "role-elsewhere",
        absl::StrCat("no recipient of item `", item.id(), "` has the role ", RoleWords(role)),
        "correct the role, or add the kind of agency that has it");
  }
  for (const int kind : item.to().agency_kinds()) {
    const auto& roles = item.to().roles();
    if (std::any_of(roles.begin(), roles.end(),
                    [&](int role) { return IsPlayedAt(role, kind, options); })) {
      continue;
    }
    findings->Warn(
        item.to(), v1::Recipients::kAgencyKindsFieldNumber, "recipient-without-role",
        absl::StrCat("nobody of ", AgencyKindWords(kind), " has a role of item `", item.id(), "`"),
        "leave the kind out, or add the role that is meant");
  }
}

// What of an item anyone can ask for, as methods go.
struct Asked {
  std::set<int> roles;
  std::set<int> purposes;
  std::set<int> records;
};

Asked AskedOf(const Item& item, const Schema& schema) {
  Asked asked;
  for (const AccessCell& cell : schema.askable) {
    if (!Lists(item.to().roles(), static_cast<int>(cell.role)) ||
        !Lists(item.purposes(), static_cast<int>(cell.purpose)) ||
        !Lists(item.records(), static_cast<int>(cell.record_kind))) {
      continue;
    }
    asked.roles.insert(cell.role);
    asked.purposes.insert(cell.purpose);
    asked.records.insert(cell.record_kind);
  }
  return asked;
}

template <typename Words>
std::vector<std::string> Missing(const google::protobuf::RepeatedField<int>& list,
                                 const std::set<int>& there, Words words) {
  std::vector<std::string> missing;
  for (const int value : list) {
    if (there.count(value) == 0) missing.push_back(words(value));
  }
  return missing;
}

// An item that gives is meant to be used in all its parts. One that only denies may look ahead.
void CheckAskable(const Item& item, const Schema& schema, Findings* findings) {
  if (item.categories().empty()) return;
  const Asked asked = AskedOf(item, schema);
  if (asked.roles.empty()) {
    findings->Warn(item, 0, "never-matches",
                   absl::StrCat("item `", item.id(),
                                "` never matches: no method lets any of its roles ask for any of "
                                "its records for any of its purposes"),
                   "compare it with the rules of the methods in the protos, or take it out");
    return;
  }
  const auto warn = [&](const google::protobuf::Message& part, int field,
                        const std::vector<std::string>& missing, absl::string_view what) {
    if (missing.empty()) return;
    findings->Warn(
        part, field, "never-asked",
        absl::StrCat("item `", item.id(), "` names ", Listed(missing, "and"), ", ", what),
        "leave it out, or change the rule of the method that should give it");
  };
  warn(item.to(), v1::Recipients::kRolesFieldNumber,
       Missing(item.to().roles(), asked.roles, RoleWords),
       "who may not ask for these records for these purposes");
  warn(item, Item::kPurposesFieldNumber, Missing(item.purposes(), asked.purposes, PurposeWords),
       "for which these roles may not ask for these records");
  warn(item, Item::kRecordsFieldNumber, Missing(item.records(), asked.records, RecordWords),
       "which these roles may not ask for, for these purposes");
}

void CheckCategories(const Item& item, const Schema& schema, Findings* findings) {
  CategorySet in_any;
  std::vector<std::string> empty;
  for (const int kind : item.records()) {
    const CategorySet in_kind = schema.CategoriesOf(static_cast<RecordKind>(kind));
    in_any = in_any | in_kind;
    const bool has_content = (in_kind.bits() & ~kEnvelope.bits()) != 0;
    const bool gives_content =
        std::any_of(item.categories().begin(), item.categories().end(), [&](int category) {
          return category != options::v1::CATEGORY_OPERATIONAL &&
                 in_kind.Has(static_cast<Category>(category));
        });
    if (has_content && !gives_content && item.categories_size() > 1) {
      empty.push_back(RecordWords(kind));
    }
  }
  if (!empty.empty()) {
    findings->Warn(item, Item::kRecordsFieldNumber, "record-without-content",
                   absl::StrCat("item `", item.id(), "` gives of ", Listed(empty, "and"),
                                " no more than that there is one"),
                   "leave the record out, or add the category that is meant");
  }
  // What no record at all has yet (legal advice, say) is agreed ahead of the records, and no slip:
  // a field that comes with it shows in the baseline, and asks for a new version of the agreement.
  const CategorySet somewhere = schema.Categories();
  std::vector<std::string> of_nothing;
  for (const int value : item.categories()) {
    const auto category = static_cast<Category>(value);
    if (!in_any.Has(category) && somewhere.Has(category)) {
      of_nothing.push_back(CategoryWords(value));
    }
  }
  if (of_nothing.empty() || IsOnlyForTheHub(item)) return;
  findings->Warn(item, Item::kCategoriesFieldNumber, "category-of-nothing",
                 absl::StrCat("item `", item.id(), "` gives ", Listed(of_nothing, "and"),
                              ", which other records have and its own do not"),
                 "leave the category out, or add the record that is meant");
}

// Purposes for which sharing may rest on consent. For the others the law does not ask for it
// (Children Act 1989 s47, vital interests), and a refusal must not stand in the way.
bool MayRestOnConsent(int purpose) {
  switch (purpose) {
    case options::v1::PURPOSE_EARLY_HELP:
    case options::v1::PURPOSE_ASSESSMENT:
    case options::v1::PURPOSE_SCREENING:
    case options::v1::PURPOSE_HEALTH_CARE:
    case options::v1::PURPOSE_EDUCATION_SUPPORT:
    case options::v1::PURPOSE_HOUSING_SUPPORT:
    case options::v1::PURPOSE_LOOKED_AFTER_CARE:
      return true;
    default:
      return false;
  }
}

void CheckConsent(const Item& item, Findings* findings) {
  // An override is how sharing goes on without consent, so items that heed it are of any purpose;
  // and the consent itself may be read for any by those who rely on it.
  if (item.consent() != v1::CONSENT_RULE_GIVEN ||
      (item.records_size() == 1 && item.records(0) == options::v1::RECORD_KIND_CONSENT)) {
    return;
  }
  std::vector<std::string> others;
  for (const int purpose : item.purposes()) {
    if (!MayRestOnConsent(purpose)) others.push_back(PurposeWords(purpose));
  }
  if (others.empty()) return;
  findings->Error(
      item, Item::kConsentFieldNumber, "consent-for-purpose",
      absl::StrCat("item `", item.id(), "` asks for consent for ", Listed(others, "and"),
                   ", which does not rest on consent"),
      "leave `consent` out for it, heed overrides (`given_or_overridden`), or leave the "
      "purpose out");
}

// What may be passed on by its provider's word, given each time, though its existence is secret:
// police information, as its handling code says; and where a hidden child lives, which its council
// tells the school or the surgery that cannot do without.
bool MayBePassedOnByWord(int category) {
  return category == options::v1::CATEGORY_POLICE_INTELLIGENCE ||
         category == options::v1::CATEGORY_CONFIDENTIAL_ADDRESS;
}

// A secret passed on is none.
void CheckSecrets(const Item& item, CategorySet secrets, Findings* findings) {
  std::vector<std::string> given;
  for (const int category : item.categories()) {
    const bool with_permission =
        MayBePassedOnByWord(category) && item.onward() == types::v1::ONWARD_SHARING_WITH_PERMISSION;
    if (secrets.Has(static_cast<Category>(category)) && !with_permission) {
      given.push_back(CategoryWords(category));
    }
  }
  if (given.empty() || item.onward() == types::v1::ONWARD_SHARING_NOT_PERMITTED) return;
  const std::string what = absl::StrCat(
      "item `", item.id(), "` gives ", Listed(given, "and"),
      ", whose existence is secret, and does not forbid to pass it on (",
      item.onward() == types::v1::ONWARD_SHARING_UNSPECIFIED ? "nothing is said"
                                                             : OnwardWords(item.onward()),
      ")");
  const std::string action = "set `onward: not_permitted`";
  if (item.onward() == types::v1::ONWARD_SHARING_WITH_PERMISSION) {
    findings->Warn(item, Item::kOnwardFieldNumber, "secret-passed-on", what, action);
  } else {
    findings->Error(item, Item::kOnwardFieldNumber, "secret-passed-on", what, action);
  }
}

void CheckHandling(const Item& item, Findings* findings) {
  const auto police = static_cast<int>(options::v1::CATEGORY_POLICE_INTELLIGENCE);
  if (Lists(item.categories(), police)) {
    if (item.handling().empty()) {
      findings->Error(item, Item::kHandlingFieldNumber, "police-handling",
                      absl::StrCat("item `", item.id(),
                                   "` gives police intelligence and does not say how to handle it"),
                      "say in `handling` what its grading asks of those who receive it");
    }
    if (item.onward() == types::v1::ONWARD_SHARING_SAME_PURPOSE) {
      findings->Error(item, Item::kOnwardFieldNumber, "police-passed-on",
                      absl::StrCat("item `", item.id(),
                                   "` lets police intelligence be passed on without asking"),
                      "set `onward: with_permission` or `not_permitted`");
    }
    return;
  }
  if (item.onward() == types::v1::ONWARD_SHARING_UNSPECIFIED) {
    findings->Warn(item, Item::kOnwardFieldNumber, "no-onward-rule",
                   absl::StrCat("item `", item.id(), "` does not say whether it may be passed on"),
                   "add `onward`");
  }
  if (item.handling().empty()) {
    findings->Warn(item, Item::kHandlingFieldNumber, "no-handling",
                   absl::StrCat("item `", item.id(), "` does not say how to handle what it gives"),
                   "add `handling`");
  }
}

// A trigger gives nothing by itself: that events bring a record is up to the methods.
void CheckTrigger(const Item& item, const Schema& schema, Findings* findings) {
  if (item.trigger() != v1::TRIGGER_ON_EVENT) return;
  std::set<int> delivered(schema.delivered.begin(), schema.delivered.end());
  const std::vector<std::string> never = Missing(item.records(), delivered, RecordWords);
  if (never.empty()) return;
  findings->Warn(item, Item::kTriggerFieldNumber, "never-an-event",
                 absl::StrCat("item `", item.id(), "` says that events bring ",
                              Listed(never, "and"), ", which no stream delivers"),
                 "set `trigger: on_request`, or move what events bring to an item of its own");
}

void CheckRelations(const Item& item, Findings* findings) {
  const bool any = Lists(item.relations(), static_cast<int>(v1::RELATION_ANY));
  const bool hub_only =
      item.purposes_size() == 1 && item.purposes(0) == options::v1::PURPOSE_HUB_OPERATION;
  if (any && !item.categories().empty() && !hub_only) {
    findings->Error(
        item, Item::kRelationsFieldNumber, "any-relation",
        absl::StrCat("item `", item.id(),
                     "` gives whatever the relation, for more than the hub's operation"),
        "keep `hub_operation` alone, or name the relations that are needed");
  }
  const bool by_emergency = Lists(item.relations(), static_cast<int>(v1::RELATION_BREAK_GLASS));
  if (by_emergency && Lists(item.categories(), static_cast<int>(options::v1::CATEGORY_ADOPTION))) {
    findings->Error(item, Item::kRelationsFieldNumber, "adoption-by-emergency",
                    absl::StrCat("item `", item.id(), "` opens adoption to emergency access"),
                    "leave `break_glass` or `adoption` out");
  }
}

template <typename List>
void CheckNames(const Item& item, const List& names, const google::protobuf::Message& part,
                int field, const LintOptions& options, Findings* findings) {
  for (const std::string& name : names) {
    if (options.agencies.empty() || options.agencies.count(name) > 0) continue;
    findings->Error(part, field, "unknown-agency",
                    absl::StrCat("`", name, "` of item `", item.id(), "` is not in the directory"),
                    "correct its name, or register the agency first");
  }
}

}  // namespace

void CheckItems(const AgreementFile& file, const LintOptions& options, CategorySet secrets,
                Findings* findings) {
  const bool has_gateway =
      !Lists(file.agreement().gateways(), static_cast<int>(v1::GATEWAY_NOT_NEEDED));
  for (const Item& item : file.agreement().items()) {
    CheckAskable(item, options.schema, findings);
    CheckCategories(item, options.schema, findings);
    CheckWorkplaces(item, options, findings);
    CheckConsent(item, findings);
    CheckTrigger(item, options.schema, findings);
    if (!item.categories().empty()) {
      CheckSecrets(item, secrets, findings);
      if (has_gateway) CheckHandling(item, findings);
    }
    CheckRelations(item, findings);
    CheckNames(item, item.to().agencies(), item.to(), v1::Recipients::kAgenciesFieldNumber, options,
               findings);
    CheckNames(item, item.from().agencies(), item.from(), v1::Providers::kAgenciesFieldNumber,
               options, findings);
  }
}

}  // namespace trusthub::policy
