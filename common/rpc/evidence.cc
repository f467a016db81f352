#include "common/rpc/evidence.h"

#include <algorithm>
#include <set>

#include "common/audit/children_of_records.h"
#include "common/audit/proof.h"
#include "common/audit/tiles.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/time/civil_date.h"

namespace trusthub::rpc {
namespace {

using audit::v1::GetConsistencyProofRequest;
using audit::v1::GetConsistencyProofResponse;
using audit::v1::GetInclusionProofRequest;
using audit::v1::GetInclusionProofResponse;
using audit::v1::GetTreeHeadRequest;
using audit::v1::GetTreeHeadResponse;
using audit::v1::ListEntriesRequest;
using audit::v1::ListEntriesResponse;

constexpr int kEntriesDefault = 500;
constexpr int kEntriesMax = 2000;

absl::Status OutsideTree(absl::string_view field, std::int64_t size) {
  return error::RequestInvalid(
      {{std::string(field), "must lie within the tree; its size now is " + std::to_string(size)}});
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

absl::StatusOr<GetTreeHeadResponse> Evidence::GetTreeHead(Call& call, const GetTreeHeadRequest&) {
  GetTreeHeadResponse response;
  TRUSTHUB_ASSIGN_OR_RETURN(const std::shared_ptr<const store::SealedHead> head,
                            call.tx.snapshot().Head());
  auto* out = response.mutable_head();
  out->set_public_key(public_key_);
  if (head == nullptr) return response;
  out->set_tree(head->tree);
  out->set_tree_size(head->size);
  out->set_root_hash(head->root);
  *out->mutable_sign_time() = TimeToProto(head->sign_time);
  out->set_signature(head->signature);
  return response;
}

absl::StatusOr<ListEntriesResponse> Evidence::ListEntries(Call& call,
                                                          const ListEntriesRequest& request) {
  // The purpose of the hub's own services is theirs alone.
  if (call.caller.is_service() != (call.purpose == options::v1::PURPOSE_HUB_OPERATION)) {
    return error::MethodNotPermitted("audit.entries.list");
  }
  const int size =
      request.page_size() == 0 ? kEntriesDefault : std::min(request.page_size(), kEntriesMax);
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

Routes EvidenceRoutes(Evidence* evidence, Disclosures* disclosures) {
  Routes routes(GetTreeHeadRequest::descriptor()->file());
  routes.Add(&Evidence::GetTreeHead, evidence)
      .Add(&Evidence::ListEntries, evidence)
      .Add(&Evidence::GetInclusionProof, evidence)
      .Add(&Evidence::GetConsistencyProof, evidence)
      .Add(&Disclosures::ListDisclosures, disclosures);
  return routes;
}

}  // namespace trusthub::rpc
