// File: communities.h
//
// Names, languages and ethnicities as they are mixed in Redbridge (74 of 100 pupils of minority
// ethnic background, 53 with another first language than English: Ofsted 2010, paragraph 4).
#ifndef TRUSTHUB_TESTS_SIMULATOR_COMMUNITIES_H_
#define TRUSTHUB_TESTS_SIMULATOR_COMMUNITIES_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace trusthub::simulator {

struct Community {
  int share;  // of 100 families
  absl::string_view ethnicity;
  absl::string_view language;
  std::vector<absl::string_view> girls;
  std::vector<absl::string_view> boys;
  std::vector<absl::string_view> families;
};

const std::vector<Community>& Communities();

// Other spellings of a name, as another agency may have written it; empty when there are none.
const std::vector<absl::string_view>& OtherSpellings(absl::string_view name);

// Streets, without the town, and postcodes of the borough's districts.
const std::vector<absl::string_view>& Streets();
const std::vector<absl::string_view>& Districts();

}  // namespace trusthub::simulator

#endif  // TRUSTHUB_TESTS_SIMULATOR_COMMUNITIES_H_
