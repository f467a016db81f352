// File: spiffe_id.h
//
// SPIFFE ids by the letter of the SPIFFE-ID and X509-SVID specifications.
#ifndef TRUSTHUB_COMMON_AUTH_SPIFFE_ID_H_
#define TRUSTHUB_COMMON_AUTH_SPIFFE_ID_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace trusthub::auth {

// Views into the parsed text.
struct SpiffeId {
  absl::string_view trust_domain;  // "council.redbridge.example"
  absl::string_view path;          // "/system/case-management"
};

// 1 to 255 characters of [a-z0-9._-], no dot at either end nor after another: "." is a host to some
// readers of URIs, and a step to others.
bool IsTrustDomain(absl::string_view text);

// Nothing unless `uri` is "spiffe://" + trust domain + a path that is not the root, of segments of
// [A-Za-z0-9._-] that are not empty, "." or "..": so no %, query, fragment, port or user. At most
// 2048 bytes.
std::optional<SpiffeId> ParseSpiffeId(absl::string_view uri);

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_SPIFFE_ID_H_
