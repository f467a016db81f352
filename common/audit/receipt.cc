#include "common/audit/receipt.h"

#include <string>
#include <vector>

#include "common/audit/entry.h"
#include "common/audit/head.h"
#include "common/audit/proof.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/time/civil_date.h"

namespace trusthub::audit {

void FillReceipt(const store::LeafPlace& place, const store::SealedHead& head,
                 absl::string_view entry_hash, absl::string_view content_hash,
                 types::v1::Receipt* receipt) {
  receipt->set_tree(head.tree);
  receipt->set_entry_index(place.index);
  receipt->set_leaf_hash(place.leaf_hash);
  receipt->set_tree_size(head.size);
  receipt->set_root_hash(head.root);
  *receipt->mutable_sign_time() = TimeToProto(head.sign_time);
  receipt->set_signature(head.signature);
  receipt->set_content_hash(content_hash.data(), content_hash.size());
  receipt->set_entry_hash(entry_hash.data(), entry_hash.size());
  receipt->clear_inclusion_proof();
  receipt->mutable_inclusion_proof()->Reserve(static_cast<int>(place.inclusion_proof.size()));
  for (const std::string& hash : place.inclusion_proof) receipt->add_inclusion_proof(hash);
}

absl::Status VerifyReceipt(const types::v1::Receipt& receipt, absl::string_view public_key) {
  store::SealedHead head;
  head.tree = receipt.tree();
  head.size = receipt.tree_size();
  head.root = receipt.root_hash();
  head.sign_time = TimeFromProto(receipt.sign_time());
  head.signature = receipt.signature();
  TRUSTHUB_RETURN_IF_ERROR(VerifyHead(head, public_key));
  // The signature is over microseconds; finer digits would be nobody's word.
  const auto signed_time = TimeToProto(absl::FromUnixMicros(absl::ToUnixMicros(head.sign_time)));
  if (receipt.sign_time().seconds() != signed_time.seconds() ||
      receipt.sign_time().nanos() != signed_time.nanos()) {
    return absl::DataLossError("the receipt's sign_time is not what was signed");
  }
  if (receipt.content_hash().size() != crypto::kSha256Bytes) {
    return absl::DataLossError("the receipt's content_hash is not 32 bytes");
  }
  if (receipt.entry_hash().size() != crypto::kSha256Bytes ||
      receipt.leaf_hash() != EntryLeafHash(receipt.entry_hash(), receipt.content_hash())) {
    return absl::DataLossError("the receipt's leaf is not that of its entry and content");
  }
  const std::vector<std::string> proof(receipt.inclusion_proof().begin(),
                                       receipt.inclusion_proof().end());
  return VerifyInclusion(receipt.leaf_hash(), receipt.entry_index(), receipt.tree_size(), proof,
                         receipt.root_hash());
}

absl::Status VerifyReceiptOfEntry(const types::v1::Receipt& receipt, absl::string_view leaf,
                                  absl::string_view public_key) {
  TRUSTHUB_RETURN_IF_ERROR(VerifyReceipt(receipt, public_key));
  if (EntryHash(leaf) != receipt.entry_hash()) {
    return absl::DataLossError("the receipt is for another audit entry");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const v1::AuditEntry entry, ParseEntry(leaf));
  if (entry.content_hash() != receipt.content_hash()) {
    return absl::DataLossError("the receipt's content_hash is not that of the audit entry");
  }
  return absl::OkStatus();
}

}  // namespace trusthub::audit
