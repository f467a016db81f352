#include "common/rpc/evidence.h"

#include <algorithm>
#include <set>

#include "common/audit/children_of_records.h"
#include "common/audit/cosignature.h"
#include "common/audit/head.h"
#include "common/audit/proof.h"
#include "common/audit/tiles.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/rpc/cosigned_heads.h"
#include "common/time/civil_date.h"

namespace trusthub::rpc {
namespace {

using audit::v1::AddCosignatureRequest;
using audit::v1::AddCosignatureResponse;
using audit::v1::GetConsistencyProofRequest;
using audit::v1::GetConsistencyProofResponse;
using audit::v1::GetInclusionProofRequest;
using audit::v1::GetInclusionProofResponse;
using audit::v1::GetTreeHeadRequest;
using audit::v1::GetTreeHeadResponse;
using audit::v1::ListEntriesRequest;
using audit::v1::ListEntriesResponse;
using audit::v1::ListTreesRequest;
using audit::v1::ListTreesResponse;

constexpr int kEntriesDefault = 500;
constexpr int kEntriesMax = 2000;
// By which a witness's clock may run ahead of ours.
constexpr absl::Duration kClockSkew = absl::Seconds(60);

absl::Status CosignatureRefused(absl::string_view rule, absl::string_view next) {
  return error::RuleBroken(errors::v1::ERROR_REASON_COSIGNATURE_REFUSED, rule, next);
}

absl::Status OutsideTree(absl::string_view field, std::int64_t size) {
  return error::RequestInvalid(
      {{std::string(field), "must lie within the tree; its size now is " + std::to_string(size)}});
}

// What is read of the log from now on is of `tree`; empty: of this replica's own.
absl::Status TurnTo(Call& call, const std::string& tree) {
  if (tree.empty()) return absl::OkStatus();
  absl::Status turned = call.tx.snapshot().TurnTo(tree);
  if (!absl::IsNotFound(turned)) return turned;
  return error::RequestInvalid({{"tree", "must be one of the service's logs; ListTrees has them"}});
}

// The purpose of the hub's own services is theirs alone.
absl::Status CheckPurpose(const Call& call, absl::string_view action) {
  if (call.caller.is_service() == (call.purpose == options::v1::PURPOSE_HUB_OPERATION)) {
    return absl::OkStatus();
  }
  return error::MethodNotPermitted(action);
}

// Names the children of an entry for the hub's own services.
absl::Status FillChildren(audit::ChildrenOfRecords& children, audit::v1::LoggedEntry* logged) {
  audit::v1::AuditEntry entry;
  if (!entry.ParseFromString(logged->leaf_input())) {
    return absl::DataLossError("a kept leaf is no audit entry");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::set<std::string> names, children.Of(entry));
  for (const std::string& name : names) logged->add_children(name);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ListTreesResponse> Evidence::ListTrees(Call& call, const ListTreesRequest&) {
  TRUSTHUB_RETURN_IF_ERROR(CheckPurpose(call, "audit.trees.list"));
  ListTreesResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> trees, call.tx.snapshot().Trees());
  for (const std::string& tree : trees) {
    TRUSTHUB_RETURN_IF_ERROR(call.tx.snapshot().TurnTo(tree));
    TRUSTHUB_ASSIGN_OR_RETURN(const std::shared_ptr<const store::SealedHead> head,
                              call.tx.snapshot().Head());
    audit::v1::TreeHead& listed = *response.add_heads();
    if (head != nullptr) listed = audit::HeadToProto(*head, public_key_);
    listed.set_tree(tree);
  }
  return response;
}

absl::StatusOr<GetTreeHeadResponse> Evidence::GetTreeHead(Call& call,
                                                          const GetTreeHeadRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(TurnTo(call, request.tree()));
  GetTreeHeadResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::shared_ptr<const store::SealedHead> head,
                            call.tx.snapshot().Head());
  response.mutable_head()->set_public_key(public_key_);
  response.set_needed(witnesses_.needed);
  if (head == nullptr) return response;
  *response.mutable_head() = audit::HeadToProto(*head, public_key_);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<audit::v1::CosignedHead> cosigned,
                            CosignedHeads(call.tx.snapshot(), head->tree, witnesses_));
  for (const audit::v1::CosignedHead& one : cosigned) *response.add_cosigned() = one;
  return response;
}

absl::StatusOr<ListEntriesResponse> Evidence::ListEntries(Call& call,
                                                          const ListEntriesRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(CheckPurpose(call, "audit.entries.list"));
  // The whole log tells that records are kept whose existence is a secret. An agency's officer has
  // ListDisclosures; all of it is for auditors, and for the hub's own officer.
  if (call.caller.role == options::v1::ROLE_DATA_PROTECTION_OFFICER &&
      call.caller.agency_kind != directory::v1::AGENCY_KIND_HUB) {
    return error::MethodNotPermitted("audit.entries.list");
  }
  const int size =
      request.page_size() == 0 ? kEntriesDefault : std::min(request.page_size(), kEntriesMax);
  TRUSTHUB_RETURN_IF_ERROR(TurnTo(call, request.tree()));
  ListEntriesResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t count, call.tx.snapshot().LeafCount());
  response.set_tree_size(count);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::shared_ptr<const store::SealedHead> head,
                            call.tx.snapshot().Head());
  if (head != nullptr) response.set_tree(head->tree);
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<store::StoredLeaf> leaves,
                            call.tx.snapshot().ReadLeaves(request.first_index(), size));
  audit::ChildrenOfRecords children(&call.tx.snapshot());
  for (const store::StoredLeaf& leaf : leaves) {
    auto* entry = response.add_entries();
    entry->set_index(leaf.index);
    entry->set_leaf_input(leaf.bytes);
    if (call.caller.is_service()) TRUSTHUB_RETURN_IF_ERROR(FillChildren(children, entry));
  }
  return response;
}

