// File: matching_rules.h
//
// What counts for how much when two descriptions of a child are compared: data, so that a borough
// can tune it without a rebuild (deploy/config/redbridge/matching.yaml says what each number
// means).
#ifndef TRUSTHUB_SERVICES_CHILDREN_MATCHING_RULES_H_
#define TRUSTHUB_SERVICES_CHILDREN_MATCHING_RULES_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace trusthub::children {

// Points; a perfect likeness has 100.
struct MatchingPoints {
  int given = 0;
  int family = 0;
  int birth_exact = 0;
  int birth_swapped = 0;       // day and month exchanged
  int birth_one_digit = 0;     // one digit of the date differs
  int birth_part_unknown = 0;  // what both know of it is the same
  int postcode_same = 0;
  int postcode_same_district = 0;
  int postcode_unknown = 0;
  int sex_same = 0;
  int sex_unknown = 0;
  int sex_different = 0;  // negative
};

struct MatchingRules {
  int threshold = 0;  // points from which two descriptions are one child
  int margin = 0;     // points by which the best child must lead the next
  MatchingPoints points;
  // Spelling of a name -> the spelling that stands for all its variants.
  absl::flat_hash_map<std::string, std::string> variants;
  // Names that many bear, in their standing spelling: they prove less.
  absl::flat_hash_set<std::string> common_names;
  // Names that are borne beside another, which tells more.
  absl::flat_hash_set<std::string> companion_names;

  // The standing spelling of `word` (as WordsOf gives it); `word` itself when it has no variants.
  absl::string_view StandingSpelling(absl::string_view word) const;
};

// Fails, naming file and line, when a key is missing or unknown, the points of a perfect likeness
// are not 100, a partial likeness outweighs a full one, the threshold can be met without anything
// of the birth date (nobody is compared then, child_index.h), or a name stands in two groups of
// variants.
absl::StatusOr<MatchingRules> LoadMatchingRules(absl::string_view path);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_MATCHING_RULES_H_
