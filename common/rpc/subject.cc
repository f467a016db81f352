#include "common/rpc/subject.h"

#include <utility>

#include "common/base/ids.h"
#include "common/base/nobody.h"
#include "common/base/relations.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/rpc/released.h"

namespace trusthub::rpc {
namespace {

// The record's head; an empty one when there is none, or when it is no record of the kind asked
// for.
absl::StatusOr<store::RecordHead> HeadOf(store::Transaction& tx, const Asked& asked) {
  absl::StatusOr<store::RecordHead> found = tx.Head(asked.name);
  if (absl::IsNotFound(found.status())) return store::RecordHead();
  if (found.ok() && asked.itself != options::v1::RECORD_KIND_UNSPECIFIED &&
      found->kind != asked.itself) {
    return store::RecordHead();
  }
  return found;
}

// What decides on the record itself. Of none there is as much to decide as of any.
policy::RecordFacts FactsOf(const store::RecordHead& head, const Asked& asked) {
  policy::RecordFacts facts;
  facts.kind = asked.itself;
  facts.name = asked.name;
  facts.child = head.child;
  facts.owner_agency = head.name.empty() ? kNobodysAgency : absl::string_view(head.owner_agency);
  facts.author_agency = head.author_agency;
  return facts;
}

}  // namespace

absl::Status CheckSubject(store::Transaction& tx, const auth::Principal& caller, CallerFacts& facts,
                          const std::function<absl::Status()>& fresh, const Asked& asked,
                          Visibility& visibility, Subject* subject) {
  const bool is_child = IsNameIn("children", asked.name);
  const bool is_itself = asked.itself != options::v1::RECORD_KIND_UNSPECIFIED;
  store::RecordHead head;
  if (!is_child || is_itself) {
    TRUSTHUB_ASSIGN_OR_RETURN(head, HeadOf(tx, asked));
  }
  if (policy::IsAboutNoChild(head.kind)) return absl::OkStatus();
  subject->child = is_child ? std::string(asked.name) : head.child;
  if (!is_child) subject->record = head.name;

  const bool own = !is_child && !head.name.empty() &&
                   (head.owner_agency == caller.agency || head.author_agency == caller.agency);
  TRUSTHUB_ASSIGN_OR_RETURN(const policy::Standing standing, facts.StandingWith(subject->child));
  subject->conflicted = standing.conflicted;
  const auto may_know = [&]() -> absl::StatusOr<bool> {
    if (!is_itself) return true;
    TRUSTHUB_ASSIGN_OR_RETURN(const bool may, visibility.MayKnow(FactsOf(head, asked)));
    return may && !head.name.empty();
  };
  // Asked of everybody and everything, so that time tells nothing.
  TRUSTHUB_ASSIGN_OR_RETURN(const bool by_relation, may_know());
  if (!standing.conflicted && (own || standing.relations != 0) && by_relation) {
    return absl::OkStatus();
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const bool released, IsReleasedTo(tx, asked.name, caller.agency));
  if (!standing.conflicted && released) {
    subject->relations |= policy::kReleased;
    TRUSTHUB_ASSIGN_OR_RETURN(const bool by_release, may_know());
    if (by_release) return absl::OkStatus();
  }
  if (fresh) TRUSTHUB_RETURN_IF_ERROR(fresh());
  return error::RecordNotFound();
}

}  // namespace trusthub::rpc
