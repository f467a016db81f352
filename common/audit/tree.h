// File: tree.h
//
// The append-only Merkle log of one store (RFC 9162): leaf hash H(0x00 || input), of which entry.h
// says the input, node hash H(0x01 || left || right). Keeps only the frontier and the last tiles in
// memory; the store keeps entries and tiles (tiles.h). Every commit seals a head (head.h) signed
// with Ed25519; sign_time is cut to microseconds. Recovery takes up a log only when its newest head
// is signed by this key and fits the state, and the last entries and tiles lead to it; earlier ones
// are for VerifyLog.
#ifndef TRUSTHUB_COMMON_AUDIT_TREE_H_
#define TRUSTHUB_COMMON_AUDIT_TREE_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "common/crypto/crypto.h"
#include "common/store/store.h"
#include "common/time/clock.h"

namespace trusthub::audit {

// The sequencer that a service hands to its store. `tree` is its name, "auditTrees/{id}", fixed for
// the life of the store. `clock` is the real clock. Neither is owned.
std::unique_ptr<store::LeafSequencer> MakeTree(absl::string_view tree,
                                               const crypto::SigningKey* key, const Clock* clock);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_TREE_H_
