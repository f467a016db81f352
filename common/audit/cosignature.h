// File: cosignature.h
//
// Cosignatures of heads by witnesses: what is signed, and how it is checked (RECEIPT.md section 6).
#ifndef TRUSTHUB_COMMON_AUDIT_COSIGNATURE_H_
#define TRUSTHUB_COMMON_AUDIT_COSIGNATURE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/audit/key_list.h"
#include "common/crypto/crypto.h"
#include "common/store/store.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::audit {

// What a witness vouches for: this root of this tree at this size. The hub's signature is not part
// of it.
struct Checkpoint {
  std::string tree;
  std::int64_t size = 0;
  std::string root;
};
Checkpoint CheckpointOf(const store::SealedHead& head);

// "cosignature/v1\ntime {seconds}\n{tree}\n{size}\n{base64 root}\n" (C2SP tlog-cosignature).
std::string CosignatureInput(const Checkpoint& checkpoint, absl::Time cosign_time);

// `cosign_time` is cut to seconds.
v1::Cosignature Cosign(const Checkpoint& checkpoint, absl::string_view witness,
                       absl::Time cosign_time, const crypto::SigningKey& key);

// OK when `cosignature` is the witness's own of `checkpoint`; else DATA_LOSS.
absl::Status VerifyCosignature(const Checkpoint& checkpoint, const v1::Cosignature& cosignature,
                               absl::string_view public_key);

// OK when at least `needed` different witnesses of the list cosigned `checkpoint`. Cosignatures of
// others count for nothing; a bad one of a listed witness is DATA_LOSS, as are too few.
absl::Status VerifyWitnessed(const Checkpoint& checkpoint,
                             const std::vector<v1::Cosignature>& cosignatures,
                             const KeyList& witnesses, int needed);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_COSIGNATURE_H_
