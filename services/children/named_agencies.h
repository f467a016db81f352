// File: named_agencies.h
//
// What the directory told of the agencies that a request names.
#ifndef TRUSTHUB_SERVICES_CHILDREN_NAMED_AGENCIES_H_
#define TRUSTHUB_SERVICES_CHILDREN_NAMED_AGENCIES_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"
#include "common/events/facts.h"
#include "common/store/transaction.h"
#include "trusthub/directory/v1/directory.pb.h"

namespace trusthub::children {

// Kinds of the agencies that the directory holds, by name: "agencies/x" -> AGENCY_KIND_SCHOOL.
using AgencyKinds = std::map<std::string, directory::v1::AgencyKind>;

// Those of `names` that the directory holds. A kind of a newer directory is UNSPECIFIED.
template <class Names>
absl::StatusOr<AgencyKinds> KindsOf(store::Transaction& tx, const Names& names) {
  AgencyKinds kinds;
  for (const std::string& name : names) {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto agency, events::AgencyFactOf(tx, name));
    if (!agency.has_value()) continue;
    directory::v1::AgencyKind kind = directory::v1::AGENCY_KIND_UNSPECIFIED;
    directory::v1::AgencyKind_Parse(absl::StrCat("AGENCY_KIND_", agency->kind()), &kind);
    kinds[name] = kind;
  }
  return kinds;
}

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_NAMED_AGENCIES_H_
