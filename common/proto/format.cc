#include "common/proto/format.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/identifiers/identifiers.h"

namespace trusthub::proto {
namespace {

constexpr std::size_t kSlugBytesMax = 63;

bool IsUuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
    if (hyphen ? c != '-' : !hex) return false;
  }
  return true;
}

bool IsSlug(absl::string_view text) {
  if (text.empty() || text.size() > kSlugBytesMax || text.front() == '-' || text.back() == '-') {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
  });
}

bool IsEtag(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isgraph(c); });
}

}  // namespace

bool HasFormat(absl::string_view text, options::v1::Format format, absl::string_view collection) {
  switch (format) {
    case options::v1::FORMAT_NAME:
      return IsNameIn(collection, text);
    case options::v1::FORMAT_UUID:
      return IsUuid(text);
    case options::v1::FORMAT_NHS_NUMBER:
      return identifiers::IsNhsNumber(text);
    case options::v1::FORMAT_UPN:
      return identifiers::IsUpn(text);
    case options::v1::FORMAT_POSTCODE:
      return identifiers::IsPostcode(text);
    case options::v1::FORMAT_ETAG:
      return IsEtag(text);
    case options::v1::FORMAT_LANGUAGE:
      return identifiers::IsLanguageTag(text);
    case options::v1::FORMAT_TELEPHONE:
      return identifiers::IsTelephone(text);
    case options::v1::FORMAT_SLUG:
      return IsSlug(text);
    default:
      return true;
  }
}

std::string FormatRule(options::v1::Format format, absl::string_view detail) {
  switch (format) {
    case options::v1::FORMAT_NAME:
      return absl::StrCat("must be a record's name, ", detail,
                          "/ and its id; send the name as the hub gave it");
    case options::v1::FORMAT_UUID:
      return "must be a UUID in lower case (RFC 4122); make one for this request and keep it for "
             "retries";
    case options::v1::FORMAT_NHS_NUMBER:
      return "must be an NHS number, ten digits without spaces whose check digit is right; check "
             "it "
             "at its source, or leave it out when it is not known";
    case options::v1::FORMAT_UPN:
      return "must be a unique pupil number, 13 characters whose check letter and authority are "
             "right; check it with the school, or leave it out when it is not known";
    case options::v1::FORMAT_POSTCODE:
      return "must be a postcode in upper case with one space before its last three characters; "
             "correct it, or leave it out when it is not known";
    case options::v1::FORMAT_CODE:
      return absl::StrCat("must be a code of the code set ", detail,
                          "; map your own code to one of that set");
    case options::v1::FORMAT_ETAG:
      return "must be an etag that the hub gave; read the record again and send its etag";
    case options::v1::FORMAT_LANGUAGE:
      return "must be a BCP 47 language tag such as ur or pa-Arab; send the tag, not the name of "
             "the "
             "language";
    case options::v1::FORMAT_TELEPHONE:
      return "must be a telephone number in digits and single spaces, with a leading plus at most; "
             "leave out everything else";
    case options::v1::FORMAT_SLUG:
      return "must be 1 to 63 lower case letters, digits and hyphens, with no hyphen at either "
             "end; "
             "choose such an id";
    default:
      return "must have the format that its field rule names";
  }
}

}  // namespace trusthub::proto
