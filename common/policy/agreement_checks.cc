#include "common/policy/agreement_checks.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"
#include "google/protobuf/descriptor.h"

namespace trusthub::policy {
namespace {

using google::protobuf::Message;
using v1::Agreement;
using v1::Item;
using v1::Recipients;

// First day of the UK GDPR and the Data Protection Act 2018.
constexpr absl::CivilDay kGdprStart(2018, 5, 25);

// Every key of `part` but those named must be in the file.
absl::Status CheckPresent(const AgreementFile& file, const Message& part,
                          const std::set<int>& optional) {
  const google::protobuf::Descriptor& descriptor = *part.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *descriptor.field(i);
    if (optional.count(field.number()) > 0 || file.Has(part, field.number())) continue;
    return file.Error(file.Line(part, 0), absl::StrCat("`", field.name(), "` is missing; add it"));
  }
  return absl::OkStatus();
}

absl::Status CheckId(const AgreementFile& file, const Message& part, int field,
                     absl::string_view id) {
  if (IsNameIn("x", absl::StrCat("x/", id))) return absl::OkStatus();
  return file.Error(
      file.Line(part, field),
      absl::StrCat("`", id, "` is not an id; use lower case letters, digits and hyphens"));
}

absl::Status CheckAgencyName(const AgreementFile& file, const Message& part, int field,
                             absl::string_view name) {
  if (IsNameIn("agencies", name)) return absl::OkStatus();
  return file.Error(
      file.Line(part, field),
      absl::StrCat("`", name, "` is not an agency's name; write it as agencies/some-agency"));
}

absl::Status CheckDates(const AgreementFile& file) {
  const Agreement& agreement = file.agreement();
  // The reader has let only real days through.
  const absl::CivilDay from = *DateFromProto(agreement.effective_from());
  if (agreement.has_effective_to() && *DateFromProto(agreement.effective_to()) < from) {
    return file.Error(file.Line(agreement, Agreement::kEffectiveToFieldNumber),
                      "`effective_to` lies before `effective_from`; correct one of them");
  }
  if (*DateFromProto(agreement.review_date()) < from) {
    return file.Error(file.Line(agreement, Agreement::kReviewDateFieldNumber),
                      "`review_date` lies before `effective_from`; correct one of them");
  }
  return absl::OkStatus();
}

template <typename List>
bool Lists(const List& list, int value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool IsConditionOf1998(int condition) {
  return absl::StartsWith(v1::Condition_Name(static_cast<v1::Condition>(condition)),
                          "CONDITION_DPA_1998");
}

// An agreement needs a data protection condition for each regime that it lives through.
absl::Status CheckConditions(const AgreementFile& file) {
  const Agreement& agreement = file.agreement();
  const bool before = *DateFromProto(agreement.effective_from()) < kGdprStart;
  const bool after =
      !agreement.has_effective_to() || *DateFromProto(agreement.effective_to()) >= kGdprStart;
  const auto of_1998 = std::count_if(agreement.conditions().begin(), agreement.conditions().end(),
                                     IsConditionOf1998);
  const int line = file.Line(agreement, Agreement::kConditionsFieldNumber);
  if (before && of_1998 == 0) {
    return file.Error(line,
                      "in force before 25 May 2018 without a condition of the Data Protection Act "
                      "1998; add one or start later");
  }
  if (after && of_1998 == agreement.conditions_size()) {
    return file.Error(line,
                      "in force after 24 May 2018 without a condition of the UK GDPR or the Data "
                      "Protection Act 2018; add one or end earlier");
  }
  return absl::OkStatus();
}

absl::Status CheckParties(const AgreementFile& file) {
  std::set<std::pair<std::string, int>> seen;
  for (const v1::Party& party : file.agreement().parties()) {
    const int line = file.Line(party, 0);
    TRUSTHUB_RETURN_IF_ERROR(CheckPresent(
        file, party, {v1::Party::kAgencyFieldNumber, v1::Party::kAgencyKindFieldNumber}));
    if (party.agency().empty() == (party.agency_kind() == 0)) {
      return file.Error(line, "a party is either an `agency` or an `agency_kind`; give one");
    }
    if (!party.agency().empty()) {
      TRUSTHUB_RETURN_IF_ERROR(
          CheckAgencyName(file, party, v1::Party::kAgencyFieldNumber, party.agency()));
    }
    if (!seen.emplace(party.agency(), party.agency_kind()).second) {
      return file.Error(line, "this party is listed twice; keep one");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSignatories(const AgreementFile& file) {
  const Agreement& agreement = file.agreement();
  std::set<std::pair<std::string, std::string>> seen;
  for (const v1::Signatory& signatory : agreement.signatories()) {
    TRUSTHUB_RETURN_IF_ERROR(CheckPresent(file, signatory, {}));
    TRUSTHUB_RETURN_IF_ERROR(
        CheckAgencyName(file, signatory, v1::Signatory::kAgencyFieldNumber, signatory.agency()));
    seen.emplace(signatory.agency(), signatory.office());
  }
  if (agreement.status() == v1::AGREEMENT_STATUS_SIGNED && seen.size() < 2) {
    return file.Error(file.Line(agreement, Agreement::kSignatoriesFieldNumber),
                      "a signed agreement needs two different signatories; add one or set "
                      "`status: draft`");
  }
  return absl::OkStatus();
}

// Who shares under a power or duty says how it keeps its word, and says it whole. A breach is told
// within the 72 hours in which the controller must tell the regulator (UK GDPR Article 33(1)).
absl::Status CheckArrangements(const AgreementFile& file) {
  constexpr int kMostBreachHours = 72;
  const Agreement& agreement = file.agreement();
  if (!agreement.has_arrangements()) {
    if (Lists(agreement.gateways(), v1::GATEWAY_NOT_NEEDED)) return absl::OkStatus();
    return file.Error(file.Line(agreement, 0),
                      "`arrangements` is missing; add it, or use the gateway `not_needed` where no "
                      "personal data of a child is shared");
  }
  const v1::Arrangements& arrangements = agreement.arrangements();
  TRUSTHUB_RETURN_IF_ERROR(CheckPresent(file, arrangements, {}));
  if (arrangements.breach_hours() > kMostBreachHours) {
    return file.Error(file.Line(arrangements, v1::Arrangements::kBreachHoursFieldNumber),
                      absl::StrCat("`breach_hours` is more than ", kMostBreachHours,
                                   ", within which the regulator must know; lower it"));
  }
  return absl::OkStatus();
}

bool IsParty(const Agreement& agreement, absl::string_view agency) {
  return std::any_of(agreement.parties().begin(), agreement.parties().end(),
                     [&](const v1::Party& party) { return party.agency() == agency; });
}

bool IsPartyKind(const Agreement& agreement, int kind) {
  return std::any_of(agreement.parties().begin(), agreement.parties().end(),
                     [&](const v1::Party& party) { return party.agency_kind() == kind; });
}

// Agencies that `part` of an item names, by name and by kind: some, and all of them parties.
// Recipients and Providers have the same two fields.
template <typename Agencies>
absl::Status CheckAreParties(const AgreementFile& file, const Agencies& part,
                             absl::string_view what) {
  const Agreement& agreement = file.agreement();
  if (part.agencies().empty() && part.agency_kinds().empty()) {
    return file.Error(file.Line(part, 0),
                      absl::StrCat("names no ", what, "; add `agencies` or `agency_kinds`"));
  }
  for (const std::string& agency : part.agencies()) {
    TRUSTHUB_RETURN_IF_ERROR(CheckAgencyName(file, part, Agencies::kAgenciesFieldNumber, agency));
    if (IsParty(agreement, agency)) continue;
    return file.Error(
        file.Line(part, Agencies::kAgenciesFieldNumber),
        absl::StrCat("`", agency, "` is not a party; add it to `parties` or leave it out"));
  }
  for (const int kind : part.agency_kinds()) {
    if (IsPartyKind(agreement, kind)) continue;
    const auto* value = directory::v1::AgencyKind_descriptor()->FindValueByNumber(kind);
    return file.Error(file.Line(part, Agencies::kAgencyKindsFieldNumber),
                      absl::StrCat("`", ShortName(*value),
                                   "` is not a kind of party; add it to `parties` as an "
                                   "`agency_kind` or leave it out"));
  }
  return absl::OkStatus();
}

absl::Status CheckRecipients(const AgreementFile& file, const Item& item) {
  TRUSTHUB_RETURN_IF_ERROR(CheckPresent(
      file, item.to(), {Recipients::kAgenciesFieldNumber, Recipients::kAgencyKindsFieldNumber}));
  return CheckAreParties(file, item.to(), "recipient");
}

absl::Status CheckProviders(const AgreementFile& file, const Item& item) {
  if (!item.has_from()) return absl::OkStatus();
  return CheckAreParties(file, item.from(), "provider");
}

absl::Status CheckPurposes(const AgreementFile& file, const Item& item) {
  const auto& signed_for = file.agreement().purposes();
  for (const int purpose : item.purposes()) {
    if (Lists(signed_for, purpose)) continue;
    const auto* value = options::v1::Purpose_descriptor()->FindValueByNumber(purpose);
    return file.Error(file.Line(item, Item::kPurposesFieldNumber),
                      absl::StrCat("`", ShortName(*value),
                                   "` is not a purpose of the agreement; add it to the agreement's "
                                   "`purposes` or leave it out"));
  }
  return absl::OkStatus();
}

absl::Status CheckRelations(const AgreementFile& file, const Item& item) {
  const auto& relations = item.relations();
  if (!Lists(relations, v1::RELATION_ANY)) return absl::OkStatus();
  const bool only_for_the_hub =
      item.to().roles_size() == 1 && item.to().roles(0) == options::v1::ROLE_HUB_SERVICE;
  // A deny for any relation also holds for relations that the hub comes to know later.
  if (relations.size() == 1 && (only_for_the_hub || item.categories().empty())) {
    return absl::OkStatus();
  }
  return file.Error(
      file.Line(item, Item::kRelationsFieldNumber),
      "`any` stands alone and is only for items that give nothing or whose one role is "
      "`hub_service`; name the relations that people need");
}

absl::Status CheckCategories(const AgreementFile& file, const Item& item) {
  if (item.categories().empty() && item.deny().empty()) {
    return file.Error(file.Line(item, 0),
                      "neither gives nor denies anything; add `categories` or `deny`");
  }
  for (const int category : item.deny()) {
    if (!Lists(item.categories(), category)) continue;
    const auto* value = options::v1::Category_descriptor()->FindValueByNumber(category);
    return file.Error(file.Line(item, Item::kDenyFieldNumber),
                      absl::StrCat("`", ShortName(*value),
                                   "` is both given and denied; keep it in one of the two lists"));
  }
  return absl::OkStatus();
}

// Consent opens what an item gives. A deny holds whatever consent says, so a condition on one that
// gives nothing would never be looked at.
absl::Status CheckConsent(const AgreementFile& file, const Item& item) {
  if (item.consent() == v1::CONSENT_RULE_UNSPECIFIED || !item.categories().empty()) {
    return absl::OkStatus();
  }
  return file.Error(file.Line(item, Item::kConsentFieldNumber),
                    "an item that only denies holds whatever consent says; leave `consent` out, "
                    "or give with consent what is to be opened by it");
}

absl::Status CheckItem(const AgreementFile& file, const Item& item) {
  TRUSTHUB_RETURN_IF_ERROR(
      CheckPresent(file, item,
                   {Item::kCategoriesFieldNumber, Item::kDenyFieldNumber, Item::kWhenFieldNumber,
                    Item::kConsentFieldNumber, Item::kFromFieldNumber, Item::kOnwardFieldNumber,
                    Item::kHandlingFieldNumber, Item::kTriggerFieldNumber}));
  TRUSTHUB_RETURN_IF_ERROR(CheckId(file, item, Item::kIdFieldNumber, item.id()));
  TRUSTHUB_RETURN_IF_ERROR(CheckRecipients(file, item));
  TRUSTHUB_RETURN_IF_ERROR(CheckProviders(file, item));
  TRUSTHUB_RETURN_IF_ERROR(CheckPurposes(file, item));
  TRUSTHUB_RETURN_IF_ERROR(CheckRelations(file, item));
  TRUSTHUB_RETURN_IF_ERROR(CheckCategories(file, item));
  TRUSTHUB_RETURN_IF_ERROR(CheckConsent(file, item));
  if (!IsParty(file.agreement(), item.released_by())) {
    return file.Error(file.Line(item, Item::kReleasedByFieldNumber),
                      absl::StrCat("`", item.released_by(),
                                   "` is not a party by name; name the party that can release"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckAgreement(const AgreementFile& file) {
  const Agreement& agreement = file.agreement();
  TRUSTHUB_RETURN_IF_ERROR(
      CheckPresent(file, agreement,
                   {Agreement::kSecretCategoriesFieldNumber, Agreement::kArrangementsFieldNumber}));
  TRUSTHUB_RETURN_IF_ERROR(CheckId(file, agreement, Agreement::kIdFieldNumber, agreement.id()));
  TRUSTHUB_RETURN_IF_ERROR(CheckDates(file));
  TRUSTHUB_RETURN_IF_ERROR(CheckConditions(file));
  TRUSTHUB_RETURN_IF_ERROR(CheckParties(file));
  TRUSTHUB_RETURN_IF_ERROR(CheckSignatories(file));
  TRUSTHUB_RETURN_IF_ERROR(CheckArrangements(file));
  std::map<std::string, int> lines;
  for (const Item& item : agreement.items()) {
    TRUSTHUB_RETURN_IF_ERROR(CheckItem(file, item));
    const int line = file.Line(item, Item::kIdFieldNumber);
    const auto [at, is_new] = lines.emplace(item.id(), line);
    if (!is_new) {
      return file.Error(line, absl::StrCat("item `", item.id(), "` is already at line ", at->second,
                                           "; rename one"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTogether(const std::vector<AgreementFile>& files) {
  std::map<std::string, std::string> paths;
  for (const AgreementFile& file : files) {
    const auto [at, is_new] = paths.emplace(file.agreement().id(), file.path());
    if (is_new) continue;
    return file.Error(file.Line(file.agreement(), Agreement::kIdFieldNumber),
                      absl::StrCat("agreement `", file.agreement().id(), "` is already in ",
                                   at->second, "; rename or remove one"));
  }
  return absl::OkStatus();
}

}  // namespace trusthub::policy
