#include "common/policy/tools/render.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/policy/tools/words.h"
#include "common/time/civil_date.h"

namespace trusthub::policy {
namespace {

using v1::Agreement;
using v1::Item;

std::string Capitalised(std::string text) {
  if (!text.empty()) text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  return text;
}

template <typename List, typename WordsOf>
std::vector<std::string> All(const List& list, WordsOf words_of) {
  std::vector<std::string> words;
  for (const auto& each : list) words.push_back(words_of(each));
  return words;
}

class Rendering {
 public:
  Rendering(const TitlesOfAgencies& titles, Document* document)
      : titles_(titles), document_(*document) {}

  void Add(const Agreement& agreement) {
    document_.Heading(2, agreement.title());
    document_.Paragraph(Standing(agreement));
    AddParties(agreement);
    document_.Heading(3, "What it is for");
    document_.List(
        All(agreement.purposes(), [](int purpose) { return Capitalised(PurposeWords(purpose)); }));
    document_.Heading(3, "Powers and duties");
    document_.List(
        All(agreement.gateways(), [](int gateway) { return Capitalised(GatewayWords(gateway)); }));
    document_.Heading(3, "Data protection conditions");
    document_.List(All(agreement.conditions(), ConditionWords));
    AddItems(agreement);
    AddArrangements(agreement);
    AddSignatories(agreement);
  }

 private:
  std::string Title(const std::string& agency) const {
    const auto at = titles_.find(agency);
    return at == titles_.end() ? agency : at->second;
  }

  // "London Borough of Redbridge, any school".
  template <typename Part>
  std::string Agencies(const Part& part) const {
    std::vector<std::string> words =
        All(part.agencies(), [this](const std::string& agency) { return Title(agency); });
    for (const int kind : part.agency_kinds()) {
      words.push_back(absl::StrCat("any ", AgencyKindWords(kind)));
    }
    return Listed(words, "or");
  }

  static std::string Standing(const Agreement& agreement) {
    return absl::StrCat(
        "Agreement ", agreement.id(), ", version ", agreement.version(), ". ",
        Capitalised(StatusWords(agreement.status())), ". In force from ",
        FormatDay(*DateFromProto(agreement.effective_from())),
        agreement.has_effective_to()
            ? absl::StrCat(" to ", FormatDay(*DateFromProto(agreement.effective_to())))
            : ", with no end",
        ". To be reviewed by ", FormatDay(*DateFromProto(agreement.review_date())), ".");
  }

  void AddParties(const Agreement& agreement) {
    document_.Heading(3, "Parties");
    std::vector<std::vector<std::string>> rows;
    for (const v1::Party& party : agreement.parties()) {
      rows.push_back({party.agency().empty()
                          ? absl::StrCat("Every ", AgencyKindWords(party.agency_kind()))
                          : Title(party.agency()),
                      Capitalised(CapacityWords(party.capacity())), party.contact()});
    }
    document_.Table({"Party", "Capacity", "Ask"}, std::move(rows));
  }

  static std::string Sees(const Item& item) {
    std::string text = Capitalised(absl::StrJoin(All(item.categories(), CategoryWords), ", "));
    if (!item.deny().empty()) {
      absl::StrAppend(&text, text.empty() ? "" : ". ", "Never ",
                      Listed(All(item.deny(), CategoryWords), "or"), ", whatever else is agreed");
    }
    return text;
  }

  std::string Conditions(const Item& item) const {
    std::vector<std::string> conditions;
    if (!item.when().empty()) {
      conditions.push_back(absl::StrCat("a child ", Listed(All(item.when(), FlagWords), "or")));
    }
    if (item.consent() != v1::CONSENT_RULE_UNSPECIFIED) {
      conditions.push_back(ConsentRuleWords(item.consent()));
    }
    if (item.has_from()) {
      conditions.push_back(absl::StrCat("the record is of ", Agencies(item.from())));
    }
    return Capitalised(absl::StrJoin(conditions, "; "));
  }

