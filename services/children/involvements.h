// File: involvements.h
//
// Involvements and statuses of one child, and the events that tell the other services. An
// involvement is told apart by agency, kind and basis, a status by kind and basis. Late news
// changes nothing: what ended does not begin again by what was before its end.
#ifndef TRUSTHUB_SERVICES_CHILDREN_INVOLVEMENTS_H_
#define TRUSTHUB_SERVICES_CHILDREN_INVOLVEMENTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/store/transaction.h"
#include "trusthub/children/v1/child.pb.h"
#include "trusthub/types/v1/date.pb.h"

namespace trusthub::children {

// Changes of one child, collected, then told. Not thread-safe; lives within one transaction.
class ChildChanges {
 public:
  // `author_agency`: whose call made the changes. `child` outlives this.
  ChildChanges(v1::Child* child, absl::string_view author_agency);

  // Does nothing when it began already, unless it ended before `start`: who comes back to a core
  // group is in it again.
  void Begin(absl::string_view agency, v1::InvolvementKind kind, absl::string_view basis,
             absl::Time start, absl::Time end = absl::InfiniteFuture());
  // As Begin, unless the agency is involved in this way `enough` times already, on whatever basis.
  void BeginUnlessLasting(absl::string_view agency, v1::InvolvementKind kind,
                          absl::string_view basis, absl::Time start, int enough = 1);
  // Ends the involvement if it lasts.
  void End(absl::string_view agency, v1::InvolvementKind kind, absl::string_view basis,
           absl::Time end);
  void BeginStatus(v1::Status status);
  void EndStatus(v1::StatusKind kind, absl::string_view basis, const types::v1::Date& end_date);

  // Agencies whose involvement of `kind` on `basis` has no end yet.
  std::vector<std::string> LastingAgencies(v1::InvolvementKind kind, absl::string_view basis) const;
  const v1::Status* FindStatus(v1::StatusKind kind, absl::string_view basis) const;
  // Whether a status of `kind` has no end yet, on whatever basis.
  bool Lasts(v1::StatusKind kind) const;

  bool empty() const { return involvements_.empty() && statuses_.empty(); }
  // One INVOLVEMENT_CHANGED or STATUS_CHANGED a change, in order. Call after the child was written.
  absl::Status Tell(store::Transaction& tx) const;

 private:
  v1::Child* child_;
  std::string author_agency_;
  std::vector<v1::Involvement> involvements_;
  std::vector<v1::Status> statuses_;
};

// The council responsible for the child: of the newest status that lasts, else of the newest
// responsibility that lasts at `now`, else of the newest status that ended; "" when there is none.
std::string ResponsibleAgency(const v1::Child& child, absl::Time now);

// Fills title and telephones of the responsible council from what the directory says now; keeps
// what stands there when the directory has not been heard.
absl::Status FillContact(store::Transaction& tx, v1::Status* status);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_INVOLVEMENTS_H_
