// File: registration.h
//
// Which child a registration is about. The rules, in order; the first that names a child decides:
//   1  the same NHS number;
//   2  the same UPN;
//   3  the same agency and the same number of its own;
//   4  names, birth date, sex and postcode alike enough (likeness.h), the best child leading the
//   next
//      by a margin: of two children that are both alike, neither is taken.
// Otherwise it is a new child. Rules 2 to 4 never link where identifiers contradict each other:
// different NHS numbers, different permanent UPNs; rule 4 neither where the agency already tells
// the two apart by numbers of its own, as it does with twins.
#ifndef TRUSTHUB_SERVICES_CHILDREN_REGISTRATION_H_
#define TRUSTHUB_SERVICES_CHILDREN_REGISTRATION_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/transaction.h"
#include "services/children/matching_rules.h"
#include "trusthub/children/v1/child.pb.h"

namespace trusthub::children {

struct Link {
  v1::Child child;
  v1::LinkBasis basis = v1::LINK_BASIS_UNSPECIFIED;
  int score = 0;
};

// The child that `agency` describes by `details`; nothing when it is a new one.
absl::StatusOr<std::optional<Link>> FindChild(store::Transaction& tx, const MatchingRules& rules,
                                              absl::string_view agency,
                                              const v1::ChildDetails& details);

// Whether NHS numbers or permanent UPNs say that the two are different children. UPNs that end in a
// letter are temporary and contradict nothing.
bool IdentifiersConflict(const v1::Child& child, const v1::ChildDetails& details);

// The candidate that is alike enough, with its likeness; nothing when none is or two are.
std::optional<Link> BestOf(const MatchingRules& rules, const std::vector<v1::Child>& candidates,
                           absl::string_view agency, const v1::ChildDetails& details);

// Puts what `agency` says into its holding of `child`, which it adds when there is none, and what
// was missing into the child itself. Returns whether anything changed. Name, birth date and sex of
// the child stay as first registered; the address is the latest given.
bool UpdateHolding(absl::string_view agency, const v1::ChildDetails& details, v1::LinkBasis basis,
                   int score, absl::Time now, v1::Child* child);

const v1::Holding* FindHolding(const v1::Child& child, absl::string_view agency);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_REGISTRATION_H_
