#include "services/children/names.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace trusthub::children {
namespace {

// Base letters of U+00C0 to U+017F; '?' where there is none (signs, not letters).
constexpr absl::string_view kBaseLetters =
    "aaaaaaaceeeeiiiidnooooo?ouuuuytsaaaaaaaceeeeiiiidnooooo?ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

// The base letter of the two-byte character that starts at name[i]; 0 when it has none.
char BaseLetterAt(absl::string_view name, std::size_t i) {
  if (i + 1 >= name.size()) return 0;
  const auto lead = static_cast<unsigned char>(name[i]);
  const auto next = static_cast<unsigned char>(name[i + 1]);
  if (lead < 0xC3 || lead > 0xC5 || (next & 0xC0) != 0x80) return 0;
  const std::size_t place = ((lead & 0x1Fu) << 6 | (next & 0x3Fu)) - 0xC0u;
  const char letter = place < kBaseLetters.size() ? kBaseLetters[place] : '?';
  return letter == '?' ? 0 : letter;
}

bool IsVowelLetter(char c) { return absl::StrContains("aeiouy", c); }
bool IsVowelSound(char c) { return c == 'A' || c == 'E' || c == 'I' || c == 'U'; }

// Spellings and their sounds. The first that matches is taken, so longer ones come first.
constexpr std::array<std::pair<absl::string_view, absl::string_view>, 36> kSpellings = {{
    {"aaye", "E"}, {"aye", "E"}, {"aai", "E"}, {"sch", "s"}, {"tch", "C"}, {"ai", "E"},
    {"ay", "E"},   {"ei", "E"},  {"ey", "E"},  {"ae", "E"},  {"aa", "A"},  {"ee", "I"},
    {"ea", "I"},   {"ie", "I"},  {"ii", "I"},  {"oo", "U"},  {"ou", "U"},  {"au", "U"},
    {"uu", "U"},   {"oa", "U"},  {"ch", "C"},  {"cz", "C"},  {"sh", "s"},  {"sz", "s"},
    {"ph", "f"},   {"kh", "k"},  {"gh", "g"},  {"dh", "d"},  {"th", "t"},  {"bh", "b"},
    {"jh", "j"},   {"dj", "j"},  {"zh", "z"},  {"ck", "k"},  {"x", "ks"},  {"q", "k"},
}};

// The sound of the single letter word[i]; nothing for a silent h.
char SoundOfLetter(absl::string_view word, std::size_t i) {
  const char next = i + 1 < word.size() ? word[i + 1] : '\0';
  switch (word[i]) {
    case 'a':
      return 'A';
    case 'e':
    case 'i':
    case 'y':
      return 'I';
    case 'o':
    case 'u':
      return 'U';
    case 'w':
      return 'v';
    case 'c':
      return next == 'e' || next == 'i' || next == 'y' ? 's' : 'k';
    case 'h':
      return next != '\0' && IsVowelLetter(next) ? 'h' : '\0';
    default:
      return word[i];
  }
}

double SubstitutionCost(char a, char b) {
  if (a == b) return 0;
  if (a > b) std::swap(a, b);
  switch (a << 8 | b) {
    case 'E' << 8 | 'I':
      return 0.2;
    case 'A' << 8 | 'E':
      return 0.3;
    case 'A' << 8 | 'I':
      return 0.5;
    case 'A' << 8 | 'U':
      return 0.6;
    case 'E' << 8 | 'U':
    case 'I' << 8 | 'U':
      return 0.7;
    case 'C' << 8 | 's':
    case 'b' << 8 | 'v':
    case 'f' << 8 | 'v':
    case 'g' << 8 | 'k':
    case 'j' << 8 | 'z':
      return 0.6;
    default:
      return 1;
  }
}

// A vowel that one spelling has and the other has not. A final -a often tells a girl's name.
double InsertionCost(absl::string_view sound, std::size_t i) {
  if (sound[i] == 'A' && i + 1 == sound.size()) return 1;
  return IsVowelSound(sound[i]) || sound[i] == 'h' ? 0.4 : 1;
}

double UnitSubstitution(char a, char b) { return a == b ? 0 : 1; }
double UnitInsertion(absl::string_view, std::size_t) { return 1; }

// Optimal string alignment distance with the given costs; neighbours swapped cost one.
template <class Substitution, class Insertion>
double Distance(absl::string_view a, absl::string_view b, Substitution substitution,
                Insertion insertion) {
  std::vector<std::vector<double>> d(a.size() + 1, std::vector<double>(b.size() + 1, 0));
  for (std::size_t i = 1; i <= a.size(); ++i) d[i][0] = d[i - 1][0] + insertion(a, i - 1);
  for (std::size_t j = 1; j <= b.size(); ++j) d[0][j] = d[0][j - 1] + insertion(b, j - 1);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j - 1] + substitution(a[i - 1], b[j - 1]),
                          d[i - 1][j] + insertion(a, i - 1), d[i][j - 1] + insertion(b, j - 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

double Likeness(double distance, absl::string_view a, absl::string_view b) {
  const double length = static_cast<double>(std::max(a.size(), b.size()));
  return length == 0 ? 0 : std::max(0.0, 1 - distance / length);
}

}  // namespace

std::vector<std::string> WordsOf(absl::string_view name) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (absl::ascii_isalpha(static_cast<unsigned char>(c))) {
      word += absl::ascii_tolower(static_cast<unsigned char>(c));
    } else if (const char letter = BaseLetterAt(name, i); letter != 0) {
      word += letter;
      ++i;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      word += c;  // another script: compared byte by byte
    } else if (c != '\'' && c != '.' && c != '`') {
      end_word();
    }
  }
  end_word();
  return words;
}

std::string SoundOf(absl::string_view word) {
  std::string sound;
  const auto add = [&sound](char c) {
    if (c != '\0' && (sound.empty() || sound.back() != c)) sound += c;
  };
  for (std::size_t i = 0; i < word.size();) {
    const absl::string_view rest = word.substr(i);
    // A w that no vowel follows lengthens the vowel before it: Chowdhury, but not Kowalski.
    if ((absl::StartsWith(rest, "ow") || absl::StartsWith(rest, "aw")) &&
        (rest.size() == 2 || !IsVowelLetter(rest[2]))) {
      add('U');
      i += 2;
      continue;
    }
    const auto* spelling =
        std::find_if(kSpellings.begin(), kSpellings.end(),
                     [rest](const auto& s) { return absl::StartsWith(rest, s.first); });
    if (spelling != kSpellings.end()) {
      for (const char c : spelling->second) add(c);
      i += spelling->first.size();
    } else {
      add(SoundOfLetter(word, i));
      ++i;
    }
  }
  return sound;
}

std::string SkeletonOf(absl::string_view word) {
  std::string skeleton;
  for (const char c : SoundOf(word)) {
    if (!IsVowelSound(c)) {
      skeleton += c;
    } else if (skeleton.empty()) {
      skeleton += '*';
    }
  }
  return skeleton;
}

double WordLikeness(absl::string_view a, absl::string_view b) {
  if (a == b) return a.empty() ? 0 : 1;
  const std::string sound_a = SoundOf(a);
  const std::string sound_b = SoundOf(b);
  const double by_sound =
      Likeness(Distance(sound_a, sound_b, SubstitutionCost, InsertionCost), sound_a, sound_b);
  const double by_letters = Likeness(Distance(a, b, UnitSubstitution, UnitInsertion), a, b);
  return std::max(by_sound, by_letters);
}

}  // namespace trusthub::children
