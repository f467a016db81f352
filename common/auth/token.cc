#include "common/auth/token.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/auth/strict_json.h"
#include "common/base/ids.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"

namespace trusthub::auth {
namespace {

using errors::v1::ErrorReason;
using nlohmann::json;

constexpr absl::Duration kLifetimeMax = absl::Minutes(15);
// By how much an issuer's clock may run ahead of ours. A token is never honoured past its exp.
constexpr absl::Duration kSkewMax = absl::Seconds(30);
constexpr std::size_t kTokenIdBytesMax = 128;
constexpr std::int64_t kSecondsMax = 253402300799;  // the end of the year 9999

absl::Status Refuse(ErrorReason reason) { return error::Unauthenticated(reason); }

// The three parts of a compact JWS, decoded.
struct Jws {
  json header;
  json claims;
  absl::string_view signed_text;  // header.payload as sent
  std::string signature;
};

absl::StatusOr<Jws> ParseJws(absl::string_view token) {
  const absl::Status malformed = Refuse(errors::v1::ERROR_REASON_TOKEN_MALFORMED);
  if (token.size() > static_cast<std::size_t>(limits::kTokenBytesMax)) return malformed;
  const std::vector<absl::string_view> parts = absl::StrSplit(token, absl::MaxSplits('.', 3));
  if (parts.size() != 3) return malformed;
  const auto header = crypto::Base64UrlDecode(parts[0]);
  const auto claims = crypto::Base64UrlDecode(parts[1]);
  auto signature = crypto::Base64UrlDecode(parts[2]);
  if (!header.ok() || !claims.ok() || !signature.ok()) return malformed;
  auto header_json = ParseStrictObject(*header);
  auto claims_json = ParseStrictObject(*claims);
  if (!header_json.has_value() || !claims_json.has_value()) return malformed;
  return Jws{*std::move(header_json), *std::move(claims_json),
             token.substr(0, parts[0].size() + 1 + parts[1].size()), *std::move(signature)};
}

// Rules 1, 2 and 4. Members that would bring a key or change the format are refused, not ignored.
absl::StatusOr<std::string> KeyIdOf(const json& header) {
  for (const char* name : {"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "enc"}) {
    if (header.contains(name)) return Refuse(errors::v1::ERROR_REASON_TOKEN_MALFORMED);
  }
  if (StringMember(header, "typ") != "at+jwt") {
    return Refuse(errors::v1::ERROR_REASON_TOKEN_MALFORMED);
  }
  // Every key that a key set may hold is an ES256 key, so the key's algorithm is this one.
  if (StringMember(header, "alg") != "ES256") {
    return Refuse(errors::v1::ERROR_REASON_TOKEN_ALGORITHM_REFUSED);
  }
  const std::string id = StringMember(header, "kid").value_or("");
  if (!IsKeyId(id)) return Refuse(errors::v1::ERROR_REASON_TOKEN_KEY_UNKNOWN);
  return id;
}

// Rule 3: the key is looked up under the issuer, so another issuer's key never serves.
absl::StatusOr<const Domain*> VerifySignature(const Jws& jws, const std::string& key_id,
                                              const TrustSet& trust) {
  const auto issuer = StringMember(jws.claims, "iss");
  const Domain* domain = issuer.has_value() ? trust.ByIssuer(*issuer) : nullptr;
  if (domain == nullptr) return Refuse(errors::v1::ERROR_REASON_TOKEN_ISSUER_UNKNOWN);
  if (!domain->keys.Has(key_id)) return Refuse(errors::v1::ERROR_REASON_TOKEN_KEY_UNKNOWN);
  if (!domain->keys.Verify(key_id, jws.signed_text, jws.signature)) {
    return Refuse(errors::v1::ERROR_REASON_TOKEN_SIGNATURE_INVALID);
  }
  return domain;
}

// Whole seconds since 1970; nothing for fractions, strings and what no calendar holds.
std::optional<absl::Time> TimeMember(const json& claims, const char* name) {
  const auto member = claims.find(name);
  if (member == claims.end() || !member->is_number_unsigned()) return std::nullopt;
  const auto seconds = member->get<std::uint64_t>();
  if (seconds > static_cast<std::uint64_t>(kSecondsMax)) return std::nullopt;
  return absl::FromUnixSeconds(static_cast<std::int64_t>(seconds));
}

// Rule 5.
absl::Status ReadTimes(const json& claims, absl::Time now, Token& token) {
  const auto expires = TimeMember(claims, "exp");
  const auto not_before = TimeMember(claims, "nbf");
  const auto issued = TimeMember(claims, "iat");
  if (!expires.has_value() || !not_before.has_value() || !issued.has_value()) {
    return Refuse(errors::v1::ERROR_REASON_TOKEN_CLAIM_INVALID);
  }
  token.expires = *expires;
  token.valid_from = std::max(*not_before, *issued) - kSkewMax;
  if (now >= token.expires) return Refuse(errors::v1::ERROR_REASON_TOKEN_EXPIRED);
  if (now < token.valid_from || *expires <= *not_before || *expires <= *issued ||
      *expires - *issued > kLifetimeMax) {
    return Refuse(errors::v1::ERROR_REASON_TOKEN_LIFETIME_INVALID);
  }
  return absl::OkStatus();
}

// Rule 7: cnf has the thumbprint and no second way to prove possession.
absl::Status ReadBinding(const json& claims, Token& token) {
  const absl::Status refused = Refuse(errors::v1::ERROR_REASON_TOKEN_BINDING_MISMATCH);
  const auto cnf = claims.find("cnf");
  if (cnf == claims.end() || !cnf->is_object() || cnf->size() != 1) return refused;
  const auto thumbprint = crypto::Base64UrlDecode(StringMember(*cnf, "x5t#S256").value_or(""));
  if (!thumbprint.ok() || thumbprint->size() != crypto::kSha256Bytes) return refused;
  token.certificate_sha256 = *thumbprint;
  return absl::OkStatus();
}

// "designated_lead"; in lower case only, so that each role has one spelling.
options::v1::Role ParseRole(const std::string& text) {
  options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
  if (absl::AsciiStrToLower(text) != text ||
      !options::v1::Role_Parse(absl::StrCat("ROLE_", absl::AsciiStrToUpper(text)), &role)) {
    return options::v1::ROLE_UNSPECIFIED;
  }
  // A service is known by its certificate; no issuer may make one.
  return role == options::v1::ROLE_HUB_SERVICE ? options::v1::ROLE_UNSPECIFIED : role;
}

bool IsTokenId(absl::string_view text) {
  return !text.empty() && text.size() <= kTokenIdBytesMax &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); });
}

