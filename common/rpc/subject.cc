#include "common/rpc/subject.h"

#include <utility>

#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/rpc/granting.h"
#include "common/rpc/released.h"

namespace trusthub::rpc {

absl::Status CheckSubject(store::Transaction& tx, const auth::Principal& caller, CallerFacts& facts,
                          const std::function<absl::Status()>& fresh, absl::string_view name,
                          Subject* subject) {
  store::RecordHead head;
  if (IsNameIn("children", name)) {
    subject->child = std::string(name);
  } else {
    if (absl::StatusOr<store::RecordHead> found = tx.Head(name); found.ok()) {
      head = *std::move(found);
    } else if (!absl::IsNotFound(found.status())) {
      return found.status();
    }
    if (policy::IsAboutNoChild(head.kind)) return absl::OkStatus();
    subject->child = head.child;
    subject->record = head.name;
  }
  const bool own = !head.name.empty() &&
                   (head.owner_agency == caller.agency || head.author_agency == caller.agency);
  TRUSTHUB_ASSIGN_OR_RETURN(const policy::Standing standing, facts.StandingWith(subject->child));
  subject->conflicted = standing.conflicted;
  if (!standing.conflicted && (own || standing.relations != 0)) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(const bool released, IsReleasedTo(tx, name, caller.agency));
  if (!standing.conflicted && released) return absl::OkStatus();
  if (fresh) TRUSTHUB_RETURN_IF_ERROR(fresh());
  return error::RecordNotFound();
}

}  // namespace trusthub::rpc
