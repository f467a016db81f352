#include "common/identifiers/identifiers.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace trusthub::identifiers {
namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(c); }
bool IsUpper(char c) { return absl::ascii_isupper(c); }

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

int DigitOf(char c) { return c - '0'; }

// --- Unique pupil numbers ----------------------------------------------------------------------

// No I, O or S: they look like digits.
constexpr absl::string_view kUpnAlphabet = "ABCDEFGHJKLMNPQRTUVWXYZ";
constexpr std::size_t kUpnLength = 13;

// What a character counts for: a digit itself, a letter of the alphabet its place; -1 when neither.
int UpnValue(char c) {
  if (IsDigit(c)) return DigitOf(c);
  const std::size_t place = kUpnAlphabet.find(c);
  return place == absl::string_view::npos ? -1 : static_cast<int>(place);
}

// --- Local authorities -------------------------------------------------------------------------

struct CodeRange {
  int first;
  int last;
};

// Codes of local authorities in England that the DfE's census checks accept (rule 1530), ascending.
constexpr CodeRange kAuthorities[] = {
    {1, 5},     {201, 213}, {301, 320}, {330, 336}, {340, 344}, {350, 359}, {370, 373},
    {380, 384}, {390, 394}, {420, 420}, {660, 681}, {701, 708}, {800, 803}, {805, 808},
    {810, 813}, {815, 816}, {820, 823}, {825, 826}, {830, 831}, {835, 841}, {845, 846},
    {850, 852}, {855, 857}, {860, 861}, {865, 896}, {908, 909}, {916, 916}, {919, 919},
    {921, 921}, {925, 926}, {928, 929}, {931, 931}, {933, 933}, {935, 938}, {940, 941}};

// --- Police forces -----------------------------------------------------------------------------

// Home Office numbers of the territorial forces, and 93 for the British Transport Police.
constexpr absl::string_view kForces[] = {
    "01", "03", "04", "05", "06", "07", "10", "11", "12", "13", "14", "16", "17", "20", "21",
    "22", "23", "30", "31", "32", "33", "34", "35", "36", "37", "40", "41", "42", "43", "44",
    "45", "46", "47", "48", "50", "52", "53", "54", "55", "60", "61", "62", "63", "93"};

// --- Postcodes ---------------------------------------------------------------------------------

// Shapes of gov.uk's expression (Bulk Data Transfer validation, 12 November 2015) before the space:
// L a letter, M a letter but I and Z, 9 a digit.
constexpr absl::string_view kOutwardShapes[] = {"L9", "L99", "LM9", "LM99", "L9L", "LM9L", "LML"};

bool MatchesShape(absl::string_view text, absl::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (shape[i] == '9' ? !IsDigit(c) : !IsUpper(c)) return false;
    if (shape[i] == 'M' && (c == 'I' || c == 'Z')) return false;
  }
  return true;
}

}  // namespace

bool IsNhsNumber(absl::string_view text) {
  if (text.size() != 10 || !AllDigits(text)) return false;
  int sum = 0;
  for (int i = 0; i < 9; ++i) sum += (10 - i) * DigitOf(text[i]);
  const int check = (11 - sum % 11) % 11;  // 10 equals no digit
  return check == DigitOf(text[9]);
}

std::string FormatNhsNumber(absl::string_view digits) {
  if (digits.size() != 10) return std::string(digits);
  return absl::StrCat(digits.substr(0, 3), " ", digits.substr(3, 3), " ", digits.substr(6));
}

char UpnCheckLetter(absl::string_view rest) {
  if (rest.size() != kUpnLength - 1 || !AllDigits(rest.substr(0, 11))) return 0;
  int sum = 0;
  for (int i = 0; i < 12; ++i) {
    const int value = UpnValue(rest[i]);
    if (value < 0) return 0;
    sum += (i + 2) * value;
  }
  return kUpnAlphabet[sum % kUpnAlphabet.size()];
}

bool IsUpn(absl::string_view text) {
  if (text.size() != kUpnLength || !IsLocalAuthorityCode(text.substr(1, 3))) return false;
  return text[0] != 0 && text[0] == UpnCheckLetter(text.substr(1));
}

bool IsPostcode(absl::string_view text) {
  if (text == "GIR 0AA") return true;
  if (text.size() < 6 || text.size() > 8) return false;
  const std::size_t space = text.size() - 4;
  if (text[space] != ' ' || !MatchesShape(text.substr(space + 1), "9LL")) return false;
  const absl::string_view outward = text.substr(0, space);
  return std::any_of(std::begin(kOutwardShapes), std::end(kOutwardShapes),
                     [&](absl::string_view shape) { return MatchesShape(outward, shape); });
}

std::string CanonicalPostcode(absl::string_view text) {
  std::string code;
  for (char c : text) {
    if (!absl::ascii_isspace(c)) code.push_back(absl::ascii_toupper(c));
  }
  if (code.size() > 3) code.insert(code.size() - 3, 1, ' ');
  return IsPostcode(code) ? code : std::string(text);
}

bool IsLocalAuthorityCode(absl::string_view text) {
  if (text.size() != 3 || !AllDigits(text)) return false;
  const int code = 100 * DigitOf(text[0]) + 10 * DigitOf(text[1]) + DigitOf(text[2]);
  return std::any_of(std::begin(kAuthorities), std::end(kAuthorities), [&](const CodeRange& range) {
    return code >= range.first && code <= range.last;
  });
}

bool IsOdsCode(absl::string_view text) {
  return text.size() >= 3 && text.size() <= 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsUpper(c) || IsDigit(c); });
}

bool IsPoliceForceCode(absl::string_view text) {
  return std::find(std::begin(kForces), std::end(kForces), text) != std::end(kForces);
}

bool IsLanguageTag(absl::string_view text) {
  constexpr std::size_t kTagMax = 35;    // RFC 5646 4.4.1
  constexpr std::size_t kSubtagMax = 8;  // RFC 5646 2.1
  if (text.size() > kTagMax) return false;
  std::size_t length = 0;  // of the subtag at hand
  bool primary = true;
  for (char c : text) {
    if (c == '-') {
      if (length == 0 || (primary && length < 2)) return false;
      primary = false;
      length = 0;
      continue;
    }
    if (primary ? !absl::ascii_islower(c) : !absl::ascii_isalnum(c)) return false;
    if (++length > (primary ? 3 : kSubtagMax)) return false;
  }
  return length >= 2;  // a single character only introduces further subtags
}

bool IsTelephone(absl::string_view text) {
  constexpr int kDigitsMin = 3;   // 101, 999
  constexpr int kDigitsMax = 15;  // E.164
  int digits = 0;
  char before = ' ';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (IsDigit(c)) {
      ++digits;
    } else if (c == ' ') {
      if (!IsDigit(before)) return false;
    } else if (c != '+' || i != 0) {
      return false;
    }
    before = c;
  }
  return digits >= kDigitsMin && digits <= kDigitsMax && before != ' ';
}

}  // namespace trusthub::identifiers
