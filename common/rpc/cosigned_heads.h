// File: cosigned_heads.h
//
// What witnesses said of this service's logs, kept in its store (space "cosigned" for the log that
// was registered first, "cosigned/{tree}" for those of further replicas): under a witness's name
// its newest cosignature, and under "/witnessed" the newest head that enough of them cosigned.
// Witnesses come one after the other while the log grows: each is asked to cosign what another one
// began, so that heads gather cosignatures.
#ifndef TRUSTHUB_COMMON_RPC_COSIGNED_HEADS_H_
#define TRUSTHUB_COMMON_RPC_COSIGNED_HEADS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/rpc/witness_rules.h"
#include "common/store/store.h"
#include "common/store/transaction.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::rpc {

// Heads with fewer cosignatures than are needed, newest first, then the newest witnessed one.
absl::StatusOr<std::vector<audit::v1::CosignedHead>> CosignedHeads(store::Snapshot& snapshot,
                                                                   absl::string_view tree,
                                                                   const WitnessRules& rules);
// The newest head that enough witnesses cosigned.
absl::StatusOr<std::optional<audit::v1::CosignedHead>> WitnessedHead(store::Snapshot& snapshot,
                                                                     absl::string_view tree);
// When the last of the needed cosignatures was made; `head` has that many.
absl::Time WitnessedTime(const audit::v1::CosignedHead& head, int needed);

// Takes a cosignature whose witness, key and head were found good. FAILED_PRECONDITION
// COSIGNATURE_REFUSED when it is not newer than the one that the witness gave last, or of a
// smaller head. Gives how many the head has now.
absl::StatusOr<int> KeepCosignature(const audit::v1::TreeHead& head,
                                    const audit::v1::Cosignature& cosignature,
                                    const WitnessRules& rules, store::Transaction& tx);

// DATA_LOSS when the log `tree`, to which the snapshot is turned, is shorter than, or does not
// contain, a head that was cosigned: what the store holds is not what witnesses saw.
absl::Status CheckAgainstCosigned(store::Snapshot& snapshot, absl::string_view tree,
                                  const WitnessRules& rules);

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_COSIGNED_HEADS_H_
