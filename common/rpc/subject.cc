#include "common/rpc/subject.h"

#include <utility>

#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/rpc/granting.h"
#include "common/rpc/released.h"

namespace trusthub::rpc {

namespace {

policy::RecordFacts FactsOf(const store::RecordHead& head) {
  policy::RecordFacts facts;
  facts.kind = head.kind;
  facts.name = head.name;
  facts.child = head.child;
  facts.owner_agency = head.owner_agency;
  facts.author_agency = head.author_agency;
  return facts;
}

}  // namespace

absl::Status CheckSubject(store::Transaction& tx, const auth::Principal& caller, CallerFacts& facts,
                          Visibility& granting, std::uint32_t* relations,
                          const std::function<absl::Status()>& fresh, absl::string_view name,
                          bool itself, Subject* subject) {
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
  const auto may_know = [&]() -> absl::StatusOr<bool> {
    if (!itself || head.name.empty()) return true;
    return granting.MayKnow(FactsOf(head));
  };
  if (!standing.conflicted && (own || standing.relations != 0)) {
    TRUSTHUB_ASSIGN_OR_RETURN(const bool may, may_know());
    if (may) return absl::OkStatus();
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const bool released, IsReleasedTo(tx, name, caller.agency));
  if (!standing.conflicted && released) {
    *relations |= policy::kReleased;
    TRUSTHUB_ASSIGN_OR_RETURN(const bool may, may_know());
    if (may) return absl::OkStatus();
  }
  if (fresh) TRUSTHUB_RETURN_IF_ERROR(fresh());
  return error::RecordNotFound();
}

}  // namespace trusthub::rpc
