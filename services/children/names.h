// File: names.h
//
// Names as they are heard rather than spelled. Redbridge writes one name in many ways (Ayesha,
// Aisha, Aysha; Chowdhury, Chaudhry): transliterations differ in vowels, in aspirated consonants
// and in doubled letters. Pure functions, symmetric where they take two names, without allocation
// limits of their own: names are at most 100 bytes.
#ifndef TRUSTHUB_SERVICES_CHILDREN_NAMES_H_
#define TRUSTHUB_SERVICES_CHILDREN_NAMES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace trusthub::children {

// The words of a name: lower case, Latin letters without marks, split at spaces and hyphens;
// apostrophes and full stops dropped. Letters of other scripts stay as they are.
std::vector<std::string> WordsOf(absl::string_view name);

// How a word of WordsOf sounds: consonants in lower case, vowels as A (a), E (ai, ay, ei), I (e, i,
// y) and U (o, u, ow). "EsA" for Ayesha, Aisha and Aysha.
std::string SoundOf(absl::string_view word);

// The consonants of SoundOf, with a leading `*` when the word begins with a vowel: a coarse key.
std::string SkeletonOf(absl::string_view word);

// Likeness of two words by sound and by letters, 0 to 1; 1 for the same sound. Swapped letters and
// vowels count little, other consonants and a final -a, which tells Amin from Amina, count in full.
double WordLikeness(absl::string_view a, absl::string_view b);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_NAMES_H_
