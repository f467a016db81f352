// File: access_rows.h
//
// Who can see what of one child: every agency, role, purpose and kind of record to which a set of
// agreements gives anything, as the agencies stand to the child.
#ifndef TRUSTHUB_COMMON_POLICY_ACCESS_ROWS_H_
#define TRUSTHUB_COMMON_POLICY_ACCESS_ROWS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "common/base/relations.h"
#include "common/policy/access_lattice.h"
#include "common/policy/policy.h"

namespace trusthub::policy {

// What one agency's role sees for one purpose.
struct AccessRow {
  std::string agency;
  options::v1::Role role = options::v1::ROLE_UNSPECIFIED;
  Purpose purpose = options::v1::PURPOSE_UNSPECIFIED;
  RecordKind record_kind = options::v1::RECORD_KIND_UNSPECIFIED;
  CategorySet categories;          // never empty
  std::vector<std::string> rules;  // `agreement/item` that give them, in order, each once

  friend bool operator==(const AccessRow&, const AccessRow&) = default;
};

// How a worker of `agency` in `role` stands to the child for `purpose`. A row is about what may be
// seen by the right worker: kAllocated, for example, belongs here when the child is allocated to
// anyone of that agency and role. kOwner and kAuthor are relations to single records; add them for
// an agency that is to be asked about as owner or author.
using StandingFor =
    std::function<Standing(const AgencyAndKind& agency, options::v1::Role role, Purpose purpose)>;

// Rows in the order of agency, role, purpose and kind of record. `agencies` have names and kinds.
// A rule that asks who provides the record gives a row when the record of any of `agencies` would
// be given. The role of the hub's own services is left out: no person has it. Calls `standing` once
// for each agency, role and purpose that may be given anything.
std::vector<AccessRow> AccessOf(const Agreements& agreements,
                                const std::vector<AgencyAndKind>& agencies, absl::CivilDay day,
                                const StandingFor& standing);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_ACCESS_ROWS_H_
