#include "common/audit/cosignature.h"

#include <algorithm>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"

namespace trusthub::audit {

Checkpoint CheckpointOf(const store::SealedHead& head) { return {head.tree, head.size, head.root}; }

std::string CosignatureInput(const Checkpoint& checkpoint, absl::Time cosign_time) {
  return absl::StrCat("cosignature/v1\ntime ", absl::ToUnixSeconds(cosign_time), "\n",
                      checkpoint.tree, "\n", checkpoint.size, "\n",
                      absl::Base64Escape(checkpoint.root), "\n");
}

v1::Cosignature Cosign(const Checkpoint& checkpoint, absl::string_view witness,
                       absl::Time cosign_time, const crypto::SigningKey& key) {
  const absl::Time when = absl::FromUnixSeconds(absl::ToUnixSeconds(cosign_time));
  v1::Cosignature cosignature;
  cosignature.set_witness(std::string(witness));
  *cosignature.mutable_cosign_time() = TimeToProto(when);
  cosignature.set_signature(key.Sign(CosignatureInput(checkpoint, when)));
  return cosignature;
}

absl::Status VerifyCosignature(const Checkpoint& checkpoint, const v1::Cosignature& cosignature,
                               absl::string_view public_key) {
  if (!IsNameIn("auditTrees", checkpoint.tree) || checkpoint.size < 1 ||
      checkpoint.root.size() != crypto::kSha256Bytes) {
    return absl::DataLossError("what was cosigned is no head");
  }
  if (cosignature.cosign_time().nanos() != 0 || cosignature.cosign_time().seconds() < 0) {
    return absl::DataLossError("the time of the cosignature is not in whole seconds");
  }
  const std::string input = CosignatureInput(checkpoint, TimeFromProto(cosignature.cosign_time()));
  if (!crypto::VerifyEd25519(public_key, input, cosignature.signature())) {
    return absl::DataLossError(
        absl::StrCat("the cosignature of witness ", cosignature.witness(), " does not verify"));
  }
  return absl::OkStatus();
}

absl::Status VerifyWitnessed(const Checkpoint& checkpoint,
                             const std::vector<v1::Cosignature>& cosignatures,
                             const KeyList& witnesses, int needed) {
  std::set<std::string> good;
  for (const v1::Cosignature& cosignature : cosignatures) {
    const auto listed =
        std::find_if(witnesses.begin(), witnesses.end(),
                     [&](const ListedKey& each) { return each.name == cosignature.witness(); });
    if (listed == witnesses.end()) continue;
    TRUSTHUB_RETURN_IF_ERROR(VerifyCosignature(checkpoint, cosignature, listed->key));
    good.insert(cosignature.witness());
  }
  if (static_cast<int>(good.size()) >= needed) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("cosigned by ", good.size(), " of the listed witnesses; ",
                                          needed, " are needed"));
}

}  // namespace trusthub::audit
