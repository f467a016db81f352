#include "services/children/matching_rules.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"
#include "services/children/bounded_number.h"
#include "services/children/names.h"

namespace trusthub::children {
namespace {

using config::Yaml;

absl::Status ReadBirthDate(const Yaml& map, MatchingPoints* points) {
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({"exact", "swapped", "one_digit", "part_unknown"}));
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, "exact", 0, 100, &points->birth_exact));
  const int most = points->birth_exact;
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, "swapped", 0, most, &points->birth_swapped));
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, "one_digit", 0, most, &points->birth_one_digit));
  return ReadBounded(map, "part_unknown", 0, most, &points->birth_part_unknown);
}

absl::Status ReadPostcode(const Yaml& map, MatchingPoints* points) {
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({"same", "same_district", "unknown"}));
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, "same", 0, 100, &points->postcode_same));
  const int most = points->postcode_same;
  TRUSTHUB_RETURN_IF_ERROR(
      ReadBounded(map, "same_district", 0, most, &points->postcode_same_district));
  return ReadBounded(map, "unknown", 0, most, &points->postcode_unknown);
}

absl::Status ReadSex(const Yaml& map, MatchingPoints* points) {
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({"same", "unknown", "different"}));
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, "same", 0, 100, &points->sex_same));
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, "unknown", 0, points->sex_same, &points->sex_unknown));
  return ReadBounded(map, "different", -100, 0, &points->sex_different);
}

absl::Status ReadPoints(const Yaml& map, MatchingPoints* points) {
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({"given", "family", "birth_date", "postcode", "sex"}));
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, "given", 0, 100, &points->given));
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, "family", 0, 100, &points->family));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml birth_date, map.Get("birth_date"));
  TRUSTHUB_RETURN_IF_ERROR(ReadBirthDate(birth_date, points));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml postcode, map.Get("postcode"));
  TRUSTHUB_RETURN_IF_ERROR(ReadPostcode(postcode, points));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml sex, map.Get("sex"));
  TRUSTHUB_RETURN_IF_ERROR(ReadSex(sex, points));
  const int perfect = points->given + points->family + points->birth_exact + points->postcode_same +
                      points->sex_same;
  if (perfect != 100) {
    return map.Error(absl::StrCat("the points of a perfect likeness are ", perfect, ", not 100"));
  }
  return absl::OkStatus();
}

// One word as names are compared: lower case, without marks.
absl::StatusOr<std::string> ReadWord(const Yaml& item) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, item.Text());
  const std::vector<std::string> words = WordsOf(text);
  if (words.size() != 1 || words[0] != text) {
    return item.Error("must be one word in lower case, without marks");
  }
  return text;
}

absl::Status ReadVariants(const Yaml& groups, MatchingRules* rules) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> all, groups.Items());
  for (const Yaml& group : all) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> items, group.Items());
    if (items.empty()) return group.Error("a group of variants needs a name");
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string standing, ReadWord(items[0]));
    for (const Yaml& item : items) {
      TRUSTHUB_ASSIGN_OR_RETURN(std::string word, ReadWord(item));
      if (!rules->variants.emplace(std::move(word), standing).second) {
        return item.Error("this spelling stands in the variants twice");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status ReadNames(const Yaml& list, const MatchingRules& rules,
                       absl::flat_hash_set<std::string>* names) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> items, list.Items());
  for (const Yaml& item : items) {
    TRUSTHUB_ASSIGN_OR_RETURN(std::string word, ReadWord(item));
    if (rules.StandingSpelling(word) != word) {
      return item.Error("a name is listed here by the first spelling of its variants");
    }
    names->insert(std::move(word));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view MatchingRules::StandingSpelling(absl::string_view word) const {
  const auto it = variants.find(word);
  return it == variants.end() ? word : absl::string_view(it->second);
}

absl::StatusOr<MatchingRules> LoadMatchingRules(absl::string_view path) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml root, Yaml::ReadFile(path));
  TRUSTHUB_RETURN_IF_ERROR(root.CheckKeys(
      {"threshold", "margin", "points", "variants", "common_names", "companion_names"}));
  MatchingRules rules;
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(root, "threshold", 1, 100, &rules.threshold));
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(root, "margin", 0, 100, &rules.margin));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml points, root.Get("points"));
  TRUSTHUB_RETURN_IF_ERROR(ReadPoints(points, &rules.points));
  if (rules.threshold <= 100 - rules.points.birth_exact) {
    return root.Error(absl::StrCat("the threshold must be above ", 100 - rules.points.birth_exact,
                                   ": without a birth date in common nobody is compared"));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml variants, root.Get("variants"));
  TRUSTHUB_RETURN_IF_ERROR(ReadVariants(variants, &rules));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml common, root.Get("common_names"));
  TRUSTHUB_RETURN_IF_ERROR(ReadNames(common, rules, &rules.common_names));
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml companions, root.Get("companion_names"));
  TRUSTHUB_RETURN_IF_ERROR(ReadNames(companions, rules, &rules.companion_names));
  return rules;
}

}  // namespace trusthub::children
