#include "common/rpc/decisions.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/audit/entry.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/policy/access_rows.h"
#include "common/rpc/decision_name.h"
#include "common/rpc/decision_words.h"
#include "common/rpc/replay.h"
#include "common/time/civil_date.h"

namespace trusthub::rpc {
namespace {

using audit::v1::AuditEntry;
using policy::Category;
using policy::CategorySet;
using policy::v1::ExplainDecisionRequest;
using policy::v1::ExplainDecisionResponse;
using policy::v1::ExplainedCategory;
using policy::v1::ListAccessRequest;
using policy::v1::ListAccessResponse;

constexpr char kKindPrefix[] = "AGENCY_KIND_";

// --- Explaining --------------------------------------------------------------------------------

// What the caller of ExplainDecision may be told.
enum class Reader {
  kNobody,
  kPractitioner,  // whose own call it was: what the answer told, in words
  kGovernance,    // also what is secret, and the inputs
};

bool IsGovernance(options::v1::Role role) {
  return role == options::v1::ROLE_CALDICOTT_GUARDIAN ||
         role == options::v1::ROLE_INFORMATION_GOVERNANCE_LEAD ||
         role == options::v1::ROLE_DATA_PROTECTION_OFFICER;
}

// Refused as if there were no such record: whether there is one is told to nobody of the agency
// that asked, its governance included.
bool TellsOfExistence(const AuditEntry& entry) {
  return entry.decision() == audit::v1::AUDIT_DECISION_REFUSED &&
         entry.reason() == error::ReasonName(errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
}

Reader ReaderOf(const auth::Principal& caller, const AuditEntry& entry) {
  // Auditors read the whole log as it is.
  if (caller.role == options::v1::ROLE_AUDITOR) return Reader::kGovernance;
  const bool of_the_hub = caller.agency_kind == directory::v1::AGENCY_KIND_HUB;
  if (IsGovernance(caller.role) && (of_the_hub || caller.agency == entry.agency())) {
    return of_the_hub || !TellsOfExistence(entry) ? Reader::kGovernance : Reader::kPractitioner;
  }
  const bool own =
      !caller.worker.empty() && caller.worker == entry.worker() && caller.agency == entry.agency();
  return own ? Reader::kPractitioner : Reader::kNobody;
}

template <class Categories>
CategorySet SetOf(const Categories& categories) {
  CategorySet set;
  for (const int category : categories) set.Add(static_cast<Category>(category));
  return set;
}

CategorySet WithoutSecrets(CategorySet categories, const policy::Agreements& agreements) {
  for (int value = 0; value < 64; ++value) {
    const auto category = static_cast<Category>(value);
    if (agreements.IsSecret(category)) categories.Remove(category);
  }
  return categories;
}

// Title of the agreement of `rule` ("agreement/item") and the item's explanation.
void FillRule(const policy::Agreements& agreements, absl::string_view rule,
              ExplainedCategory* row) {
  row->set_rule(std::string(rule));
  for (const policy::v1::Agreement& agreement : agreements.agreements()) {
    for (const policy::v1::Item& item : agreement.items()) {
      if (absl::StrCat(agreement.id(), "/", item.id()) != rule) continue;
      row->set_agreement(agreement.title());
      if (row->explanation().empty()) row->set_explanation(item.explanation());
      if (row->released_by().empty()) row->set_released_by(item.released_by());
      return;
    }
  }
}

void FillGiven(const Replay& replay, Category category, ExplainedCategory* row) {
  const Replay::Made* made = replay.WhoGave(category);
  if (made == nullptr || made->decision.rules[static_cast<std::size_t>(category)].empty()) {
    row->set_explanation("Part of the envelope of the answer, which is the hub's own.");
    return;
  }
  FillRule(*replay.agreements(), made->decision.rules[static_cast<std::size_t>(category)], row);
}

void FillWithheld(const Replay& replay, Category category, bool with_hidden,
                  ExplainedCategory* row) {
  const Replay::Made* made = replay.WhoWithheld(category, with_hidden);
  if (made == nullptr) {
    row->set_explanation("No sharing agreement gave it for this call.");
    return;
  }
  const policy::Explanation why = replay.agreements()->ExplainWithheld(made->question, category);
  row->set_explanation(why.reason);
  row->set_what_would_change(why.what_would_change);
  row->set_released_by(why.released_by);
  if (!why.rule.empty()) FillRule(*replay.agreements(), why.rule, row);
}

void FillCategories(const Replay& replay, CategorySet given, CategorySet withheld, Reader reader,
                    ExplainDecisionResponse* response) {
  for (int value = 1; value < 64; ++value) {
    const auto category = static_cast<Category>(value);
    if (given.Has(category)) {
      ExplainedCategory* row = response->add_categories();
      row->set_category(category);
      row->set_given(true);
      FillGiven(replay, category, row);
    }
    // Of many records one may give what another withholds.
    if (withheld.Has(category)) {
      ExplainedCategory* row = response->add_categories();
      row->set_category(category);
      FillWithheld(replay, category, reader == Reader::kGovernance, row);
    }
  }
}

}  // namespace

absl::StatusOr<AuditEntry> Decisions::EntryOf(Call& call, const std::string& decision) const {
  const absl::string_view tree = TreeOfDecision(decision);
  const std::int64_t index = EntryIndexOf(tree, decision);
  if (index < 0) return error::RecordNotFound();
  // Any replica explains what another one decided.
  const absl::Status turned = tree == tree_ ? absl::OkStatus() : call.tx.snapshot().TurnTo(tree);
  if (absl::IsNotFound(turned)) return error::RecordNotFound();
  TRUSTHUB_RETURN_IF_ERROR(turned);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<store::StoredLeaf> leaves,
                            call.tx.snapshot().ReadLeaves(index, 1));
  if (leaves.empty() || leaves.front().index != index) return error::RecordNotFound();
  return audit::ParseEntry(leaves.front().bytes);
}

absl::StatusOr<ExplainDecisionResponse> Decisions::ExplainDecision(
    Call& call, const ExplainDecisionRequest& request) {
  TRUSTHUB_ASSIGN_OR_RETURN(const AuditEntry entry, EntryOf(call, request.decision()));
  const Reader reader = ReaderOf(call.caller, entry);
  if (reader == Reader::kNobody) return error::RecordNotFound();

  ExplainDecisionResponse response;
  response.set_agreement_version(entry.agreement_version());
  const bool refused = entry.decision() == audit::v1::AUDIT_DECISION_REFUSED;
  if (refused && reader == Reader::kPractitioner) {
    // Nothing here may tell what was refused from what did not exist: no replay, no reason that the
    // refusal itself did not give.
    const std::string told = error::ReasonName(errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
    const std::string conflicted = error::ReasonName(errors::v1::ERROR_REASON_WORKER_CONFLICTED);
    response.set_summary(
        SummaryOf(entry, {}, {}, entry.reason() == conflicted ? told : entry.reason()));
    response.set_same_again(true);
    return response;
  }

  std::shared_ptr<const policy::Agreements> agreements;
  if (!entry.agreement_version().empty()) {
    auto found = agreements_.Find(call.tx.snapshot(), entry.agreement_version());
    if (found.ok()) agreements = *std::move(found);
    if (!found.ok() && !absl::IsNotFound(found.status())) return found.status();
  }
  const Replay replay(entry, agreements);
  CategorySet given = SetOf(entry.disclosed());
  CategorySet withheld = SetOf(entry.withheld());
  if (reader == Reader::kPractitioner) {
    // Secret then or now.
    if (agreements != nullptr) withheld = WithoutSecrets(withheld, *agreements);
    withheld = WithoutSecrets(withheld, *agreements_.InForce());
  }
  response.set_summary(SummaryOf(entry, given, withheld, entry.reason()));
  response.set_same_again(entry.decisions().empty() || replay.same_again());
  if (!response.same_again()) {
    log::Error("decision_replays_otherwise",
               {{"decision", request.decision()}, {"version", entry.agreement_version()}});
  }
  if (agreements == nullptr) {
    if (!entry.decisions().empty()) {
      absl::StrAppend(response.mutable_summary(), " The agreements of version ",
                      entry.agreement_version(), " are not kept here any more.");
    }
    return response;
  }
  FillCategories(replay, given, withheld, reader, &response);
  if (reader == Reader::kGovernance) {
    for (const Replay::Made& made : replay.made()) {
      response.add_detail(InputsInWords(*made.inputs, made.decision.granted));
    }
  }
  return response;
}

// --- Who can see what --------------------------------------------------------------------------

namespace {

// How the right worker of each agency and role stands to one child.
class Standings {
 public:
  Standings(Call& call, internal::v1::ChildFacts facts, const events::StandingRules& rules)
      : call_(call), facts_(std::move(facts)), rules_(rules) {}

  policy::Standing Of(const policy::AgencyAndKind& agency, options::v1::Role role,
                      policy::Purpose purpose) {
    const std::string& kind = directory::v1::AgencyKind_Name(agency.kind);
    events::Seeker seeker{agency.agency, absl::StripPrefix(kind, kKindPrefix), "", purpose};
    policy::Standing standing = events::StandingOf(facts_, seeker, call_.now, rules_);
    const auto add = [&](const std::string& worker) {
      seeker.worker = worker;
      const policy::Standing of_worker = events::StandingOf(facts_, seeker, call_.now, rules_);
      standing.relations |= of_worker.relations;
      standing.break_glass_categories |= of_worker.break_glass_categories;
    };
    for (const events::v1::AllocationFact& allocation : facts_.allocations()) {
      if (allocation.agency() == agency.agency && IsOfRole(allocation.worker(), role)) {
        add(allocation.worker());
      }
    }
    for (const events::v1::BreakGlassFact& access : facts_.break_glasses()) {
      if (access.agency() == agency.agency && access.role() == role) add(access.worker());
    }
    return standing;
  }
  const absl::Status& status() const { return status_; }

 private:
  // A worker whom the directory has not told of may have any role.
  bool IsOfRole(const std::string& worker, options::v1::Role role) {
    const auto fact = events::WorkerFactOf(call_.tx, worker);
    if (!fact.ok()) status_.Update(fact.status());
    return !fact.ok() || !fact->has_value() || (*fact)->role() == role;
  }

  Call& call_;
  const internal::v1::ChildFacts facts_;
  const events::StandingRules& rules_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<ListAccessResponse> Decisions::ListAccess(Call& call,
                                                         const ListAccessRequest& request) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<events::v1::AgencyFact> known,
                            events::AllAgencyFacts(call.tx.snapshot()));
  std::vector<policy::AgencyAndKind> agencies;
  for (const events::v1::AgencyFact& fact : known) {
    if (!request.agency().empty() && fact.agency() != request.agency()) continue;
    policy::AgencyAndKind& agency = agencies.emplace_back();
    agency.agency = fact.agency();
    directory::v1::AgencyKind_Parse(absl::StrCat(kKindPrefix, fact.kind()), &agency.kind);
  }
  TRUSTHUB_ASSIGN_OR_RETURN(internal::v1::ChildFacts facts,
                            events::ChildFactsOf(call.tx, request.child()));
  Standings standings(call, std::move(facts), rules_);
  const std::vector<policy::AccessRow> rows = policy::AccessOf(
      *agreements_.InForce(), agencies, LondonDay(call.now),
      [&](const policy::AgencyAndKind& agency, options::v1::Role role, policy::Purpose purpose) {
        return standings.Of(agency, role, purpose);
      });
  TRUSTHUB_RETURN_IF_ERROR(standings.status());
  ListAccessResponse response;
  for (const policy::AccessRow& row : rows) {
    if (request.role() != options::v1::ROLE_UNSPECIFIED && row.role != request.role()) continue;
    policy::v1::Access* access = response.add_access();
    access->set_agency(row.agency);
    access->set_role(row.role);
    access->set_purpose(row.purpose);
    access->set_record_kind(row.record_kind);
    for (int value = 1; value < 64; ++value) {
      const auto category = static_cast<Category>(value);
      if (row.categories.Has(category)) access->add_categories(category);
    }
    for (const std::string& rule : row.rules) access->add_rules(rule);
  }
  return response;
}

Routes DecisionsRoutes(Decisions* decisions) {
  Routes routes(ExplainDecisionRequest::descriptor()->file());
  routes.Add(&Decisions::ExplainDecision, decisions).Add(&Decisions::ListAccess, decisions);
  return routes;
}

}  // namespace trusthub::rpc
