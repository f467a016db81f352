#include "common/rpc/caller_facts.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"

namespace trusthub::rpc {
namespace {

constexpr char kKindPrefix[] = "AGENCY_KIND_";

}  // namespace

policy::Standing CallerFacts::StandingBy(const internal::v1::ChildFacts& facts) const {
  // The name lives as long as the program.
  const std::string& kind = directory::v1::AgencyKind_Name(caller_.agency_kind);
  const events::Seeker seeker{caller_.agency, absl::StripPrefix(kind, kKindPrefix), caller_.worker,
                              purpose_};
  return events::StandingOf(facts, seeker, tx_.now(), rules_);
}

absl::StatusOr<policy::Standing> CallerFacts::StandingWith(absl::string_view child) {
  for (const auto& [name, standing] : standings_) {
    if (name == child) return standing;
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const internal::v1::ChildFacts facts, events::ChildFactsOf(tx_, child));
  if (child.empty()) return policy::Standing();  // after the same work as for a child
  return standings_.emplace_back(std::string(child), StandingBy(facts)).second;
}

absl::StatusOr<bool> CallerFacts::WasConflicted(absl::string_view child) {
  TRUSTHUB_ASSIGN_OR_RETURN(const internal::v1::ChildFacts facts,
                            events::ChildFactsOf(tx_.snapshot(), child));
  return StandingBy(facts).conflicted;
}

absl::StatusOr<directory::v1::AgencyKind> CallerFacts::KindOf(absl::string_view agency) {
  for (const auto& [name, kind] : kinds_) {
    if (name == agency) return kind;
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::AgencyFact> fact,
                            events::AgencyFactOf(tx_, agency));
  directory::v1::AgencyKind kind = directory::v1::AGENCY_KIND_UNSPECIFIED;
  if (fact.has_value()) {
    directory::v1::AgencyKind_Parse(absl::StrCat(kKindPrefix, fact->kind()), &kind);
  }
  kinds_.emplace_back(std::string(agency), kind);
  return kind;
}

absl::StatusOr<bool> CallerFacts::HasLeft() {
  if (caller_.worker.empty()) return false;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<events::v1::WorkerFact> fact,
                            events::WorkerFactOf(tx_, caller_.worker));
  if (!fact.has_value() || !fact->has_leave_date()) return false;
  const absl::StatusOr<absl::CivilDay> last_day = DateFromProto(fact->leave_date());
  // A last day that cannot be read cannot be rested on.
  return !last_day.ok() || LondonDay(tx_.now()) > *last_day;
}

}  // namespace trusthub::rpc
