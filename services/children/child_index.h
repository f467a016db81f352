// File: child_index.h
//
// How a child is found again without the store holding anything readable: by NHS number, by UPN, by
// an agency's own number, and by blocking keys, which children that may be the same share. Every
// entry but the plain NHS number and UPN is an extra index key of the Child record, a keyed hash.
#ifndef TRUSTHUB_SERVICES_CHILDREN_CHILD_INDEX_H_
#define TRUSTHUB_SERVICES_CHILDREN_CHILD_INDEX_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/transaction.h"
#include "services/children/likeness.h"
#include "services/children/matching_rules.h"
#include "trusthub/children/v1/child.pb.h"

namespace trusthub::children {

// Children with this NHS number (at most one), UPN, or this agency's own number (at most one).
absl::StatusOr<std::vector<v1::Child>> FindByNhsNumber(store::Transaction& tx,
                                                       absl::string_view nhs_number);
// Also guards the UPN: a child that gets it meanwhile makes the commit conflict.
absl::StatusOr<std::vector<v1::Child>> FindByUpn(store::Transaction& tx, absl::string_view upn);
absl::StatusOr<std::vector<v1::Child>> FindByLocalIdentifier(store::Transaction& tx,
                                                             absl::string_view agency,
                                                             absl::string_view local_identifier);

// Children of one block that are compared at most; in a borough it holds a few
// (blocking_test).
inline constexpr int kBlockMax = 500;

// Every child that shares a blocking key with `description`, each once; none when a block holds
// more than kBlockMax: who cannot be told from so many is linked with nobody by likeness. Guards
// the keys: a child that gets one of them meanwhile makes the commit conflict, so that two
// registrations of one child at the same moment find each other.
absl::StatusOr<std::vector<v1::Child>> FindAlike(store::Transaction& tx, const MatchingRules& rules,
                                                 const Description& description);

// Write `child` with all its index entries, and tell the guards.
absl::Status AddChild(store::Transaction& tx, const MatchingRules& rules,
                      absl::string_view owner_agency, absl::string_view author_agency,
                      v1::Child* child);
absl::Status SaveChild(store::Transaction& tx, const MatchingRules& rules, v1::Child* child);
// The same for a child that is unchanged, whose entries were made by other rules.
absl::Status IndexAgain(store::Transaction& tx, const MatchingRules& rules, v1::Child* child);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_CHILD_INDEX_H_
