#include "services/children/misuse/misuse_rules.h"

#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"
#include "services/children/bounded_number.h"
#include "trusthub/errors/v1/error_reason.pb.h"

namespace trusthub::children {
namespace {

using config::Yaml;

// More than any list of reasons, roles or actions needs; more moments than these are not kept.
constexpr int kCountMax = 500;
constexpr int kDaysMax = 92;

absl::Status ReadWindow(const Yaml& map, MisuseThreshold* threshold) {
  int number = 0;
  if (map.Find("within_minutes").has_value()) {
    if (map.Find("within_days").has_value()) {
      return map.Error("says both within_minutes and within_days");
    }
    TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, "within_minutes", 1, 24 * 60, &number));
    threshold->window = absl::Minutes(number);
    return absl::OkStatus();
  }
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, "within_days", 1, kDaysMax, &number));
  threshold->window = absl::Hours(24) * number;
  return absl::OkStatus();
}

// `what` is counted: accesses or children.
absl::Status ReadThreshold(const Yaml& map, absl::string_view what, MisuseThreshold* threshold) {
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, what, 1, kCountMax, &threshold->count));
  return ReadWindow(map, threshold);
}

absl::Status ReadPlainThreshold(const Yaml& root, absl::string_view pattern,
                                MisuseThreshold* threshold) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml map, root.Get(pattern));
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({"accesses"}, {"within_days", "within_minutes"}));
  return ReadThreshold(map, "accesses", threshold);
}

// The items under `key` as `parse` reads them, each once.
template <class Value, class Parse>
absl::Status ReadSet(const Yaml& map, absl::string_view key, Parse parse, std::set<Value>* set) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml list, map.Get(key));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> items, list.Items());
  for (const Yaml& item : items) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, item.Text());
    const std::optional<Value> value = parse(text);
    if (!value.has_value()) return item.Error(absl::StrCat("`", text, "` is not known in ", key));
    if (!set->insert(*value).second) return item.Error(absl::StrCat("`", text, "` is named twice"));
  }
  return set->empty() ? list.Error(absl::StrCat(key, " names none")) : absl::OkStatus();
}

std::optional<options::v1::Role> ParseRole(const std::string& text) {
  options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
  if (!options::v1::Role_Parse(absl::StrCat("ROLE_", absl::AsciiStrToUpper(text)), &role) ||
      role == options::v1::ROLE_UNSPECIFIED) {
    return std::nullopt;
  }
  return role;
}

std::optional<options::v1::Purpose> ParsePurpose(const std::string& text) {
  options::v1::Purpose purpose = options::v1::PURPOSE_UNSPECIFIED;
  if (!options::v1::Purpose_Parse(absl::StrCat("PURPOSE_", absl::AsciiStrToUpper(text)),
                                  &purpose) ||
      purpose == options::v1::PURPOSE_UNSPECIFIED) {
    return std::nullopt;
  }
  return purpose;
}

std::optional<std::string> ParseReason(const std::string& text) {
  const std::string name = absl::AsciiStrToUpper(text);
  errors::v1::ErrorReason reason = errors::v1::ERROR_REASON_UNSPECIFIED;
  if (!errors::v1::ErrorReason_Parse(absl::StrCat("ERROR_REASON_", name), &reason)) {
    return std::nullopt;
  }
  return name;
}

// "children.get": a permission of a method; that it exists is for the schema to say.
std::optional<std::string> ParseAction(const std::string& text) {
  const std::size_t dot = text.find('.');
  if (dot == 0 || dot == std::string::npos || dot + 1 == text.size()) return std::nullopt;
  for (const char c : text) {
    if (!absl::ascii_islower(static_cast<unsigned char>(c)) && c != '.' && c != '_') {
      return std::nullopt;
    }
  }
  return text;
}

absl::Status ReadRefusals(const Yaml& root, RefusalRules* rules) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml map, root.Get("refusals"));
  TRUSTHUB_RETURN_IF_ERROR(
      map.CheckKeys({"accesses", "reasons"}, {"within_days", "within_minutes"}));
  TRUSTHUB_RETURN_IF_ERROR(ReadThreshold(map, "accesses", &rules->threshold));
  return ReadSet(map, "reasons", ParseReason, &rules->reasons);
}

