// File: data_key.h
//
// Data keys: one a child and store, one more for what is about no child. A key is 32 random bytes,
// the root; what it is used for is derived from it, so that whoever has no root has nothing.
#ifndef TRUSTHUB_COMMON_STORE_SEALED_DATA_KEY_H_
#define TRUSTHUB_COMMON_STORE_SEALED_DATA_KEY_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "common/crypto/secret.h"

namespace trusthub::store::sealed {

inline constexpr std::size_t kKeyIdBytes = 16;

struct DataKey {
  std::string id;     // kKeyIdBytes random bytes; no secret, stands before all that it sealed
  std::string child;  // "children/x"; empty: the key of what is about no child
  crypto::Secret seal;
  // Stands for the child's name in all that the engine sees. Without the key it cannot be made, so
  // that rows of a forgotten child lead to no name.
  std::string alias;
  std::string pseudonym;  // 32 bytes: how audit entries name the child
};

using DataKeyPtr = std::shared_ptr<const DataKey>;

// The key that alone opens what says whose a key is; by it a key is known before its child is.
crypto::Secret SealKeyOf(const crypto::Secret& root);
DataKeyPtr MakeDataKey(absl::string_view id, absl::string_view child, const crypto::Secret& root);

// The name of a child that `text` holds: "children/x", alone or between '/' and ' '. Empty when
// there is none.
absl::string_view ChildNamedIn(absl::string_view text);
// `text` with the alias in place of the child's name that ChildNamedIn finds.
std::string WithAlias(absl::string_view text, const DataKey& key);

}  // namespace trusthub::store::sealed

#endif  // TRUSTHUB_COMMON_STORE_SEALED_DATA_KEY_H_
