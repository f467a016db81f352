#include "services/children/likeness.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "services/children/names.h"

namespace trusthub::children {
namespace {

// Likeness of two names that the variants know to be different.
constexpr double kKnownDifferent = 0.6;
// What a likeness of common names alone is worth, and of companion names alone where the other side
// has the name that they accompany: brothers are often all Mohammed and something.
constexpr double kCommonWorth = 0.9;
constexpr double kCompanionWorth = 0.5;
// What given and family name are worth when they were exchanged.
constexpr double kExchangedWorth = 0.95;
// What a likeness is worth when one side has more names than the other.
constexpr double kExtraWordsWorth = 0.97;

// Words of a name that are compared; longer names are cut, so that a call's work stays bounded.
constexpr std::size_t kWordsMax = 6;

struct Words {
  std::vector<std::string> all;
  bool only_common = true;      // no word that few bear
  bool only_companions = true;  // no word that stands for itself
};

Words WordsFor(const MatchingRules& rules, absl::string_view name) {
  Words words{WordsOf(name)};
  if (words.all.size() > kWordsMax) words.all.resize(kWordsMax);
  for (const std::string& word : words.all) {
    const absl::string_view standing = rules.StandingSpelling(word);
    if (!rules.common_names.contains(standing)) words.only_common = false;
    if (!rules.companion_names.contains(standing)) words.only_companions = false;
  }
  return words;
}

double LikenessOfWords(const MatchingRules& rules, absl::string_view a, absl::string_view b) {
  const auto standing_a = rules.variants.find(a);
  const auto standing_b = rules.variants.find(b);
  if (standing_a != rules.variants.end() && standing_b != rules.variants.end()) {
    if (standing_a->second == standing_b->second) return 1;
    return std::min(WordLikeness(a, b), kKnownDifferent);
  }
  return WordLikeness(rules.StandingSpelling(a), rules.StandingSpelling(b));
}

// Likeness of the words of the shorter name with their best partners, best pairs first: between the
// mean and the worst, so that two shared names do not hide a third that differs.
double LikenessOfNames(const MatchingRules& rules, const Words& a, const Words& b) {
  // Ordered, so that ties between pairs are broken alike from either side.
  const bool in_order =
      a.all.size() < b.all.size() || (a.all.size() == b.all.size() && a.all <= b.all);
  const std::vector<std::string>& fewer = in_order ? a.all : b.all;
  const std::vector<std::string>& more = in_order ? b.all : a.all;
  if (fewer.empty()) return 0;
  struct Pair {
    double likeness;
    std::size_t i, j;
  };
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < fewer.size(); ++i) {
    for (std::size_t j = 0; j < more.size(); ++j) {
      pairs.push_back({LikenessOfWords(rules, fewer[i], more[j]), i, j});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& x, const Pair& y) { return x.likeness > y.likeness; });
  std::vector<bool> used_fewer(fewer.size()), used_more(more.size());
  double sum = 0, worst = 1;
  for (const Pair& pair : pairs) {
    if (used_fewer[pair.i] || used_more[pair.j]) continue;
    used_fewer[pair.i] = used_more[pair.j] = true;
    sum += pair.likeness;
    worst = pair.likeness;
  }
  const double likeness = (sum / static_cast<double>(fewer.size()) + worst) / 2;
  return fewer.size() == more.size() ? likeness : likeness * kExtraWordsWorth;
}

// The share of a name's points that a likeness earns: nothing up to 0.7, where different names lie.
double Share(double likeness) {
  if (likeness <= 0.7) return 0;
  if (likeness <= 0.85) return (likeness - 0.7) / 0.15 * 0.6;
  return 0.6 + (likeness - 0.85) / 0.15 * 0.4;
}

double GivenShare(const MatchingRules& rules, const Words& a, const Words& b) {
  const double share = Share(LikenessOfNames(rules, a, b));
  if (a.only_companions != b.only_companions) return share * kCompanionWorth;
  return a.only_common && b.only_common ? share * kCommonWorth : share;
}

double NamePoints(const MatchingRules& rules, const types::v1::PersonName& a,
                  const types::v1::PersonName& b) {
  const Words given_a = WordsFor(rules, a.given()), given_b = WordsFor(rules, b.given());
  const Words family_a = WordsFor(rules, a.family()), family_b = WordsFor(rules, b.family());
  const auto points = [&](double given_share, double family_likeness) {
    return given_share * rules.points.given + Share(family_likeness) * rules.points.family;
  };
  double given_share = GivenShare(rules, given_a, given_b);
  for (const auto& [preferred, given] :
       {std::pair(&a.preferred(), &given_b), std::pair(&b.preferred(), &given_a)}) {
    given_share = std::max(given_share, GivenShare(rules, WordsFor(rules, *preferred), *given));
  }
  const double straight = points(given_share, LikenessOfNames(rules, family_a, family_b));
  // Both halves must agree before an exchange is believed.
  const double crossed_1 = Share(LikenessOfNames(rules, given_a, family_b));
  const double crossed_2 = Share(LikenessOfNames(rules, family_a, given_b));
  const double exchanged =
      std::min(crossed_1, crossed_2) * (rules.points.given + rules.points.family) * kExchangedWorth;
  return std::max(straight, exchanged);
}

int BirthDatePoints(const MatchingPoints& points, const types::v1::Date& a,
                    const types::v1::Date& b) {
  const bool full = a.month() != 0 && a.day() != 0 && b.month() != 0 && b.day() != 0;
  if (!full) {
    const bool agree = a.year() == b.year() &&
                       (a.month() == b.month() || a.month() == 0 || b.month() == 0) &&
                       (a.day() == b.day() || a.day() == 0 || b.day() == 0);
    return agree ? points.birth_part_unknown : 0;
  }
  const std::string text_a = absl::StrFormat("%04d%02d%02d", a.year(), a.month(), a.day());
  const std::string text_b = absl::StrFormat("%04d%02d%02d", b.year(), b.month(), b.day());
  if (text_a == text_b) return points.birth_exact;
  if (a.year() == b.year() && a.month() == b.day() && a.day() == b.month()) {
    return points.birth_swapped;
  }
  int differing = 0;
  for (std::size_t i = 0; i < text_a.size() && i < text_b.size(); ++i) {
    differing += text_a[i] != text_b[i] ? 1 : 0;
  }
  return differing == 1 && text_a.size() == text_b.size() ? points.birth_one_digit : 0;
}

int PostcodePoints(const MatchingPoints& points, absl::string_view a, absl::string_view b) {
  const absl::string_view district_a = DistrictOf(a), district_b = DistrictOf(b);
  if (district_a.empty() || district_b.empty()) return points.postcode_unknown;
  if (a == b) return points.postcode_same;
  return district_a == district_b ? points.postcode_same_district : 0;
}

int SexPoints(const MatchingPoints& points, v1::Sex a, v1::Sex b) {
  const auto known = [](v1::Sex sex) { return sex == v1::SEX_FEMALE || sex == v1::SEX_MALE; };
  if (!known(a) || !known(b)) return points.sex_unknown;
  return a == b ? points.sex_same : points.sex_different;
}

}  // namespace

Description DescriptionOf(const v1::ChildDetails& details) {
  return {details.person_name(), details.birth_date(), details.sex(), details.address().postcode()};
}

std::vector<Description> DescriptionsOf(const v1::Child& child) {
  const std::string& postcode = child.address().postcode();
  std::vector<Description> all = {{child.person_name(), child.birth_date(), child.sex(), postcode}};
  for (const v1::Holding& holding : child.holdings()) {
    all.push_back({holding.person_name(), holding.birth_date(), child.sex(), postcode});
  }
  return all;
}

int Likeness(const MatchingRules& rules, const Description& a, const Description& b) {
  const double points = NamePoints(rules, a.name, b.name) +
                        BirthDatePoints(rules.points, a.birth_date, b.birth_date) +
                        PostcodePoints(rules.points, a.postcode, b.postcode) +
                        SexPoints(rules.points, a.sex, b.sex);
  return std::clamp(static_cast<int>(std::floor(points + 1e-9)), 0, 100);
}

absl::string_view DistrictOf(absl::string_view postcode) {
  if (absl::StartsWith(postcode, "ZZ")) return "";
  return postcode.substr(0, postcode.find(' '));
}

}  // namespace trusthub::children
