#include "common/rpc/erasure.h"

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/rpc/hub_agency.h"
#include "common/store/walk.h"
#include "common/time/civil_date.h"

namespace trusthub::rpc {
namespace {

using events::v1::DestructionFact;

constexpr char kTombstones[] = "tombstone";
constexpr char kAction[] = "retention.destroy";
constexpr int kAtATime = 500;

// Adds the agencies to whose workers, by the log that the snapshot is turned to, something of the
// child was given.
absl::Status AddReceivers(store::Snapshot& snapshot, absl::string_view pseudonym,
                          std::set<std::string>* agencies) {
  std::int64_t next = 0;
  for (bool more = true; more;) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<store::StoredLeaf> leaves,
                              snapshot.ListLeavesByKey(pseudonym, next, kAtATime));
    for (const store::StoredLeaf& leaf : leaves) {
      TRUSTHUB_ASSIGN_OR_RETURN(const audit::v1::AuditEntry entry, audit::ParseEntry(leaf.bytes));
      const bool given = entry.decision() != audit::v1::AUDIT_DECISION_REFUSED &&
                         !entry.worker().empty() && !entry.records().empty();
      if (given) agencies->insert(entry.agency());
      next = leaf.index + 1;
    }
    more = leaves.size() == kAtATime;
  }
  return absl::OkStatus();
}

// The same by the logs of all replicas.
absl::StatusOr<std::set<std::string>> Receivers(store::Snapshot& snapshot,
                                                absl::string_view pseudonym) {
  std::set<std::string> agencies;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> trees, snapshot.Trees());
  for (const std::string& tree : trees) {
    TRUSTHUB_RETURN_IF_ERROR(snapshot.TurnTo(tree));
    TRUSTHUB_RETURN_IF_ERROR(AddReceivers(snapshot, pseudonym, &agencies));
  }
  return agencies;
}

}  // namespace

absl::StatusOr<std::optional<DestructionFact>> TombstoneOf(store::Transaction& tx,
                                                           absl::string_view child) {
  // By digest: a key of this space must not name a child whose key is gone.
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                            tx.FindState(kTombstones, crypto::HexEncode(crypto::Sha256(child))));
  if (!bytes.has_value()) return std::optional<DestructionFact>();
  DestructionFact fact;
  if (!fact.ParseFromString(*bytes)) return absl::DataLossError("a tombstone does not parse");
  return std::optional<DestructionFact>(std::move(fact));
}

absl::StatusOr<DestructionFact> Erasure::Erase(store::Transaction& tx, absl::string_view child,
                                               absl::string_view destruction) const {
  DestructionFact fact;
  fact.set_former_child(std::string(child));
  fact.set_service(options_.service);
  TRUSTHUB_RETURN_IF_ERROR(store::ForEachRecordOf(tx.snapshot(), child, [&](const auto&) {
    fact.set_records(fact.records() + 1);
    return absl::OkStatus();
  }));
  const absl::StatusOr<std::string> pseudonym = options_.pseudonyms->Of(child, tx.snapshot());
  if (pseudonym.ok()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::set<std::string> receivers,
                              Receivers(tx.snapshot(), *pseudonym));
    for (const std::string& agency : receivers) fact.add_receivers(agency);
  } else if (!absl::IsNotFound(pseudonym.status())) {
    return pseudonym.status();
  }
  audit::v1::AuditEntry entry;
  *entry.mutable_entry_time() = TimeToProto(options_.clocks.real->Now());
  *entry.mutable_domain_time() = TimeToProto(tx.now());
  entry.set_agency(kHubAgency);
  entry.set_system(absl::StrCat("/service/", options_.service));
  entry.set_role(options::v1::ROLE_HUB_SERVICE);
  entry.set_action(kAction);
  entry.set_purpose(options::v1::PURPOSE_HUB_OPERATION);
  entry.add_records(std::string(destruction));
  entry.set_decision(audit::v1::AUDIT_DECISION_RECORDED);
  const std::string leaf = audit::SaltAndSerialize(entry);
  fact.set_certificate(crypto::HexEncode(audit::EntryLeafHash(leaf)));
  tx.AddLeaf(leaf);
  tx.Forget(child);
  tx.PutState(kTombstones, crypto::HexEncode(crypto::Sha256(child)), fact.SerializeAsString());
  return fact;
}

absl::Status Erasure::ApplyEvent(store::Transaction& tx, const events::v1::Event& event) const {
  if (event.kind() != events::v1::EVENT_KIND_DESTRUCTION_ORDERED) return absl::OkStatus();
  const std::string& child = event.destruction().former_child();
  TRUSTHUB_ASSIGN_OR_RETURN(std::optional<DestructionFact> fact, TombstoneOf(tx, child));
  if (fact.has_value()) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(fact, Erase(tx, child, event.record()));
  events::v1::Event destroyed;
  destroyed.set_kind(events::v1::EVENT_KIND_RECORDS_DESTROYED);
  destroyed.set_record(event.record());
  destroyed.set_owner_agency(kHubAgency);
  destroyed.set_author_agency(kHubAgency);
  *destroyed.mutable_occurred_at() = TimeToProto(tx.now());
  *destroyed.mutable_destruction() = *std::move(fact);
  tx.Emit(std::move(destroyed));
  return absl::OkStatus();
}

}  // namespace trusthub::rpc
