// Items without which the set would give just the same: contained in others, or denied throughout.
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/policy/access_diff.h"
#include "common/policy/compiled_agreements.h"
#include "common/policy/tools/lint_checks.h"

namespace trusthub::policy {
namespace {

using v1::Agreement;
using v1::Item;

bool Meet(const google::protobuf::RepeatedField<int>& a,
          const google::protobuf::RepeatedField<int>& b) {
  for (const int each : a) {
    if (Lists(b, each)) return true;
  }
  return false;
}

// Whether two items ever decide about the same question, as far as lookups go.
bool ShareACell(const Item& a, const Item& b) {
  return Meet(a.to().roles(), b.to().roles()) && Meet(a.purposes(), b.purposes()) &&
         Meet(a.records(), b.records());
}

// Keeps only the cells of `of`, so that a comparison looks nowhere else.
Item Within(const Item& item, const Item& of) {
  Item cut = item;
  const auto keep = [](const google::protobuf::RepeatedField<int>& wanted,
                       google::protobuf::RepeatedField<int>* list) {
    google::protobuf::RepeatedField<int> kept;
    for (const int each : *list) {
      if (Lists(wanted, each)) kept.Add(each);
    }
    *list = kept;
  };
  keep(of.to().roles(), cut.mutable_to()->mutable_roles());
  keep(of.purposes(), cut.mutable_purposes());
  keep(of.records(), cut.mutable_records());
  return cut;
}

// Items of `files` that meet the item at (agreement, item), with or without that one, and with or
// without what they deny.
CompiledAgreements Around(const std::vector<AgreementFile>& files, const Item& of, bool with_it,
                          bool with_denies) {
  std::vector<Agreement> around;
  for (const AgreementFile& file : files) {
    if (file.agreement().status() != v1::AGREEMENT_STATUS_SIGNED) continue;
    Agreement agreement;
    agreement.set_id(file.agreement().id());
    agreement.set_status(v1::AGREEMENT_STATUS_SIGNED);
    *agreement.mutable_effective_from() = file.agreement().effective_from();
    if (file.agreement().has_effective_to()) {
      *agreement.mutable_effective_to() = file.agreement().effective_to();
    }
    for (const Item& item : file.agreement().items()) {
      if ((&item == &of && !with_it) || !ShareACell(item, of)) continue;
      Item cut = Within(item, of);
      if (!with_denies) cut.clear_deny();
      *agreement.add_items() = std::move(cut);
    }
    around.push_back(std::move(agreement));
  }
  return CompiledAgreements(std::move(around), "around");
}

bool ChangesAnything(const std::vector<AgreementFile>& files, const Item& item, bool with_denies,
                     const KindsOfAgencies& kinds) {
  CompareOptions options;
  options.kinds = kinds;
  const AccessDiff diff = CompareAccess(Around(files, item, false, with_denies),
                                        Around(files, item, true, with_denies), options);
  return !diff.rows.empty();
}

// Rules that deny all that `item` gives where they meet it.
std::string Deniers(const std::vector<AgreementFile>& files, const Item& item) {
  std::string names;
  for (const AgreementFile& file : files) {
    for (const Item& other : file.agreement().items()) {
      if (!ShareACell(other, item) || !Meet(other.deny(), item.categories())) continue;
      absl::StrAppend(&names, names.empty() ? "" : ", ", file.agreement().id(), "/", other.id());
    }
  }
  return names;
}

template <typename List>
bool Contains(const List& whole, const List& part) {
  for (const auto& each : part) {
    if (!Lists(whole, each)) return false;
  }
  return true;
}

// An item that alone gives at least as much, if there is one.
std::string Container(const std::vector<AgreementFile>& files, const Item& item) {
  for (const AgreementFile& file : files) {
    for (const Item& other : file.agreement().items()) {
      if (&other == &item || other.has_from() || other.consent() != item.consent()) continue;
      if (Contains(other.to().roles(), item.to().roles()) &&
          Contains(other.to().agencies(), item.to().agencies()) &&
          Contains(other.to().agency_kinds(), item.to().agency_kinds()) &&
          Contains(other.purposes(), item.purposes()) &&
          Contains(other.relations(), item.relations()) &&
          Contains(other.records(), item.records()) &&
          Contains(other.categories(), item.categories()) &&
          (other.when().empty() || Contains(other.when(), item.when()))) {
        return absl::StrCat(file.agreement().id(), "/", other.id());
      }
    }
  }
  return "";
}

}  // namespace

void CheckDeadItems(const std::vector<AgreementFile>& files, const LintOptions& options,
                    std::vector<Finding>* all) {
  for (const AgreementFile& file : files) {
    if (file.agreement().status() != v1::AGREEMENT_STATUS_SIGNED) continue;
    Findings findings(file, all);
    for (const Item& item : file.agreement().items()) {
      // A deny that denies nothing yet guards against what may be given one day.
      if (item.categories().empty()) continue;
      if (ChangesAnything(files, item, true, options.agencies)) continue;
      if (ChangesAnything(files, item, false, options.agencies)) {
        findings.Error(item, Item::kCategoriesFieldNumber, "denied-throughout",
                       absl::StrCat("all that item `", item.id(), "` gives is denied wherever it ",
                                    "matches, by ", Deniers(files, item)),
                       "narrow the deny, or take the item out");
        continue;
      }
      const std::string container = Container(files, item);
      findings.Warn(item, 0, "dead-item",
                    absl::StrCat("all that item `", item.id(), "` gives is given without it, by ",
                                 container.empty() ? "other items together" : container),
                    "take it out, or correct what it was meant to add");
    }
  }
}

}  // namespace trusthub::policy
