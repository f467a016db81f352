// File: identifiers.h
//
// National identifiers: parse, check, format (domain.md 3). Check functions take the canonical
// form: no spaces in numbers, upper case, one space before the last three of a postcode.
#ifndef TRUSTHUB_COMMON_IDENTIFIERS_IDENTIFIERS_H_
#define TRUSTHUB_COMMON_IDENTIFIERS_IDENTIFIERS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace trusthub::identifiers {

// Ten digits whose modulus 11 check digit is right; a computed check digit of 10 is never valid.
bool IsNhsNumber(absl::string_view text);
// "943 476 5919".
std::string FormatNhsNumber(absl::string_view digits);

// 13 characters: check letter, a known local authority code, establishment, year, serial (temporary
// numbers end in a letter).
bool IsUpn(absl::string_view text);
// The letter that makes `rest` (12 characters) a UPN; 0 when it cannot be one.
char UpnCheckLetter(absl::string_view rest);

// gov.uk's expression, anchored at both ends, upper case with one space.
bool IsPostcode(absl::string_view text);
// Upper case, one space before the last three; unchanged when it is no postcode.
std::string CanonicalPostcode(absl::string_view text);

bool IsLocalAuthorityCode(absl::string_view text);  // DfE, three digits, of the valid ranges
bool IsOdsCode(absl::string_view text);             // opaque, 3 to 12 upper case letters and digits
bool IsPoliceForceCode(absl::string_view text);     // Home Office force number
// A BCP 47 language tag of two or three letters, with optional subtags.
bool IsLanguageTag(absl::string_view text);
bool IsTelephone(absl::string_view text);

}  // namespace trusthub::identifiers

#endif  // TRUSTHUB_COMMON_IDENTIFIERS_IDENTIFIERS_H_
