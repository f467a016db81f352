// File: tree.h
//
// The append-only Merkle log of one store (RFC 9162): leaf hash H(0x00 || input), node hash
// H(0x01 || left || right). Keeps only the frontier, O(log n) hashes, in memory; the store keeps the
// leaf inputs. Every commit seals a head signed with Ed25519 over HeadSigningInput().
#ifndef TRUSTHUB_COMMON_AUDIT_TREE_H_
#define TRUSTHUB_COMMON_AUDIT_TREE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/crypto.h"
#include "common/store/store.h"
#include "common/time/clock.h"

namespace trusthub::audit {

// The sequencer that a service hands to its store. `tree` is its name, "auditTrees/{id}", fixed for
// the life of the store. `clock` is the real clock. Neither is owned.
std::unique_ptr<store::LeafSequencer> MakeTree(absl::string_view tree,
                                               const crypto::SigningKey* key, const Clock* clock);

// "trusthub/audit/v1\n{tree}\n{size}\n{hex root}\n{sign_time in microseconds since the epoch}\n".
std::string HeadSigningInput(const store::SealedHead& head);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_TREE_H_
