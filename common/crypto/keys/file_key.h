// File: file_key.h
//
// A key-encryption key that is kept as 64 hex digits in a file of its owner alone.
#ifndef TRUSTHUB_COMMON_CRYPTO_KEYS_FILE_KEY_H_
#define TRUSTHUB_COMMON_CRYPTO_KEYS_FILE_KEY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/keys/key_wrapper.h"

namespace trusthub::crypto {

// Errors as of LoadKeyFile.
absl::StatusOr<std::unique_ptr<KeyWrapper>> OpenFileKey(absl::string_view id,
                                                        absl::string_view path);
// The same of a key that is in memory already.
std::unique_ptr<KeyWrapper> MakeKeyWrapper(absl::string_view id, Secret key);

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_KEYS_FILE_KEY_H_
