// File: strict_json.h
//
// JSON as tokens and key sets must be: RFC 8259, valid UTF-8, one object, no member named twice at
// any level (two parsers would read two different tokens), no deeper than `kJsonDepthMax`.
#ifndef TRUSTHUB_COMMON_AUTH_STRICT_JSON_H_
#define TRUSTHUB_COMMON_AUTH_STRICT_JSON_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace trusthub::auth {

inline constexpr int kJsonDepthMax = 8;

// Nothing unless `text` is such an object. Begins with "{": no byte order mark, no space before it.
std::optional<nlohmann::json> ParseStrictObject(absl::string_view text);

// The member when it is there and a string; else nothing.
std::optional<std::string> StringMember(const nlohmann::json& object, const char* name);

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_STRICT_JSON_H_
