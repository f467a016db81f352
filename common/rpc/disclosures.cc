#include "common/rpc/disclosures.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/audit/head.h"
#include "common/audit/proof.h"
#include "common/audit/tiles.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/events/facts.h"
#include "common/rpc/decision_name.h"
#include "common/rpc/disclosure_rows.h"
#include "common/rpc/paging.h"
#include "common/rpc/pipeline.h"
#include "common/store/store.h"

namespace trusthub::rpc {
namespace {

using audit::v1::AuditEntry;
using audit::v1::ListDisclosuresRequest;
using audit::v1::ListDisclosuresResponse;
using audit::v1::LoggedDisclosure;
using audit::v1::SubjectParty;

absl::Status CheckParty(options::v1::Purpose purpose, SubjectParty party) {
  const bool for_subject = purpose == options::v1::PURPOSE_SUBJECT_RIGHTS;
  if (for_subject == (party != audit::v1::SUBJECT_PARTY_UNSPECIFIED)) return absl::OkStatus();
  return error::RequestInvalid(
      {{"subject_party", for_subject ? "must say for whom the list is made: the child or a parent"
                                     : "is for the purpose subject_rights alone; leave it out"}});
}

// A place among the logs of all replicas, as pages count it: the log's number in the order of
// registration, then the index of an entry and one more.
constexpr int kIndexBits = 40;
constexpr std::int64_t kIndexMask = (std::int64_t{1} << kIndexBits) - 1;

std::int64_t PositionOf(std::size_t log, std::int64_t index) {
  return (static_cast<std::int64_t>(log) << kIndexBits) + index + 1;
}

// One call's view of the logs.
class Page {
 public:
  Page(Call& call, const Disclosures::Options& options, const ListDisclosuresRequest& request,
       const internal::v1::ChildFacts& facts, const policy::Agreements& agreements,
       std::vector<std::string> trees)
      : call_(call),
        options_(options),
        request_(request),
        facts_(facts),
        agreements_(agreements),
        trees_(std::move(trees)),
        rows_(&call.tx, &agreements, request.child(), &facts, call.caller.agency) {}

  absl::StatusOr<store::Page<LoggedDisclosure>> Read(absl::string_view pseudonym,
                                                     std::int64_t after, int size) {
    store::Page<LoggedDisclosure> page;
    const auto log = static_cast<std::size_t>(after >> kIndexBits);
    if (log >= trees_.size()) return page;
    TRUSTHUB_RETURN_IF_ERROR(TurnTo(log));
    // A position is the index of a leaf and one more; the next page starts at that index.
    TRUSTHUB_ASSIGN_OR_RETURN(
        const std::vector<store::StoredLeaf> leaves,
        call_.tx.snapshot().ListLeavesByKey(pseudonym, after & kIndexMask, size + 1));
    // How the log calls the child's own record.
    AuditEntry own;
    TRUSTHUB_RETURN_IF_ERROR(
        audit::AddRecord(*options_.pseudonyms, request_.child(), call_.tx.snapshot(), &own));
    const auto to_name = [&](std::string* record) {
      if (own.records_size() > 0 && *record == own.records(0)) *record = request_.child();
    };
    const bool more_here = leaves.size() > static_cast<std::size_t>(size);
    page.more = more_here || log + 1 < trees_.size();
    for (const store::StoredLeaf& leaf : leaves) {
      if (&leaf == &leaves.back() && more_here) break;
      page.last_position = PositionOf(log, leaf.index);
      TRUSTHUB_ASSIGN_OR_RETURN(AuditEntry entry, audit::ParseEntry(leaf.bytes));
      for (std::string& record : *entry.mutable_records()) to_name(&record);
      to_name(entry.mutable_asked_for());
      TRUSTHUB_ASSIGN_OR_RETURN(std::optional<LoggedDisclosure> row, rows_.RowOf(entry));
      if (!row.has_value()) continue;
      row->set_name(DecisionName(trees_[log], leaf.index));
      row->set_leaf_hash(audit::EntryLeafHash(leaf.bytes));
      if (!Tell(entry, &*row)) continue;
      page.records.push_back(*std::move(row));
      page.positions.push_back(page.last_position);
    }
    if (!more_here) page.last_position = PositionOf(log + 1, -1);
    return page;
  }

  // The proofs of a page lead to one head: rows of a second log are left to the next page, which
  // begins there. The first one was read to its end; what it gets meanwhile, such as that this page
  // was read, would hold up the list for ever.
  void KeepToOneLog(ListDisclosuresResponse* response) const {
    auto& rows = *response->mutable_disclosures();
    if (rows.empty()) return;
    const absl::string_view tree = TreeOfDecision(rows[0].name());
    int kept = 1;
    while (kept < rows.size() && TreeOfDecision(rows[kept].name()) == tree) ++kept;
    if (kept == rows.size()) return;
    const auto next = absl::c_find(trees_, TreeOfDecision(rows[kept].name())) - trees_.begin();
    rows.DeleteSubrange(kept, rows.size() - kept);
    response->set_next_page_token(call_.page_tokens.Seal(
        request_, PageReader(call_), PositionOf(static_cast<std::size_t>(next), -1), call_.now));
  }