// Rules 3 and 8: who it is about.
absl::Status ReadWorker(const json& claims, Token& token) {
  token.worker = StringMember(claims, "sub").value_or("");
  token.id = StringMember(claims, "jti").value_or("");
  token.role = ParseRole(StringMember(claims, "role").value_or(""));
  const auto agency = StringMember(claims, "agency");
  if (!IsNameIn("workers", token.worker) || !IsTokenId(token.id) || !agency.has_value() ||
      token.role == options::v1::ROLE_UNSPECIFIED) {
    return Refuse(errors::v1::ERROR_REASON_TOKEN_CLAIM_INVALID);
  }
  if (*agency != token.domain->entry.agency) {
    return Refuse(errors::v1::ERROR_REASON_TOKEN_AGENCY_MISMATCH);
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view BearerToken(absl::string_view authorization) {
  constexpr absl::string_view kScheme = "Bearer ";
  if (!absl::StartsWithIgnoreCase(authorization, kScheme)) return {};
  return authorization.substr(kScheme.size());
}

absl::StatusOr<Token> VerifyToken(absl::string_view text, const TrustSet& trust,
                                  absl::string_view audience, absl::Time now) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Jws jws, ParseJws(text));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string key_id, KeyIdOf(jws.header));
  Token token;
  TRUSTHUB_ASSIGN_OR_RETURN(token.domain, VerifySignature(jws, key_id, trust));
  TRUSTHUB_RETURN_IF_ERROR(ReadTimes(jws.claims, now, token));
  if (StringMember(jws.claims, "aud").value_or("") != audience) {
    return Refuse(errors::v1::ERROR_REASON_TOKEN_AUDIENCE_MISMATCH);
  }
  TRUSTHUB_RETURN_IF_ERROR(ReadBinding(jws.claims, token));
  TRUSTHUB_RETURN_IF_ERROR(ReadWorker(jws.claims, token));
  return token;
}

}  // namespace trusthub::auth
