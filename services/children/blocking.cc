#include "services/children/blocking.h"

#include <algorithm>
#include <cstddef>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/children/names.h"

namespace trusthub::children {
namespace {

// Words of one name that make blocking keys; children with longer names are found by the first.
constexpr std::size_t kBlockingWordsMax = 3;

std::vector<std::string> Skeletons(const MatchingRules& rules, absl::string_view name) {
  std::vector<std::string> skeletons;
  for (const std::string& word : WordsOf(name)) {
    if (skeletons.size() == kBlockingWordsMax) break;
    skeletons.push_back(SkeletonOf(rules.StandingSpelling(word)));
  }
  return skeletons;
}

// What is left of the birth date when a digit of it is wrong or a part unknown; only with a name
// before it, so that no block grows with the population faster than its families.
std::vector<std::string> PartsOf(const types::v1::Date& birth) {
  std::vector<std::string> parts;
  if (birth.month() == 0) return parts;
  parts.push_back(absl::StrFormat("month %04d%02d", birth.year(), birth.month()));
  if (birth.day() == 0) return parts;
  parts.push_back(absl::StrFormat("day %04d--%02d", birth.year(), birth.day()));
  parts.push_back(absl::StrFormat("anniversary %02d%02d", birth.month(), birth.day()));
  return parts;
}

// The same for a date and for the one with day and month exchanged.
std::string DateText(const types::v1::Date& birth) {
  const auto [less, more] = std::minmax({birth.month(), birth.day()});
  return absl::StrFormat("%04d%02d%02d", birth.year(), less, more);
}

}  // namespace

std::vector<std::string> BlockingKeys(const MatchingRules& rules, const Description& description) {
  const types::v1::Date& birth = description.birth_date;
  const std::string date = DateText(birth);
  const std::vector<std::string> parts = PartsOf(birth);
  const std::vector<std::string> given = Skeletons(rules, description.name.given());
  const std::vector<std::string> family = Skeletons(rules, description.name.family());
  std::set<std::string> keys;
  for (const std::string& f : family) {
    keys.insert(absl::StrCat("name ", f, " ", date));
    for (const std::string& part : parts) keys.insert(absl::StrCat("family ", f, " ", part));
    for (const std::string& g : given) {
      // Either way round: the two are sometimes exchanged.
      const std::string both = absl::StrCat("names ", std::min(g, f), " ", std::max(g, f), " ");
      keys.insert(absl::StrCat(both, birth.year()));
      if (parts.size() == 3) keys.insert(absl::StrCat(both, parts.back()));
    }
  }
  for (const std::string& g : given) keys.insert(absl::StrCat("name ", g, " ", date));
  const absl::string_view district = DistrictOf(description.postcode);
  if (!district.empty()) keys.insert(absl::StrCat("district ", district, " ", date));
  return {keys.begin(), keys.end()};
}

}  // namespace trusthub::children
