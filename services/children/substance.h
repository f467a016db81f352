// File: substance.h
//
// Whether a written reason says something: enough of it, in words that differ, and not a key held
// down. What it says is for the reviewer. Pure functions over valid UTF-8.
#ifndef TRUSTHUB_SERVICES_CHILDREN_SUBSTANCE_H_
#define TRUSTHUB_SERVICES_CHILDREN_SUBSTANCE_H_

#include "absl/strings/string_view.h"

namespace trusthub::children {

// Characters without spaces.
int CharactersIn(absl::string_view text);

// Words that differ, digits and marks left out: "reason1 reason2" is one.
int DifferentWordsIn(absl::string_view text);

// Whether `text` is a pattern typed to fill a field: one part over and over ("asdasdasd"), a key
// held down, or hardly any different characters.
bool IsFiller(absl::string_view text);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_SUBSTANCE_H_
