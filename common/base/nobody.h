// File: nobody.h
//
// What does not exist is about nobody. Whoever asks for it is answered after the same work as for
// what is hidden, so that no time tells them apart: nobody's name is looked up and decided on as
// anybody's would be.
#ifndef TRUSTHUB_COMMON_BASE_NOBODY_H_
#define TRUSTHUB_COMMON_BASE_NOBODY_H_

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace trusthub {

inline constexpr absl::string_view kNobodysId = "00000000000000000000000000";
inline constexpr absl::string_view kNobody = "children/00000000000000000000000000";
inline constexpr absl::string_view kNobodysAgency = "agencies/00000000000000000000000000";

// Whether `name` is one of these, or none at all.
inline bool IsNobody(absl::string_view name) {
  return name.empty() || absl::EndsWith(name, kNobodysId);
}

}  // namespace trusthub

#endif  // TRUSTHUB_COMMON_BASE_NOBODY_H_
