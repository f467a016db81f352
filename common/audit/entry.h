// File: entry.h
//
// Audit entries as bytes and as leaves: one entry, one sequence of bytes, one leaf.
//
// The leaf input (RFC 9162) is the entry's hash followed by its content hash. So whoever holds an
// answer and these two hashes can prove what was delivered, and learns nothing else of the entry
// (RECEIPT.md).
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

// SHA-256 of the canonical bytes: what a receipt tells of an entry.
std::string EntryHash(absl::string_view entry);
// Leaf hash of the entry with these canonical bytes. Bytes that are no entry with a content hash
// have a leaf of their hash alone.
std::string EntryLeafHash(absl::string_view entry);
// The same of an entry of which only the hashes are known.
std::string EntryLeafHash(absl::string_view entry_hash, absl::string_view content_hash);

// The entry of a leaf input; DATA_LOSS unless the bytes are what SaltAndSerialize would give for
// it.
absl::StatusOr<v1::AuditEntry> ParseEntry(absl::string_view leaf);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_ENTRY_H_
