// Checks of an agreement's head: dates, signatures, parties, legal ground, arrangements.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/policy/tools/lint_checks.h"
#include "common/policy/tools/words.h"
#include "common/time/civil_date.h"

namespace trusthub::policy {
namespace {

using v1::Agreement;

// First day of the UK GDPR and the Data Protection Act 2018.
constexpr absl::CivilDay kGdprStart(2018, 5, 25);

bool IsSigned(const Agreement& agreement) {
  return agreement.status() == v1::AGREEMENT_STATUS_SIGNED;
}

void CheckDates(const Agreement& agreement, const LintOptions& options, Findings* findings) {
  if (agreement.has_effective_to()) {
    const absl::CivilDay last = *DateFromProto(agreement.effective_to());
    if (IsSigned(agreement) && last < options.today) {
      findings->Error(agreement, Agreement::kEffectiveToFieldNumber, "ended",
                      absl::StrCat("ended on ", FormatDay(last), ", so none of its items matches"),
                      "agree on a new end and raise `version`, or set `status: expired`");
    }
  }
  if (agreement.status() == v1::AGREEMENT_STATUS_EXPIRED) return;
  const absl::CivilDay review = *DateFromProto(agreement.review_date());
  if (review < options.today) {
    findings->Error(agreement, Agreement::kReviewDateFieldNumber, "review-passed",
                    absl::StrCat("was to be reviewed by ", FormatDay(review)),
                    "review it with the parties, set the next `review_date` and raise `version`");
  } else if (review < options.today + kReviewNoticeDays) {
    findings->Warn(agreement, Agreement::kReviewDateFieldNumber, "review-due",
                   absl::StrCat("is to be reviewed by ", FormatDay(review)),
                   "begin the review with the parties now");
  }
}

void CheckSignatures(const Agreement& agreement, const LintOptions& options, Findings* findings) {
  if (!IsSigned(agreement)) return;
  const absl::CivilDay from = *DateFromProto(agreement.effective_from());
  std::set<std::string> agencies;
  for (const v1::Signatory& signatory : agreement.signatories()) {
    agencies.insert(signatory.agency());
    const absl::CivilDay day = *DateFromProto(signatory.sign_date());
    if (day > options.today) {
      findings->Error(signatory, v1::Signatory::kSignDateFieldNumber, "signed-in-the-future",
                      absl::StrCat("is signed on ", FormatDay(day), ", which has not come"),
                      "correct the date, or set `status: draft` until it is signed");
    } else if (day > from) {
      findings->Warn(signatory, v1::Signatory::kSignDateFieldNumber, "signed-late",
                     absl::StrCat("is signed on ", FormatDay(day), ", after it came into force on ",
                                  FormatDay(from)),
                     "start the agreement on or after the day of its last signature");
    }
    const bool is_party =
        std::any_of(agreement.parties().begin(), agreement.parties().end(),
                    [&](const v1::Party& party) { return party.agency() == signatory.agency(); });
    if (!is_party) {
      findings->Error(signatory, v1::Signatory::kAgencyFieldNumber, "signatory-no-party",
                      absl::StrCat("`", signatory.agency(), "` signed but is not a party by name"),
                      "add it to `parties`, or take the signature out");
    }
  }
  if (agencies.size() < 2) {
    findings->Error(agreement, Agreement::kSignatoriesFieldNumber, "one-sided",
                    "only one agency has signed", "have another party sign");
  }
}

// Any one of which opens the way for a purpose (domain: powers and duties of 1989 to 2006). The
// duty to co-operate is general; housing authorities have their own.
const std::map<int, std::vector<int>>& GatewaysOfPurposes() {
  using namespace options::v1;  // NOLINT: a table of their values
  using namespace v1;           // NOLINT
  static const auto& gateways = *new std::map<int, std::vector<int>>{
      {PURPOSE_ASSESSMENT,
       {GATEWAY_CHILDREN_ACT_1989_S17, GATEWAY_CHILDREN_ACT_1989_S27, GATEWAY_CHILDREN_ACT_1989_S47,
        GATEWAY_CHILDREN_ACT_2004_S10, GATEWAY_CHILDREN_ACT_2004_S11}},
      {PURPOSE_CHILD_PROTECTION_ENQUIRY,
       {GATEWAY_CHILDREN_ACT_1989_S47, GATEWAY_CHILDREN_ACT_2004_S10, GATEWAY_CHILDREN_ACT_2004_S11,
        GATEWAY_CRIME_AND_DISORDER_ACT_1998_S115}},
      {PURPOSE_CHILD_PROTECTION_PLANNING,
       {GATEWAY_CHILDREN_ACT_1989_S17, GATEWAY_CHILDREN_ACT_1989_S47, GATEWAY_CHILDREN_ACT_2004_S10,
        GATEWAY_CHILDREN_ACT_2004_S11}},
      {PURPOSE_UNSCHEDULED_CARE,
       {GATEWAY_NHS_ACT_2006_S82, GATEWAY_CHILDREN_ACT_1989_S47, GATEWAY_CHILDREN_ACT_2004_S10,
        GATEWAY_CHILDREN_ACT_2004_S11}},
      {PURPOSE_HEALTH_CARE,
       {GATEWAY_NHS_ACT_2006_S82, GATEWAY_CHILDREN_ACT_2004_S10, GATEWAY_CHILDREN_ACT_2004_S11}},
      {PURPOSE_EDUCATION_SUPPORT,
       {GATEWAY_EDUCATION_ACT_2002_S175, GATEWAY_CHILDREN_ACT_1989_S17,
        GATEWAY_CHILDREN_ACT_2004_S10, GATEWAY_CHILDREN_ACT_2004_S11}},
      {PURPOSE_HOUSING_SUPPORT, {GATEWAY_HOUSING_ACT_1996_S213A, GATEWAY_CHILDREN_ACT_1989_S27}},
      {PURPOSE_POLICE_PROTECTION,
       {GATEWAY_CRIME_AND_DISORDER_ACT_1998_S115, GATEWAY_CHILDREN_ACT_1989_S47,
        GATEWAY_CHILDREN_ACT_2004_S10, GATEWAY_CHILDREN_ACT_2004_S11}},
      {PURPOSE_EARLY_HELP,
       {GATEWAY_CHILDREN_ACT_2004_S10, GATEWAY_CHILDREN_ACT_1989_S17,
        GATEWAY_CHILDREN_ACT_2004_S11}},
      {PURPOSE_LOOKED_AFTER_CARE,
       {GATEWAY_CHILDREN_ACT_1989_S17, GATEWAY_CHILDREN_ACT_1989_S27, GATEWAY_CHILDREN_ACT_2004_S10,
        GATEWAY_CHILDREN_ACT_2004_S11}},
  };
  return gateways;
}

// Whether an item gives something about children to others than those whose record it is.
bool SharesAboutChildren(const v1::Item& item) {
  const bool own = std::all_of(item.relations().begin(), item.relations().end(), [](int relation) {
    return relation == v1::RELATION_OWNER || relation == v1::RELATION_AUTHOR ||
           relation == v1::RELATION_PUBLIC;
  });
  return !own && std::any_of(item.categories().begin(), item.categories().end(), [](int category) {
    return category != options::v1::CATEGORY_OPERATIONAL &&
           category != options::v1::CATEGORY_WORKER;
  });
}

void CheckGateways(const Agreement& agreement, Findings* findings) {
  const auto& gateways = agreement.gateways();
  const bool not_needed = gateways.size() == 1 && gateways.Get(0) == v1::GATEWAY_NOT_NEEDED;
  if (gateways.size() > 1 && Lists(gateways, static_cast<int>(v1::GATEWAY_NOT_NEEDED))) {
    findings->Error(agreement, Agreement::kGatewaysFieldNumber, "gateway-and-none",
                    "names a gateway and says that none is needed",
                    "keep the gateways, or `not_needed` alone");
  }
  if (not_needed) {
    for (const v1::Item& item : agreement.items()) {
      if (!SharesAboutChildren(item)) continue;
      findings->Error(item, v1::Item::kCategoriesFieldNumber, "no-gateway",
                      absl::StrCat("item `", item.id(),
                                   "` shares about children under an agreement that says it needs "
                                   "no gateway"),
                      "name the gateway, or move the item to an agreement that has one");
    }
    return;
  }
  for (const int purpose : agreement.purposes()) {
    const auto at = GatewaysOfPurposes().find(purpose);
    if (at == GatewaysOfPurposes().end()) continue;
    const bool open = std::any_of(at->second.begin(), at->second.end(),
                                  [&](int gateway) { return Lists(gateways, gateway); });
    if (open) continue;
    std::vector<std::string> wanted;
    for (const int gateway : at->second) wanted.push_back(GatewayWords(gateway));
    findings->Error(agreement, Agreement::kGatewaysFieldNumber, "gateway-for-purpose",
                    absl::StrCat("no gateway opens the way for ", PurposeWords(purpose)),
                    absl::StrCat("add ", Listed(wanted, "or"), ", or leave the purpose out"));
  }
}

bool IsSpecialCondition(int condition, bool of_1998) {
  const std::string name = v1::Condition_Name(static_cast<v1::Condition>(condition));
  return of_1998 ? absl::StartsWith(name, "CONDITION_DPA_1998_SCH3")
                 : absl::StartsWith(name, "CONDITION_DPA_2018_SCH");
}

// Special-category data needs a condition of its own in each regime the agreement lives through.
void CheckSpecial(const Agreement& agreement, Findings* findings) {
  const auto special =
      std::find_if(agreement.items().begin(), agreement.items().end(), GivesSpecial);
  if (special == agreement.items().end()) return;
  const bool before = *DateFromProto(agreement.effective_from()) < kGdprStart;
  const bool after =
      !agreement.has_effective_to() || *DateFromProto(agreement.effective_to()) >= kGdprStart;
  for (const bool of_1998 : {true, false}) {
    if (of_1998 ? !before : !after) continue;
    const bool has =
        std::any_of(agreement.conditions().begin(), agreement.conditions().end(),
                    [of_1998](int condition) { return IsSpecialCondition(condition, of_1998); });
    if (has) continue;
    findings->Error(
        agreement, Agreement::kConditionsFieldNumber, "special-category",
        absl::StrCat("item `", special->id(),
                     "` gives data that the law protects specially, and the agreement has only a "
                     "condition for ordinary data",
                     of_1998 ? " before 25 May 2018" : " from 25 May 2018 on"),
        of_1998 ? "add one of Schedule 3 of the Data Protection Act 1998, or give less"
                : "add one of Schedule 1 or 8 of the Data Protection Act 2018, or give less");
  }
}

void CheckParties(const Agreement& agreement, const LintOptions& options, Findings* findings) {
  const auto used = [&agreement](const v1::Party& party) {
    const auto names = [&party](const auto& list) {
      return party.agency().empty()
                 ? Lists(list.agency_kinds(), static_cast<int>(party.agency_kind()))
                 : Lists(list.agencies(), party.agency());
    };
    for (const v1::Item& item : agreement.items()) {
      if (names(item.to()) || names(item.from()) || item.released_by() == party.agency()) {
        return true;
      }
    }
    return std::any_of(
        agreement.signatories().begin(), agreement.signatories().end(),
        [&](const v1::Signatory& signatory) { return signatory.agency() == party.agency(); });
  };
  for (const v1::Party& party : agreement.parties()) {
    const std::string name =
        party.agency().empty() ? AgencyKindWords(party.agency_kind()) : party.agency();
    if (!options.agencies.empty() && !party.agency().empty() &&
        options.agencies.count(party.agency()) == 0) {
      findings->Error(party, v1::Party::kAgencyFieldNumber, "unknown-agency",
                      absl::StrCat("`", name, "` is not in the directory"),
                      "correct its name, or register the agency first");
    }
    if (agreement.items().empty() || used(party)) continue;
    findings->Warn(party, 0, "idle-party",
                   absl::StrCat("`", name, "` neither gets, gives, releases nor signs anything"),
                   "take it out of `parties`, or add what it is a party for");
  }
}

void CheckArrangements(const Agreement& agreement, Findings* findings) {
  if (agreement.has_arrangements() ||
      Lists(agreement.gateways(), static_cast<int>(v1::GATEWAY_NOT_NEEDED))) {
    return;
  }
  findings->Error(agreement, 0, "no-arrangements", "shares under a gateway without `arrangements`",
                  "say how parties tell families, correct, keep, dispose and report breaches");
}

void CheckPurposesUsed(const Agreement& agreement, Findings* findings) {
  for (const int purpose : agreement.purposes()) {
    const bool used =
        std::any_of(agreement.items().begin(), agreement.items().end(),
                    [purpose](const v1::Item& item) { return Lists(item.purposes(), purpose); });
    if (used || agreement.items().empty()) continue;
    findings->Warn(agreement, Agreement::kPurposesFieldNumber, "idle-purpose",
                   absl::StrCat("is for ", PurposeWords(purpose), ", for which no item gives or ",
                                "denies anything"),
                   "leave the purpose out, or add what is shared for it");
  }
}

}  // namespace

bool IsSpecial(Category category) {
  switch (category) {
    case options::v1::CATEGORY_CHARACTERISTICS:
    case options::v1::CATEGORY_HEALTH_SUMMARY:
    case options::v1::CATEGORY_HEALTH_DETAIL:
    case options::v1::CATEGORY_SEXUAL_HEALTH:
    case options::v1::CATEGORY_MENTAL_HEALTH:
    case options::v1::CATEGORY_MEDICAL_NEEDS:
    case options::v1::CATEGORY_POLICE_INTELLIGENCE:
    case options::v1::CATEGORY_LADO:
      return true;
    default:
      return false;
  }
}

bool GivesSpecial(const v1::Item& item) {
  return std::any_of(item.categories().begin(), item.categories().end(),
                     [](int category) { return IsSpecial(static_cast<Category>(category)); });
}

void CheckHead(const AgreementFile& file, const LintOptions& options, Findings* findings) {
  const Agreement& agreement = file.agreement();
  CheckDates(agreement, options, findings);
  CheckSignatures(agreement, options, findings);
  CheckGateways(agreement, findings);
  CheckSpecial(agreement, findings);
  CheckParties(agreement, options, findings);
  CheckArrangements(agreement, findings);
  CheckPurposesUsed(agreement, findings);
}

}  // namespace trusthub::policy
