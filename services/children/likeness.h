// File: likeness.h
//
// How alike two descriptions of a child are, in points out of 100. A pure, symmetric function. It
// leans towards not linking: a missed link costs a second look, a wrong one discloses a stranger's
// record. Two names that the variants know to be different (Hassan, Hussain) are different, however
// alike they sound: they are often twins.
#ifndef TRUSTHUB_SERVICES_CHILDREN_LIKENESS_H_
#define TRUSTHUB_SERVICES_CHILDREN_LIKENESS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/children/matching_rules.h"
#include "trusthub/children/v1/child.pb.h"
#include "trusthub/types/v1/date.pb.h"
#include "trusthub/types/v1/person.pb.h"

namespace trusthub::children {

// What is compared. `postcode` in its gov.uk form, or empty.
struct Description {
  types::v1::PersonName name;
  types::v1::Date birth_date;
  v1::Sex sex = v1::SEX_UNKNOWN;
  std::string postcode;
};

Description DescriptionOf(const v1::ChildDetails& details);
// The child as first registered, then as each agency holds it.
std::vector<Description> DescriptionsOf(const v1::Child& child);

// 0 to 100.
int Likeness(const MatchingRules& rules, const Description& a, const Description& b);

// "IG1" of "IG1 1DD"; empty for an empty postcode and for the pseudo-postcodes of no fixed abode.
absl::string_view DistrictOf(absl::string_view postcode);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_LIKENESS_H_
