#include "common/auth/spiffe_id.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace trusthub::auth {
namespace {

constexpr std::size_t kSpiffeIdBytesMax = 2048;
constexpr std::size_t kTrustDomainBytesMax = 255;

bool IsSegmentCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

bool IsSegment(absl::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), IsSegmentCharacter);
}

}  // namespace

bool IsTrustDomain(absl::string_view text) {
  if (text.empty() || text.size() > kTrustDomainBytesMax) return false;
  if (text.front() == '.' || text.back() == '.' || absl::StrContains(text, "..")) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsSegmentCharacter(c) && !absl::ascii_isupper(static_cast<unsigned char>(c));
  });
}

std::optional<SpiffeId> ParseSpiffeId(absl::string_view uri) {
  if (uri.size() > kSpiffeIdBytesMax || !absl::ConsumePrefix(&uri, "spiffe://"))
    return std::nullopt;
  const auto slash = uri.find('/');
  if (slash == absl::string_view::npos) return std::nullopt;
  const SpiffeId id{uri.substr(0, slash), uri.substr(slash)};
  if (!IsTrustDomain(id.trust_domain)) return std::nullopt;
  for (const absl::string_view segment : absl::StrSplit(id.path.substr(1), '/')) {
    if (!IsSegment(segment)) return std::nullopt;
  }
  return id;
}

}  // namespace trusthub::auth
