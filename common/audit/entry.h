// File: entry.h
//
// Audit entries as leaf inputs: one entry, one sequence of bytes.
#ifndef TRUSTHUB_COMMON_AUDIT_ENTRY_H_
#define TRUSTHUB_COMMON_AUDIT_ENTRY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/store/store.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::audit {

// Bytes of the salt of an entry: as many as keep leaf hashes from being guessed.
inline constexpr int kSaltBytes = 16;

// Sets a fresh salt and gives the canonical bytes: what the log keeps and hashes.
std::string SaltAndSerialize(v1::AuditEntry& entry);

// The leaf of an entry with a fresh salt, found again by the pseudonyms of its children.
store::AppendLeaf MakeLeaf(v1::AuditEntry& entry);
// The same of canonical bytes kept elsewhere; bytes that are no entry get no keys.
store::AppendLeaf LeafOf(absl::string_view leaf);

// Deterministic serialisation, fields by number, nothing else.
std::string CanonicalBytes(const v1::AuditEntry& entry);

// The entry of a leaf input; DATA_LOSS unless the bytes are what SaltAndSerialize would give for
// it.
absl::StatusOr<v1::AuditEntry> ParseEntry(absl::string_view leaf);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_ENTRY_H_