absl::StatusOr<GetInclusionProofResponse> Evidence::GetInclusionProof(
    Call& call, const GetInclusionProofRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(TurnTo(call, request.tree()));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t count, call.tx.snapshot().LeafCount());
  if (request.tree_size() > count) return OutsideTree("tree_size", count);
  if (request.index() >= request.tree_size()) return OutsideTree("index", request.tree_size());
  GetInclusionProofResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> proof,
                            audit::InclusionProof(request.index(), request.tree_size(),
                                                  audit::NodesOfLog(&call.tx.snapshot())));
  for (const std::string& hash : proof) response.add_hashes(hash);
  return response;
}

absl::StatusOr<GetConsistencyProofResponse> Evidence::GetConsistencyProof(
    Call& call, const GetConsistencyProofRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(TurnTo(call, request.tree()));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t count, call.tx.snapshot().LeafCount());
  if (request.second_size() > count) return OutsideTree("second_size", count);
  if (request.first_size() > request.second_size()) {
    return OutsideTree("first_size", request.second_size());
  }
  GetConsistencyProofResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> proof,
                            audit::ConsistencyProof(request.first_size(), request.second_size(),
                                                    audit::NodesOfLog(&call.tx.snapshot())));
  for (const std::string& hash : proof) response.add_hashes(hash);
  return response;
}

absl::Status Evidence::CheckWitness(const Call& call, const AddCosignatureRequest& request) const {
  const RegisteredWitness* witness = witnesses_.Find(request.witness());
  // One answer for both, so that it does not tell who else is registered.
  if (witness == nullptr || witness->agency != call.caller.agency) {
    return CosignatureRefused("The agency has registered no witness of that name here.",
                              "Have it entered in witnesses.yaml with its public key.");
  }
  audit::v1::Cosignature cosignature;
  *cosignature.mutable_cosign_time() = request.cosign_time();
  cosignature.set_signature(request.cosignature());
  const audit::Checkpoint checkpoint{request.tree(), request.tree_size(), request.root_hash()};
  if (!audit::VerifyCosignature(checkpoint, cosignature, witness->key).ok()) {
    return CosignatureRefused("The cosignature is not by the witness's registered key.",
                              "Compare hubctl witness key with witnesses.yaml.");
  }
  const absl::Time made = TimeFromProto(request.cosign_time());
  const absl::Time now = real_.Now();
  if (made > now + kClockSkew || made < now - witnesses_.max_age) {
    return CosignatureRefused("The time of the cosignature is too far from the hub's.",
                              "Set the witness's clock, then check the newest head again.");
  }
  return absl::OkStatus();
}

absl::Status Evidence::CheckHead(Call& call, const audit::v1::TreeHead& head) const {
  store::Snapshot& snapshot = call.tx.snapshot();
  const absl::Status turned = snapshot.TurnTo(head.tree());
  if (!turned.ok() && !absl::IsNotFound(turned)) return turned;
  const bool is_ours =
      turned.ok() && audit::VerifyHead(audit::HeadFromProto(head), public_key_).ok();
  if (!is_ours) {
    return CosignatureRefused("The head is none of this service's log.",
                              "Cosign a head as GetTreeHead gives it.");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t count, snapshot.LeafCount());
  bool is_in_log = head.tree_size() <= count;
  if (is_in_log) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string root,
                              audit::RootOf(head.tree_size(), audit::NodesOfLog(&snapshot)));
    is_in_log = root == head.root_hash();
  }
  if (is_in_log) return absl::OkStatus();
  // Signed by our key and not of our log: there were two, or entries were lost.
  log::Error("a head of another history was handed in", {{"tree_size", head.tree_size()}});
  return CosignatureRefused("The log has no such head, though its key signed it.",
                            "Keep the head: it is evidence. Tell the hub's operator.");
}

absl::StatusOr<AddCosignatureResponse> Evidence::AddCosignature(
    Call& call, const AddCosignatureRequest& request) {
  TRUSTHUB_RETURN_IF_ERROR(CheckWitness(call, request));
  audit::v1::TreeHead head;
  head.set_tree(request.tree());
  head.set_tree_size(request.tree_size());
  head.set_root_hash(request.root_hash());
  *head.mutable_sign_time() = request.sign_time();
  head.set_signature(request.signature());
  head.set_public_key(public_key_);
  TRUSTHUB_RETURN_IF_ERROR(CheckHead(call, head));
  audit::v1::Cosignature cosignature;
  cosignature.set_witness(request.witness());
  *cosignature.mutable_cosign_time() = request.cosign_time();
  cosignature.set_signature(request.cosignature());
  AddCosignatureResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(const int count,
                            KeepCosignature(head, cosignature, witnesses_, call.tx));
  response.set_cosignatures(count);
  return response;
}

Routes EvidenceRoutes(Evidence* evidence, Disclosures* disclosures) {
  Routes routes(GetTreeHeadRequest::descriptor()->file());
  routes.Add(&Evidence::ListTrees, evidence)
      .Add(&Evidence::GetTreeHead, evidence)
      .Add(&Evidence::ListEntries, evidence)
      .Add(&Evidence::GetInclusionProof, evidence)
      .Add(&Evidence::GetConsistencyProof, evidence)
      .Add(&Evidence::AddCosignature, evidence)
      .Add(&Disclosures::ListDisclosures, disclosures);
  return routes;
}

}  // namespace trusthub::rpc
