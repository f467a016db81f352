// File: key_list.h
//
// Lists of public keys to trust, as they are published: RECEIPT.md section 5. Audit keys with the
// trees that they count for; witnesses' keys with their names.
#ifndef TRUSTHUB_COMMON_AUDIT_KEY_LIST_H_
#define TRUSTHUB_COMMON_AUDIT_KEY_LIST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace trusthub::audit {

struct ListedKey {
  std::string key;   // Ed25519, 32 bytes
  std::string name;  // a tree or a witness; empty: every tree
};
using KeyList = std::vector<ListedKey>;

// INVALID_ARGUMENT naming the line when any is not as the format says, or no key is listed.
absl::StatusOr<KeyList> ParseKeyList(absl::string_view text);
// As ParseKeyList; each key has a name, and each name and key stands once.
absl::StatusOr<KeyList> ParseWitnessList(absl::string_view text);
// The text of a list, with key ids as comments.
std::string KeyListText(const KeyList& keys);

// Keys that count for `tree`.
std::vector<absl::string_view> KeysFor(const KeyList& keys, absl::string_view tree);
// What two people compare by telephone: 16 hex digits.
std::string KeyId(absl::string_view key);

}  // namespace trusthub::audit

#endif  // TRUSTHUB_COMMON_AUDIT_KEY_LIST_H_
