#include "common/audit/receipt.h"

#include <cstddef>
#include <string>
#include <vector>

#include "common/audit/entry.h"
#include "common/audit/field_writer.h"
#include "common/audit/head.h"
#include "common/audit/proof.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/time/civil_date.h"

namespace trusthub::audit {

namespace {

using types::v1::Receipt;

// Tags, lengths and numbers of a receipt; two bytes before each hash come to it.
constexpr std::size_t kBesideHashes = 100;

}  // namespace

std::string ReceiptBytes(const store::LeafPlace& place, const store::SealedHead& head,
                         absl::string_view entry_hash, absl::string_view content_hash) {
  constexpr std::size_t kHash = crypto::kSha256Bytes;
  std::string bytes;
  bytes.reserve(kBesideHashes + head.tree.size() + head.signature.size() + 4 * kHash +
                place.inclusion_proof.size() / kHash * (kHash + 2));
  FieldWriter receipt(&bytes);
  receipt.Bytes(Receipt::kTreeFieldNumber, head.tree);
  receipt.Int(Receipt::kEntryIndexFieldNumber, place.index);
  receipt.Bytes(Receipt::kLeafHashFieldNumber, place.leaf_hash);
  receipt.Int(Receipt::kTreeSizeFieldNumber, head.size);
  receipt.Bytes(Receipt::kRootHashFieldNumber, head.root);
  receipt.Item(Receipt::kSignTimeFieldNumber, TimeToProto(head.sign_time).SerializeAsString());
  receipt.Bytes(Receipt::kSignatureFieldNumber, head.signature);
  receipt.Bytes(Receipt::kContentHashFieldNumber, content_hash);
  for (std::size_t at = 0; at < place.inclusion_proof.size(); at += kHash) {
    receipt.Item(Receipt::kInclusionProofFieldNumber,
                 absl::string_view(place.inclusion_proof).substr(at, kHash));
  }
  receipt.Bytes(Receipt::kEntryHashFieldNumber, entry_hash);
  return bytes;
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
