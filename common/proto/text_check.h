// File: text_check.h
//
// What may stand in a text: valid UTF-8 without control characters and without the characters that
// override the direction of writing, which make a text read otherwise than it is stored.
#ifndef TRUSTHUB_COMMON_PROTO_TEXT_CHECK_H_
#define TRUSTHUB_COMMON_PROTO_TEXT_CHECK_H_

#include "absl/strings/string_view.h"

namespace trusthub::proto {

enum class TextFault { kNone, kNotUtf8, kControl, kDirection };

// The first fault of `text`. `lines` allows line feeds and tabs. Plain ASCII is checked eight bytes
// at a time. Marks of direction (U+200E, U+200F, U+061C) are good: Urdu and Arabic texts need them.
TextFault CheckText(absl::string_view text, bool lines);

}  // namespace trusthub::proto

#endif  // TRUSTHUB_COMMON_PROTO_TEXT_CHECK_H_