  // An item that only denies brings nothing.
  static std::string Comes(const Item& item) {
    return item.categories().empty() ? "" : Capitalised(TriggerWords(item.trigger()));
  }

  static std::string Afterwards(const Item& item) {
    std::vector<std::string> text;
    if (item.onward() != types::v1::ONWARD_SHARING_UNSPECIFIED) {
      text.push_back(Capitalised(OnwardWords(item.onward())) + ".");
    }
    if (!item.handling().empty()) text.push_back(item.handling());
    return absl::StrJoin(text, " ");
  }

  void AddItems(const Agreement& agreement) {
    document_.Heading(3, "Who sees what");
    std::vector<std::vector<std::string>> rows;
    for (const Item& item : agreement.items()) {
      rows.push_back({absl::StrCat(agreement.id(), "/", item.id()),
                      Capitalised(absl::StrCat(Listed(All(item.to().roles(), RoleWords), "or"),
                                               " of ", Agencies(item.to()))),
                      Capitalised(Listed(All(item.purposes(), PurposeWords), "or")),
                      Capitalised(Listed(All(item.relations(), RelationWords), "or")),
                      Capitalised(Listed(All(item.records(), RecordWords), "or")), Sees(item),
                      Conditions(item), Comes(item), Afterwards(item),
                      absl::StrCat(item.explanation(), " What is withheld can be released by ",
                                   Title(item.released_by()), ".")});
    }
    document_.Table(
        {"Rule", "Who", "For", "Where", "Of", "Sees", "Only if", "Comes", "Afterwards", "Why"},
        std::move(rows));
    if (agreement.secret_categories().empty()) return;
    document_.Paragraph(
        absl::StrCat("Never told to anyone who may not see it, not even that it is withheld: ",
                     Listed(All(agreement.secret_categories(), CategoryWords), "and"), "."));
  }

  void AddArrangements(const Agreement& agreement) {
    if (!agreement.has_arrangements()) return;
    const v1::Arrangements& a = agreement.arrangements();
    document_.Heading(3, "Arrangements");
    document_.Table({"Matter", "What is agreed"},
                    {{"Whose data it is", a.data_subjects()},
                     {"How it passes", a.method()},
                     {"How families are told", a.notice()},
                     {"How mistakes are put right", a.correction()},
                     {"How long it is kept", a.retention()},
                     {"How it is disposed of", a.disposal()},
                     {"Requests of data subjects", a.subject_rights()},
                     {"Breaches", absl::StrCat("Told to ", a.breach_contact(), " within ",
                                               a.breach_hours(), " hours")},
                     {"Impact assessment", a.impact_assessment()},
                     {"Complaints", a.complaints()}});
  }

  void AddSignatories(const Agreement& agreement) {
    document_.Heading(3, "Signed by");
    std::vector<std::vector<std::string>> rows;
    for (const v1::Signatory& signatory : agreement.signatories()) {
      rows.push_back({signatory.office(), Title(signatory.agency()),
                      FormatDay(*DateFromProto(signatory.sign_date()))});
    }
    document_.Table({"Office", "For", "On"}, std::move(rows));
  }

  const TitlesOfAgencies& titles_;
  Document& document_;
};

}  // namespace

Document Render(const Agreements& agreements, const TitlesOfAgencies& titles) {
  Document document("Sharing agreements");
  document.Paragraph(absl::StrCat(
      "Version ", agreements.version(), " of the set, made from the files that the hub enforces. ",
      "What no agreement gives is not shared; what one denies is withheld whatever others give. ",
      "How it comes, when a worker asks or as events happen, tells the practice that was agreed "
      "and ",
      "gives nothing by itself."));
  Rendering rendering(titles, &document);
  for (const Agreement& agreement : agreements.agreements()) rendering.Add(agreement);
  return document;
}

}  // namespace trusthub::policy
