// File: format.h
//
// The formats of options.proto: whether a text has one, and what a caller is told when it has not.
#ifndef TRUSTHUB_COMMON_PROTO_FORMAT_H_
#define TRUSTHUB_COMMON_PROTO_FORMAT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::proto {

// Whether `text` has `format`. `collection` is that of FORMAT_NAME. FORMAT_CODE is not decided
// here: it needs the code sets. FORMAT_PAGE_TOKEN neither: PageTokens has its own error for a bad
// token.
bool HasFormat(absl::string_view text, options::v1::Format format, absl::string_view collection);

// The rule in words, with what to do. `detail` is the collection or the code set.
std::string FormatRule(options::v1::Format format, absl::string_view detail);

}  // namespace trusthub::proto

#endif  // TRUSTHUB_COMMON_PROTO_FORMAT_H_