  // Gives the head that the proofs lead to, and each row its proof.
  absl::Status Prove(ListDisclosuresResponse* response) const {
    const auto& rows = response->disclosures();
    const std::string tree =
        rows.empty() ? options_.tree : std::string(TreeOfDecision(rows[0].name()));
    TRUSTHUB_RETURN_IF_ERROR(
        TurnTo(static_cast<std::size_t>(absl::c_find(trees_, tree) - trees_.begin())));
    store::Snapshot& view = call_.tx.snapshot();
    TRUSTHUB_ASSIGN_OR_RETURN(const std::shared_ptr<const store::SealedHead> head, view.Head());
    if (head == nullptr) return absl::OkStatus();
    *response->mutable_head() = audit::HeadToProto(*head, options_.public_key);
    for (LoggedDisclosure& row : *response->mutable_disclosures()) {
      TRUSTHUB_ASSIGN_OR_RETURN(std::vector<std::string> proof,
                                audit::InclusionProof(EntryIndexOf(tree, row.name()), head->size,
                                                      audit::NodesOfLog(&view)));
      for (std::string& hash : proof) row.add_inclusion_proof(std::move(hash));
    }
    return absl::OkStatus();
  }

 private:
  // A store of one process is turned to its one log anyway.
  absl::Status TurnTo(std::size_t log) const {
    return trees_.size() < 2 ? absl::OkStatus() : call_.tx.snapshot().TurnTo(trees_[log]);
  }

  // Whether the row may be told to whom the list is made for; says to governance what keeps it
  // back.
  bool Tell(const AuditEntry& entry, LoggedDisclosure* row) const {
    if (request_.subject_party() != audit::v1::SUBJECT_PARTY_UNSPECIFIED) {
      WithoutSecrets(row->mutable_given());
      WithoutSecrets(row->mutable_withheld());
      return KeptFrom(entry, request_.subject_party()).empty();
    }
    std::vector<std::pair<std::string, std::string>> kept;  // rule, parties
    for (const auto& [party, name] : {std::pair(audit::v1::SUBJECT_PARTY_CHILD, "child"),
                                      std::pair(audit::v1::SUBJECT_PARTY_PARENT, "parent")}) {
      for (const std::string& rule : KeptFrom(entry, party)) {
        const auto known = absl::c_find_if(kept, [&](const auto& k) { return k.first == rule; });
        if (known == kept.end()) {
          kept.emplace_back(rule, name);
        } else {
          absl::StrAppend(&known->second, ", ", name);
        }
      }
    }
    for (const auto& [rule, parties] : kept) {
      row->add_kept_from_subject(absl::StrCat(rule, " (", parties, ")"));
    }
    return true;
  }
  std::vector<std::string> KeptFrom(const AuditEntry& entry, SubjectParty party) const {
    return KeptBackBy(options_.subject_access, entry, facts_, party, call_.now);
  }
  void WithoutSecrets(google::protobuf::RepeatedField<int>* categories) const {
    for (int i = categories->size() - 1; i >= 0; --i) {
      if (agreements_.IsSecret(static_cast<policy::Category>(categories->Get(i)))) {
        categories->erase(categories->begin() + i);
      }
    }
  }

  Call& call_;
  const Disclosures::Options& options_;
  const ListDisclosuresRequest& request_;
  const internal::v1::ChildFacts& facts_;
  const policy::Agreements& agreements_;
  const std::vector<std::string> trees_;
  DisclosureRows rows_;
};

}  // namespace

absl::StatusOr<ListDisclosuresResponse> Disclosures::ListDisclosures(
    Call& call, const ListDisclosuresRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(CheckParty(call.purpose, request.subject_party()));
  const bool for_subject = request.subject_party() != audit::v1::SUBJECT_PARTY_UNSPECIFIED;
  // An enquiry that began elsewhere must be known before anything is told.
  if (for_subject) TRUSTHUB_RETURN_IF_ERROR(CheckChildFacts(call.child_facts_age));
  TRUSTHUB_ASSIGN_OR_RETURN(const internal::v1::ChildFacts facts,
                            events::ChildFactsOf(call.tx, request.child()));
  absl::StatusOr<std::string> pseudonym =
      options_.pseudonyms->Of(request.child(), call.tx.snapshot());
  if (absl::IsNotFound(pseudonym.status())) return error::RecordNotFound();
  TRUSTHUB_RETURN_IF_ERROR(pseudonym.status());

  const std::shared_ptr<const policy::Agreements> agreements = options_.agreements->InForce();
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<std::string> trees, call.tx.snapshot().Trees());
  // Of a log without entries the store may know nothing yet.
  if (trees.empty()) trees.push_back(options_.tree);
  Page page(call, options_, request, facts, *agreements, std::move(trees));
  ListDisclosuresResponse response;
  TRUSTHUB_RETURN_IF_ERROR(FillPage<LoggedDisclosure>(
      call, request,
      [&](std::int64_t after, int size) { return page.Read(*pseudonym, after, size); },
      response.mutable_disclosures(), response.mutable_next_page_token()));
  page.KeepToOneLog(&response);
  TRUSTHUB_RETURN_IF_ERROR(page.Prove(&response));
  if (for_subject) response.set_notice(options_.subject_access.notice);
  return response;
}

}  // namespace trusthub::rpc
