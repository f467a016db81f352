#include "services/children/break_glass_rules.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"
#include "common/error/error.h"
#include "services/children/bounded_number.h"
#include "services/children/substance.h"

namespace trusthub::children {
namespace {

using config::Yaml;

absl::Status ReadCategories(const Yaml& map, absl::string_view key, policy::CategorySet* set) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml list, map.Get(key));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> items, list.Items());
  for (const Yaml& item : items) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, item.Text());
    policy::Category category = options::v1::CATEGORY_UNSPECIFIED;
    if (!options::v1::Category_Parse(absl::StrCat("CATEGORY_", absl::AsciiStrToUpper(text)),
                                     &category) ||
        category == options::v1::CATEGORY_UNSPECIFIED) {
      return item.Error(absl::StrCat("`", text, "` is no kind of information"));
    }
    set->Add(category);
  }
  return absl::OkStatus();
}

absl::Status ReadKeepers(const Yaml& root, BreakGlassRules* rules) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml list, root.Get("keepers"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> items, list.Items());
  for (const Yaml& item : items) {
    TRUSTHUB_RETURN_IF_ERROR(item.CheckKeys({"categories", "agency_kinds"}));
    RecordKeepers& keepers = rules->keepers.emplace_back();
    TRUSTHUB_RETURN_IF_ERROR(ReadCategories(item, "categories", &keepers.categories));
    TRUSTHUB_ASSIGN_OR_RETURN(const Yaml kinds, item.Get("agency_kinds"));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> names, kinds.Items());
    for (const Yaml& name : names) {
      TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, name.Text());
      directory::v1::AgencyKind kind = directory::v1::AGENCY_KIND_UNSPECIFIED;
      if (!directory::v1::AgencyKind_Parse(
              absl::StrCat("AGENCY_KIND_", absl::AsciiStrToUpper(text)), &kind) ||
          kind == directory::v1::AGENCY_KIND_UNSPECIFIED) {
        return name.Error(absl::StrCat("`", text, "` is no kind of agency"));
      }
      keepers.kinds.insert(kind);
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool BreakGlassRules::Keeps(directory::v1::AgencyKind kind, policy::CategorySet opened) const {
  return std::any_of(keepers.begin(), keepers.end(), [&](const RecordKeepers& each) {
    return !(each.categories & opened).empty() && each.kinds.count(kind) != 0;
  });
}

absl::StatusOr<BreakGlassRules> LoadBreakGlassRules(absl::string_view path) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml root, Yaml::ReadFile(path));
  TRUSTHUB_RETURN_IF_ERROR(
      root.CheckKeys({"lasts_minutes", "review_working_days", "reason", "never", "keepers"}));
  BreakGlassRules rules;
  int minutes = 0;
  // At most a shift: beyond it the work is not an emergency's.
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(root, "lasts_minutes", 1, 12 * 60, &minutes));
  rules.lasts = absl::Minutes(minutes);
  TRUSTHUB_RETURN_IF_ERROR(
      ReadBounded(root, "review_working_days", 1, 5, &rules.review_working_days));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml reason, root.Get("reason"));
  TRUSTHUB_RETURN_IF_ERROR(reason.CheckKeys({"characters", "words"}));
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(reason, "characters", 20, 200, &rules.reason_characters));
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(reason, "words", 4, 20, &rules.reason_words));
  TRUSTHUB_RETURN_IF_ERROR(ReadCategories(root, "never", &rules.never));
  TRUSTHUB_RETURN_IF_ERROR(ReadKeepers(root, &rules));
  return rules;
}

absl::Status CheckReason(const BreakGlassRules& rules, absl::string_view reason) {
  if (CharactersIn(reason) >= rules.reason_characters &&
      DifferentWordsIn(reason) >= rules.reason_words && !IsFiller(reason)) {
    return absl::OkStatus();
  }
  return error::RequestInvalid(
      {{"break_glass.reason",
        absl::StrCat("must say in at least ", rules.reason_characters, " characters and ",
                     rules.reason_words,
                     " different words what is feared and why it cannot wait")}});
}

absl::StatusOr<policy::CategorySet> CheckCategories(
    const BreakGlassRules& rules, const google::protobuf::RepeatedField<int>& categories) {
  policy::CategorySet set;
  for (const int value : categories) {
    const auto category = static_cast<policy::Category>(value);
    if (!options::v1::Category_IsValid(value) || category == options::v1::CATEGORY_UNSPECIFIED) {
      return error::RequestInvalid({{"break_glass.categories", "must be known kinds"}});
    }
    if (rules.never.Has(category)) {
      return error::RequestInvalid(
          {{"break_glass.categories",
            "names a kind that emergency access never opens; ask its holder by telephone"}});
    }
    set.Add(category);
  }
  if (set.empty()) {
    return error::RequestInvalid(
        {{"break_glass.categories", "must name the kinds of information that are needed"}});
  }
  // The envelope comes with what it holds: nobody in need thinks of naming it.
  set.Add(options::v1::CATEGORY_OPERATIONAL);
  return set;
}

}  // namespace trusthub::children
