// File: blocking.h
//
// Which children are compared at all. A pure function; child_index.h keeps the keys.
#ifndef TRUSTHUB_SERVICES_CHILDREN_BLOCKING_H_
#define TRUSTHUB_SERVICES_CHILDREN_BLOCKING_H_

#include <string>
#include <vector>

#include "services/children/likeness.h"
#include "services/children/matching_rules.h"

namespace trusthub::children {

// What two descriptions of one child are likely to share, each enough to be compared: the sound of
// any name with the birth date (either way round), that of the family name with what is left of the
// date when a digit is wrong, of given and family name with the birth year, the birth date with the
// postcode district. Nothing without a part of the date, so that work does not grow with the
// population as a family name does; two descriptions without one have less than the threshold
// (matching_rules.h). Of children of whom the year alone is known both names must sound alike.
// Sorted, each once.
std::vector<std::string> BlockingKeys(const MatchingRules& rules, const Description& description);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_BLOCKING_H_
