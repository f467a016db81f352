#include "common/audit/head.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/crypto.h"
#include "common/time/civil_date.h"

namespace trusthub::audit {

std::string HeadSigningInput(const store::SealedHead& head) {
  return absl::StrCat("trusthub/audit/v1\n", head.tree, "\n", head.size, "\n",
                      absl::BytesToHexString(head.root), "\n", absl::ToUnixMicros(head.sign_time),
                      "\n");
}

absl::Status VerifyHead(const store::SealedHead& head, absl::string_view public_key) {
  // A line break in the name would let one signature stand for two heads.
  if (head.tree.empty() || absl::StrContains(head.tree, '\n')) {
    return absl::DataLossError("the head names no tree");
  }
  if (head.size < 0) return absl::DataLossError("the head has a negative size");
  if (head.root.size() != crypto::kSha256Bytes) {
    return absl::DataLossError("the head's root is not 32 bytes");
  }
  if (!crypto::VerifyEd25519(public_key, HeadSigningInput(head), head.signature)) {
    return absl::DataLossError("the head is not signed by this key");
  }
  return absl::OkStatus();
}

v1::TreeHead HeadToProto(const store::SealedHead& head, absl::string_view public_key) {
  v1::TreeHead proto;
  proto.set_tree(head.tree);
  proto.set_tree_size(head.size);
  proto.set_root_hash(head.root);
  *proto.mutable_sign_time() = TimeToProto(head.sign_time);
  proto.set_signature(head.signature);
  proto.set_public_key(public_key.data(), public_key.size());
  return proto;
}

store::SealedHead HeadFromProto(const v1::TreeHead& head) {
  store::SealedHead sealed;
  sealed.tree = head.tree();
  sealed.size = head.tree_size();
  sealed.root = head.root_hash();
  sealed.sign_time = TimeFromProto(head.sign_time());
  sealed.signature = head.signature();
  return sealed;
}

}  // namespace trusthub::audit