absl::Status ReadNoAllocation(const Yaml& root, NoAllocationRules* rules) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml map, root.Get("no_allocation"));
  TRUSTHUB_RETURN_IF_ERROR(
      map.CheckKeys({"children", "roles", "purposes"}, {"within_days", "within_minutes"}));
  TRUSTHUB_RETURN_IF_ERROR(ReadThreshold(map, "children", &rules->threshold));
  TRUSTHUB_RETURN_IF_ERROR(ReadSet(map, "roles", ParseRole, &rules->roles));
  return ReadSet(map, "purposes", ParsePurpose, &rules->purposes);
}

absl::Status ReadSearches(const Yaml& root, SearchRules* rules) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml map, root.Get("search_then_nothing"));
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({"children", "wait_days", "roles", "searches", "no_work"},
                                         {"within_days", "within_minutes"}));
  TRUSTHUB_RETURN_IF_ERROR(ReadThreshold(map, "children", &rules->threshold));
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, "wait_days", 1, kDaysMax, &rules->wait_days));
  TRUSTHUB_RETURN_IF_ERROR(ReadSet(map, "roles", ParseRole, &rules->roles));
  TRUSTHUB_RETURN_IF_ERROR(ReadSet(map, "searches", ParseAction, &rules->searches));
  return ReadSet(map, "no_work", ParseAction, &rules->no_work);
}

absl::Status ReadBreadth(const Yaml& root, BreadthRules* rules) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml map, root.Get("breadth"));
  TRUSTHUB_RETURN_IF_ERROR(map.CheckKeys({"children", "times_median"}));
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(map, "children", 1, kCountMax, &rules->children));
  return ReadBounded(map, "times_median", 1, 100, &rules->times_median);
}

}  // namespace

MisuseThreshold MisuseRules::ThresholdOf(v1::MisusePattern pattern) const {
  switch (pattern) {
    case v1::MISUSE_PATTERN_CONFLICT:
      return conflict;
    case v1::MISUSE_PATTERN_SAME_ADDRESS:
      return same_address;
    case v1::MISUSE_PATTERN_NO_ALLOCATION:
      return no_allocation.threshold;
    case v1::MISUSE_PATTERN_SEARCH_THEN_NOTHING:
      return searches.threshold;
    case v1::MISUSE_PATTERN_BREAK_GLASS_HABIT:
      return break_glass_habit;
    case v1::MISUSE_PATTERN_LEAVER:
      return leaver;
    case v1::MISUSE_PATTERN_REFUSALS:
      return refusals.threshold;
    default:
      return {1, absl::Hours(24)};
  }
}

absl::StatusOr<MisuseRules> LoadMisuseRules(absl::string_view path) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml root, Yaml::ReadFile(path));
  TRUSTHUB_RETURN_IF_ERROR(root.CheckKeys(
      {"read_every_seconds", "review_working_days", "conflict", "same_address", "leaver",
       "break_glass_habit", "refusals", "no_allocation", "search_then_nothing", "breadth"}));
  MisuseRules rules;
  int seconds = 0;
  TRUSTHUB_RETURN_IF_ERROR(ReadBounded(root, "read_every_seconds", 1, 3600, &seconds));
  rules.read_every = absl::Seconds(seconds);
  TRUSTHUB_RETURN_IF_ERROR(
      ReadBounded(root, "review_working_days", 1, 20, &rules.review_working_days));
  TRUSTHUB_RETURN_IF_ERROR(ReadPlainThreshold(root, "conflict", &rules.conflict));
  TRUSTHUB_RETURN_IF_ERROR(ReadPlainThreshold(root, "same_address", &rules.same_address));
  TRUSTHUB_RETURN_IF_ERROR(ReadPlainThreshold(root, "leaver", &rules.leaver));
  TRUSTHUB_RETURN_IF_ERROR(ReadPlainThreshold(root, "break_glass_habit", &rules.break_glass_habit));
  TRUSTHUB_RETURN_IF_ERROR(ReadRefusals(root, &rules.refusals));
  TRUSTHUB_RETURN_IF_ERROR(ReadNoAllocation(root, &rules.no_allocation));
  TRUSTHUB_RETURN_IF_ERROR(ReadSearches(root, &rules.searches));
  TRUSTHUB_RETURN_IF_ERROR(ReadBreadth(root, &rules.breadth));
  return rules;
}

}  // namespace trusthub::children
