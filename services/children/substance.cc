#include "services/children/substance.h"

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "services/children/names.h"

namespace trusthub::children {
namespace {

// Of one character after the other, as of a key held down.
constexpr std::size_t kRunMax = 4;
// A sentence of 20 characters in any language has more different ones; what is typed with one hand
// has fewer.
constexpr std::size_t kDifferentCharactersMin = 6;

// In lower case where they are ASCII, without spaces.
std::vector<std::string> CharactersOf(absl::string_view text) {
  std::vector<std::string> characters;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (continues && !characters.empty()) {
      characters.back().push_back(c);
    } else if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      characters.emplace_back(1, absl::ascii_tolower(static_cast<unsigned char>(c)));
    }
  }
  return characters;
}

// Whether the whole is some part of it over and over, the last time perhaps cut short.
bool Repeats(const std::vector<std::string>& characters) {
  for (std::size_t period = 1; period <= characters.size() / 2; ++period) {
    std::size_t i = period;
    while (i < characters.size() && characters[i] == characters[i - period]) ++i;
    if (i == characters.size()) return true;
  }
  return false;
}

bool HasLongRun(const std::vector<std::string>& characters) {
  std::size_t run = 0;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    run = i > 0 && characters[i] == characters[i - 1] ? run + 1 : 1;
    if (run > kRunMax) return true;
  }
  return false;
}

}  // namespace

int CharactersIn(absl::string_view text) { return static_cast<int>(CharactersOf(text).size()); }

int DifferentWordsIn(absl::string_view text) {
  std::set<std::string> different;
  for (const absl::string_view part :
       absl::StrSplit(text, absl::ByAnyChar(" \t\n\r,;:/"), absl::SkipEmpty())) {
    for (const std::string& word : WordsOf(part)) {
      std::string letters;
      for (const char c : word) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80 || absl::ascii_isalpha(byte)) letters.push_back(c);
      }
      if (!letters.empty()) different.insert(std::move(letters));
    }
  }
  return static_cast<int>(different.size());
}

bool IsFiller(absl::string_view text) {
  const std::vector<std::string> characters = CharactersOf(text);
  const std::set<std::string> different(characters.begin(), characters.end());
  return different.size() < kDifferentCharactersMin || HasLongRun(characters) ||
         Repeats(characters);
}

}  // namespace trusthub::children
