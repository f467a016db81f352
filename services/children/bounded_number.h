// File: bounded_number.h
//
// Numbers of the service's data files: each has a least and a greatest value.
#ifndef TRUSTHUB_SERVICES_CHILDREN_BOUNDED_NUMBER_H_
#define TRUSTHUB_SERVICES_CHILDREN_BOUNDED_NUMBER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"

namespace trusthub::children {

// Reads the whole number under `key` into `out`; it must lie in [least, most].
inline absl::Status ReadBounded(const config::Yaml& map, absl::string_view key, int least, int most,
                                int* out) {
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Yaml value, map.Get(key));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t number, value.Number());
  if (number < least || number > most) {
    return value.Error(absl::StrCat(key, " must lie between ", least, " and ", most));
  }
  *out = static_cast<int>(number);
  return absl::OkStatus();
}

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_BOUNDED_NUMBER_H_
