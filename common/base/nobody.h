// File: nobody.h
//
// What does not exist is about nobody. Whoever asks for it is answered after the same reads and
// writes as for what is hidden: nobody's name is looked up and decided on as anybody's would be.
#ifndef TRUSTHUB_COMMON_BASE_NOBODY_H_
#define TRUSTHUB_COMMON_BASE_NOBODY_H_

#include "absl/strings/string_view.h"

namespace trusthub {

inline constexpr absl::string_view kNobody = "children/00000000000000000000000000";
inline constexpr absl::string_view kNobodysAgency = "agencies/00000000000000000000000000";

}  // namespace trusthub

#endif  // TRUSTHUB_COMMON_BASE_NOBODY_H_
